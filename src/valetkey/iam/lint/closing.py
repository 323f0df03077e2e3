"""Would a Deny stop this very request? Asked of the evaluator, before a finding is made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from valetkey.iam.decision import Effect
from valetkey.iam.errors import RequestError
from valetkey.iam.evaluate import evaluate
from valetkey.iam.lint.callers import (
    EVERYONE,
    PRINCIPAL_ARN,
    callers_of,
    is_account,
    likely_callers,
)
from valetkey.iam.lint.role import FOREIGN, OWN, STRANGER, Role
from valetkey.iam.lint.written import Line, Written
from valetkey.iam.policies import Policies
from valetkey.iam.policy import Layer, Policy, Statement
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
FOREIGNERS = (FOREIGN, STRANGER)
TRIED = (LEADING_KEYS, PREFIX)  # whether a request has them is known


def closing_policies(role: Role) -> Policies:
    """Return the Denies of the role that stand in any case or speak of the caller's tenant.

    Others hang on what lint can't know (an address, a time): they close nothing for certain.
    """
    likely = likely_callers(role)
    found = (_closing(role, one, likely) for one in role.denies(*PERMISSIONS))
    denies = [one for one in found if one is not None]
    if not denies:
        return Policies()
    return Policies(identity=(Policy("closing", Layer.IDENTITY, tuple(denies)),))


def _closing(role: Role, deny: Written, likely: frozenset[str]) -> Statement | None:
    """Return the Deny as it stands for the role, one of `likely`; None where it may not stand."""
    if (
        deny.not_principal
        or _spares(deny, likely)
        or (deny.layer is Layer.RESOURCE and any(text.value == "*" for text in deny.resources))
    ):
        return None  # it may spare the role; in a resource's policy `*` is that resource alone
    lines = [line for line in deny.lines if not _is_of_all(role, line, likely)]
    if not all(
        role.speaks_of_tenant(deny, line)
        or (line.name == "Null" and (line.key in TRIED or role.is_tenant_key(line.key)))
        for line in lines
    ):
        return None
    conditions = tuple(line.condition for line in lines)
    return replace(deny.compiled, conditions=conditions, principal=None)


def _spares(deny: Written, likely: frozenset[str]) -> bool:
    """Tell whether it names others than the role: a role, or no callers but services."""
    if not deny.principals or any(is_account("AWS", text.value) for _, text in deny.principals):
        return False
    named = callers_of(deny)
    return EVERYONE not in named and (not named or not likely <= named)


def _is_of_all(role: Role, line: Line, likely: frozenset[str]) -> bool:
    """Tell whether it is a condition on the caller's ARN that every likely one meets."""
    return (
        line.key == PRINCIPAL_ARN
        and bool(likely)
        and all(role.holds(line, {PRINCIPAL_ARN: one}) for one in likely)
    )


def foreign_contexts(action: str) -> Sequence[Context]:
    """Return what a request for another tenant's data brings with it, as far as that is known."""
    if action in ONE_KEY:
        return tuple({LEADING_KEYS: (one,)} for one in FOREIGNERS)
    if action in BATCH:
        keys = [(one,) for one in FOREIGNERS] + [(OWN, one) for one in FOREIGNERS]
        return tuple({LEADING_KEYS: one} for one in keys)
    if action in LISTS:
        return {}, {PREFIX: ""}, *({PREFIX: f"{one}/"} for one in FOREIGNERS)
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
