"""Would a Deny stop this very request? Asked of the evaluator, before a finding is made."""

from collections.abc import Mapping

from valetkey.iam.decision import Effect
from valetkey.iam.errors import RequestError
from valetkey.iam.evaluate import evaluate
from valetkey.iam.lint.role import OWN, Role
from valetkey.iam.lint.written import Written
from valetkey.iam.parse import parse_policy
from valetkey.iam.policies import Policies
from valetkey.iam.policy import Layer, Policy
from valetkey.iam.principal import Principal, PrincipalKind
from valetkey.iam.request import Request
from valetkey.iam.variables import ContextValue

SESSION = "arn:aws:sts::111122223333:assumed-role/linted/session"
WITHOUT_PRINCIPAL = (Layer.IDENTITY, Layer.SESSION, Layer.BOUNDARY, Layer.SERVICE_CONTROL)


def closing_policies(role: Role) -> tuple[Policy, ...]:
    """Return the Denies of the role that stand in any case or speak of the caller's tenant.

    Others hang on what lint can't know (an address, a time): they close nothing for certain.
    """
    found = []
    for document in role.documents:
        denies = [one.raw for one in document.statements if _closes(role, one)]
        if document.layer in WITHOUT_PRINCIPAL and denies:
            version = {"Version": document.raw["Version"]} if "Version" in document.raw else {}
            closing = {**version, "Statement": denies}
            found.append(parse_policy(closing, name=document.path, layer=document.layer))
    return tuple(found)


def _closes(role: Role, statement: Written) -> bool:
    if statement.allow:
        return False
    return not statement.lines or all(
        line.name == "Null" or role.ties(statement, line) for line in statement.lines
    )


def is_closed(
    role: Role,
    closing: tuple[Policy, ...],
    *,
    action: str | None,
    resource: str | None,
    context: Mapping[str, ContextValue] | None = None,
) -> bool:
    """Tell whether a session of the tenant `OWN` is denied this request by one of `closing`.

    False where there is no request to try.
    """
    if not closing or action is None or resource is None:
        return False
    try:
        principal = Principal(
            PrincipalKind.ARN, SESSION, tags=dict.fromkeys(sorted(role.tags), OWN)
        )
        request = Request(principal, action, resource, context=context or {})
    except RequestError:
        return False
    return evaluate(request, Policies(identity=closing)).effect is Effect.EXPLICIT_DENY
