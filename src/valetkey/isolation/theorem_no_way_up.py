"""No-way-up: a session is allowed no action beyond the map's finite list, and writes nothing that
the map protects.

So a wildcard is refuted whatever it covers today: a new AWS action must not open anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from valetkey.iam.naming import Naming
from valetkey.iam.policy import Statement
from valetkey.isolation.answer import Theorem
from valetkey.isolation.beyond import Bearing, bearing_of, beyond
from valetkey.isolation.callers import role_session
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import TRUE, all_of, negated
from valetkey.isolation.places import service_of
from valetkey.isolation.posing import proved, unknown
from valetkey.isolation.problem import Place, Problem
from valetkey.isolation.protecting import writable
from valetkey.isolation.question import Asked
from valetkey.isolation.reaching import Spot, at_place, everywhere, reaching
from valetkey.isolation.regions import given
from valetkey.isolation.sessions import Session, session_of
from valetkey.tenancy.rights import Right, rights_of

THEOREM = Theorem.NO_WAY_UP
ELSEWHERE = Place(None, None, known=False, inside=lambda _: TRUE, account=None)


def no_way_up(problem: Problem) -> Iterator[Asked]:
    """Yield the questions about each Allow of each role, of resource policies that name it, and
    about what is protected.
    """
    listed = frozenset(right.action.lower() for right in rights_of(problem.tenancy))
    for role in problem.roles:
        session = session_of(problem, role)
        for policy in role.permissions:
            for statement in policy.statements:
                if statement.allow:
                    yield from _beyond(session, statement, listed, place=None)
        for place in _with_policies(problem):
            for statement in place.policy.statements if place.policy else ():
                yield from _of_resource(session, statement, listed, place)
        for entry in problem.tenancy.protected:
            yield from writable(session, entry)


def _with_policies(problem: Problem) -> Iterator[Place]:
    for arn, policy in problem.resource_policies.items():
        if policy is not None:
            service = service_of(arn)
            yield from (one for one in problem.places(f"{service}:*") if one.arn == arn)


def _of_resource(
    session: Session, statement: Statement, listed: frozenset[str], place: Place
) -> Iterator[Asked]:
    """Yield the questions about an Allow of a resource's policy, where it names the role itself;
    one that names the account leaves it to the role's own policies.
    """
    if not statement.allow or statement.principal is None:
        return
    own = role_session(session.role.policies.arn)
    beginning = own.name.rpartition("/")[0] + "/"
    if any(arn.startswith(beginning) for arn in statement.principal.arns):
        about = f"the resource policy of {place.arn} names a session of {own.role_arn}"
        yield unknown(THEOREM, about, f"{about}, which passes by boundary and session policy")
    if statement.principal.names(own) > Naming.ACCOUNT:
        yield from _beyond(session, statement, listed, place=place)


def _beyond(
    session: Session, statement: Statement, listed: frozenset[str], *, place: Place | None
) -> Iterator[Asked]:
    """Yield whether an action that the statement covers, and the map does not give, is allowed."""
    called = f"{statement.ref.policy} statement {statement.ref.sid or statement.ref.statement}"
    about = f"{called} allows no action but the map's"
    try:
        found = beyond(statement, listed, _bearing(session, place))
    except IsolationError as error:
        yield unknown(THEOREM, about, error.message)
        return
    if not found.actions:
        yield proved(THEOREM, about)
    for action in found.actions:
        spots = partial(_spots, session, action, place)
        yield reaching(THEOREM, session, action, spots, f"{called} goes beyond the map")
    yield from _elsewhere(session, statement, place=place, why=f"{called} goes beyond the map")
    if not found.complete:
        reason = f"{called} has a wildcard, and whether other statements close it is not known"
        yield unknown(THEOREM, about, reason)


def _elsewhere(
    session: Session, statement: Statement, *, place: Place | None, why: str
) -> Iterator[Asked]:
    """Yield whether an action that the map names itself is allowed on what it is not named for."""
    named: dict[str, list[Right]] = {}
    for right in rights_of(session.problem.tenancy):
        if right.access is None and statement.covers_action(right.action.lower()):
            named.setdefault(right.action, []).append(right)
    for action, rights in named.items():
        spots = partial(_spots_beside, session, action, place, rights)
        yield reaching(THEOREM, session, action, spots, why)


def _spots_beside(
    session: Session, action: str, place: Place | None, rights: Sequence[Right]
) -> Iterator[Spot]:
    for where, policies, at in _spots(session, action, place):
        ours = given(rights, at.resource, {}, tags=session.tags, prefix=session.prefix)
        yield where, policies, replace(at, possible=all_of([at.possible, negated(ours)]))


def _bearing(session: Session, place: Place | None) -> Bearing:
    """Return what bears on an Allow of the role, at any place, or of the policy of one place."""
    problem = session.problem
    if place is not None:
        return bearing_of(problem.policies_of(session.role, place))
    resources = [one for one in problem.resource_policies.values() if one is not None]
    return bearing_of(problem.policies_of(session.role, ELSEWHERE), resources)


def _spots(session: Session, action: str, place: Place | None) -> Iterator[Spot]:
    return everywhere(session, action) if place is None else at_place(session, action, place)
