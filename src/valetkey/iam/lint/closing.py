"""Would a Deny stop this very request? Asked of the evaluator, before a finding is made."""

from collections.abc import Mapping, Sequence

from valetkey.iam.decision import Effect
from valetkey.iam.errors import RequestError
from valetkey.iam.evaluate import evaluate
from valetkey.iam.lint.role import FOREIGN, OWN, Role
from valetkey.iam.lint.written import Written
from valetkey.iam.policies import Policies
from valetkey.iam.policy import Layer, Policy
from valetkey.iam.request import Request
from valetkey.iam.variables import ContextValue

Context = Mapping[str, ContextValue]

PERMISSIONS = (
    Layer.IDENTITY, Layer.SESSION, Layer.BOUNDARY, Layer.SERVICE_CONTROL, Layer.RESOURCE,
    Layer.RESOURCE_CONTROL,
)  # fmt: skip
LEADING_KEYS, PREFIX = "dynamodb:leadingkeys", "s3:prefix"
ONE_KEY = frozenset(
    f"dynamodb:{name}" for name in ("query", "getitem", "putitem", "updateitem", "deleteitem")
)
BATCH = frozenset(
    f"dynamodb:{name}"
    for name in (
        "batchgetitem", "batchwriteitem", "conditioncheckitem", "partiqlinsert", "partiqlupdate",
        "partiqldelete",
    )
)  # fmt: skip
LISTS = ("s3:listbucket", "s3:listbucketversions")
TRIED = (LEADING_KEYS, PREFIX)  # whether a request has them is known


def closing_policies(role: Role) -> Policies:
    """Return the Denies of the role that stand in any case or speak of the caller's tenant.

    Others hang on what lint can't know (an address, a time): they close nothing for certain.
    """
    denies = [one.compiled for one in role.denies(*PERMISSIONS) if _closes(role, one)]
    if not denies:
        return Policies()
    return Policies(identity=(Policy("closing", Layer.IDENTITY, tuple(denies)),))


def _closes(role: Role, statement: Written) -> bool:
    if statement.not_principal or (
        statement.layer is Layer.RESOURCE and any(text.value == "*" for text in statement.resources)
    ):
        return False  # it may spare the role; in a resource's policy `*` is that resource alone
    return all(
        role.speaks_of_tenant(statement, line)
        or (line.name == "Null" and (line.key in TRIED or role.is_tenant_key(line.key)))
        for line in statement.lines
    )


def foreign_contexts(action: str) -> Sequence[Context]:
    """Return what a request for another tenant's data brings with it, as far as that is known."""
    if action in ONE_KEY:
        return ({LEADING_KEYS: (FOREIGN,)},)
    if action in BATCH:
        return {LEADING_KEYS: (FOREIGN,)}, {LEADING_KEYS: (OWN, FOREIGN)}
    if action in LISTS:
        return {}, {PREFIX: f"{FOREIGN}/"}
    return ({},)


def own_contexts(action: str) -> Sequence[Context]:
    """Return the same for the caller's own data."""
    return ({LEADING_KEYS: (OWN,)},) if action in ONE_KEY | BATCH else ({},)


def is_closed(
    role: Role,
    closing: Policies,
    *,
    action: str | None,
    resource: str | None,
    contexts: Sequence[Context] | None = None,
) -> bool:
    """Tell whether a session of the tenant `OWN` is denied this request by one of `closing`, in
    each of the contexts (those of another tenant's data where none are given).

    False where there is no request to try. Raises PolicyError when the effort is spent.
    """
    if not closing.identity or action is None or resource is None:
        return False
    return all(
        _denied(role, closing, action, resource, context)
        for context in contexts or foreign_contexts(action)
    )


def _denied(role: Role, closing: Policies, action: str, resource: str, context: Context) -> bool:
    try:
        request = Request(role.caller, action, resource, context=context)
    except RequestError:
        return False
    (policy,) = closing.identity
    role.effort.spend(4 * len(policy.statements))
    role.spend(policy.work_to_cover(), values=1, letters=len(action))
    bearing = closing.bearing_on(action, by_arn=True)
    role.spend(bearing.work, values=2, letters=len(resource) + 10 * len(request.keys))
    return evaluate(request, closing).effect is Effect.EXPLICIT_DENY
