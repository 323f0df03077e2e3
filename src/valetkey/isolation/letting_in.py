"""Whom the resource policies of what the map owns let in, beside agent roles and `platform`."""

from collections.abc import Iterator
from itertools import product

from valetkey.iam import Policies, Policy
from valetkey.iam.glob import STAR, matches_tokens, units
from valetkey.iam.policy import Statement
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.beyond import bearing_of, beyond
from valetkey.isolation.callers import SUPPOSED, Caller, Named, account_of, callers_of
from valetkey.isolation.encoding import Ask, allowed
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import Assignment, Symbol, Text, text
from valetkey.isolation.places import INSIDE, service_of
from valetkey.isolation.posing import posed, proved, unknown, witness_of
from valetkey.isolation.problem import Problem
from valetkey.isolation.question import Asked
from valetkey.isolation.shapes import shape_of
from valetkey.tenancy.catalog import CATALOG, known_action
from valetkey.tenancy.tenancy_map import Tag, TenancyMap

THEOREM = Theorem.ONLY_BY_THE_BROKER
PREFIX = "s."
IN_A_TABLE = "/stream/"


def let_in_by_resources(problem: Problem) -> Iterator[Asked]:
    """Yield the questions about each Allow of each resource policy of what is owned or protected.

    Shared resources are left out: whoever else uses what no run owns reaches no run's data.
    """
    for arn, policy in problem.resource_policies.items():
        if policy is None or not _is_mapped(arn, problem.tenancy):
            continue
        allows = [one for one in policy.statements if one.allow and one.principal is not None]
        if not allows:
            yield proved(THEOREM, f"the resource policy of {arn} lets nobody in")
        for statement in allows:
            yield from _statement(arn, policy, statement, problem)


def _statement(arn: str, policy: Policy, statement: Statement, problem: Problem) -> Iterator[Asked]:
    place = f"the resource policy of {arn}"
    named = _named_by_the_map(problem)
    for caller in callers_of(statement.principal) if statement.principal else ():
        about = f"{place} names {caller.text}"
        if _is_named(caller, named):
            yield proved(THEOREM, about)
        elif caller.named is Named.ACCOUNT:
            yield unknown(THEOREM, about, f"{about}: whom that account lets in is not known")
        elif caller.named is Named.SESSION and caller.principal.role_arn in named:
            yield unknown(THEOREM, about, f"{about}, a session, which passes by every boundary")
        elif caller.named is Named.EVERYONE and statement.conditions:
            if _pinned_to(statement, named):
                yield proved(THEOREM, about)
            else:
                yield unknown(THEOREM, about, f"{about} with a condition that anybody may meet")
        else:
            yield from _let_in(arn, policy, statement, caller, problem=problem)


def _named_by_the_map(problem: Problem) -> set[str]:
    """Return the principals whom resource policies may let in: agent roles and the platform's."""
    mapped = (role.arn for role in problem.tenancy.roles)
    supplied = (role.policies.arn for role in problem.roles)
    return {*mapped, *supplied, *problem.tenancy.platform}


def _is_named(caller: Caller, named: set[str]) -> bool:
    if caller.named is not Named.ACCOUNT:
        return caller.text in named
    return any(one == caller.text or one.endswith(f"::{caller.text}:root") for one in named)


def _pinned_to(statement: Statement, named: set[str]) -> bool:
    """Tell whether a condition on `aws:PrincipalArn` leaves none but these."""
    return any(
        condition.key == "aws:principalarn"
        and condition.operator in ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
        and bool(condition.comparison.wanted)
        and all(one.constant in named for one in condition.comparison.wanted)
        for condition in statement.conditions
    )


def _let_in(
    arn: str, policy: Policy, statement: Statement, caller: Caller, *, problem: Problem
) -> Iterator[Asked]:
    """Yield whether the principal gets something: each kind of action that the statement has."""
    about = f"the resource policy of {arn} lets {caller.text} do what nobody knows"
    try:
        unlisted = beyond(statement, frozenset(), bearing_of(_bearing(policy, caller, problem)))
    except IsolationError as error:
        yield unknown(THEOREM, about, error.message)
        return
    known = _known(service_of(arn), policy, statement)
    others = (one for one in unlisted.actions if known_action(one) is None)
    for action, resource in product((*known, *others), _resources(arn)):
        yield _asked(arn, policy, caller, action, resource, problem=problem)
    if not unlisted.complete:
        yield unknown(THEOREM, about, f"{about}, unless other statements close it")
    if caller.named is Named.EVERYONE and any(not one.allow for one in policy.statements):
        about = f"the resource policy of {arn} names `*`"
        yield unknown(THEOREM, about, f"{about}: whom its Deny statements leave is not known")


def _known(service: str, policy: Policy, statement: Statement) -> Iterator[str]:
    """Yield a known action for each set of statements that cover one."""
    met: set[tuple[object, ...]] = set()
    for action in CATALOG:
        if action.service != service or not statement.covers_action(action.name.lower()):
            continue
        sides = policy.covering(action.name.lower())
        kind = (action.key, action.shapes, sides.allows, sides.denies)
        if kind not in met:
            met.add(kind)
            yield action.name


def _resources(arn: str) -> Iterator[Text]:
    """Yield what the policy bears on: the resource, and all that is in it."""
    yield text(units(arn))
    if service_of(arn) in INSIDE:
        yield text(units(arn), INSIDE[service_of(arn)], Symbol("resource.rest"))


def _bearing(policy: Policy, caller: Caller, problem: Problem) -> Policies:
    home = [account_of(role.policies.arn) for role in problem.roles]
    return Policies(
        identity=(SUPPOSED,),
        resource=policy,
        service_control=problem.service_control if caller.principal.account in home else (),
        resource_control=problem.resource_control,
    )


def _asked(
    arn: str, policy: Policy, caller: Caller, action: str, resource: Text, *, problem: Problem
) -> Asked:
    home = [account_of(role.policies.arn) for role in problem.roles]
    account = account_of(arn) or next(iter(home), None)
    policies = _bearing(policy, caller, problem)
    known = known_action(action) is not None
    keys = shape_of(action, resource, policies, prefix=PREFIX) if known else {}
    ask = Ask(caller.principal, action, resource, keys, policies, account, PREFIX)

    def witness(given: Assignment) -> Witness | None:
        return witness_of(ask, given, f"{caller.text}, which the map does not name, gets {action}")

    about = f"the resource policy of {arn} lets {caller.text} do {action}"
    plain = (part for part in resource if isinstance(part, Symbol))
    return posed(THEOREM, about, lambda: allowed(ask), plain=plain, witness=witness)


def _is_mapped(arn: str, tenancy: TenancyMap) -> bool:
    """Tell whether the policy's resource, what is below it, or what it is in, is owned or
    protected.
    """
    if IN_A_TABLE in arn and _is_mapped(arn.partition(IN_A_TABLE)[0], tenancy):
        return True
    for entry in tenancy.owned:
        glob = [STAR if isinstance(part, Tag) else units(part) for part in entry.arn]
        if matches_tokens([*glob, STAR] if entry.open else glob, units(arn)):
            return True
    return any(
        one.arn == arn
        or one.arn.startswith((f"{arn}/", f"{arn}*"))
        or (one.arn.endswith("*") and arn.startswith(one.arn[:-1]))
        for one in tenancy.protected
    )
