"""Every request that could reach data: by role, action, place and the statement that may allow it.

The theorems about data say what is wrong with such a request; here is only what there is to ask.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from valetkey.iam import Layer, Policies, Policy, parse_policy
from valetkey.iam.policy import Statement
from valetkey.isolation.asked import asked_of
from valetkey.isolation.callers import account_of, role_session
from valetkey.isolation.encoding import Ask
from valetkey.isolation.formula import Formula, Text, all_of
from valetkey.isolation.keys import Keys, single
from valetkey.isolation.places import foreign
from valetkey.isolation.places_of_data import Located, anything, located
from valetkey.isolation.problem import CompiledRole, Place, Problem
from valetkey.isolation.regions import may_be
from valetkey.isolation.sessions import Session
from valetkey.isolation.shapes import shape_of
from valetkey.tenancy import CATALOG, KnownAction, Reach, Right, rights_of

RESOURCE_ACCOUNT = "aws:resourceaccount"


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """An action at a place, as one statement may allow it: `ask` has no other Allow of the role.

    `possible` says that there is such a resource at that place, `likely` that a person knows its
    kind. `policies` are all that bear.
    """

    session: Session
    place: Place
    ask: Ask
    possible: Formula
    policies: Policies
    by: str
    example: str
    likely: Formula

    @property
    def about(self) -> str:
        """What is asked, in words."""
        where = self.place.arn or "anywhere else"
        return f"{self.ask.action} at {where}, {self.by}"


def rights_by_action(problem: Problem) -> dict[str, tuple[Right, ...]]:
    """Return what the map gives, by the action in lower case."""
    found: dict[str, list[Right]] = {}
    for right in rights_of(problem.tenancy):
        found.setdefault(right.action.lower(), []).append(right)
    return {action: tuple(rights) for action, rights in found.items()}


def attempts(session: Session, rights: Mapping[str, tuple[Right, ...]]) -> Iterator[Attempt]:
    """Yield every attempt of the session that a policy could allow, in a fixed order.

    They cover each action of the catalog that brings, lists, changes or deletes data; what else a
    policy allows is no-way-up's.
    """
    problem, role = session.problem, session.role
    surveyed: dict[str, list[tuple[Place, Policies]]] = {}
    for known in CATALOG:
        if known.reach is not Reach.DATA:
            continue
        action, own = known.name, rights.get(known.name.lower(), ())
        if known.service not in surveyed:
            surveyed[known.service] = list(_places(problem, role, action))
        for place, policies in surveyed[known.service]:
            found = policies.bearing_on(action.lower(), by_arn=True)
            if not found.identity and (place.arn is None or not found.own):
                continue
            for at in _resources(known, place, role):
                yield from _by_statement(session, action, place, policies=policies, at=at, own=own)


def _resources(known: KnownAction, place: Place, role: CompiledRole) -> Iterator[Located]:
    """Yield those that the action is checked on at the place; any text where no policy is known."""
    arn = role.policies.arn
    if place.arn is None:
        yield anything(known.shapes, action=known.name, role_arn=arn)
        return
    for shape in known.shapes:
        at = located(place, shape, action=known.name, role_arn=arn)
        if at is not None:
            yield at


def _places(problem: Problem, role: CompiledRole, action: str) -> Iterator[tuple[Place, Policies]]:
    """Yield each place with the policies that bear there.

    Elsewhere the resource may be another account's, any other's, and where its own policy must
    allow too (a key; another account) it is supposed to leave that to the role's account.
    """
    account = account_of(role.policies.arn)
    for place in problem.places(action):
        policies = problem.policies_of(role, place)
        supposed = replace(policies, resource=_delegating(account or "*"))
        is_key = place.arn is None and action.lower().startswith("kms:")
        yield place, supposed if is_key else policies
        if place.arn is None and RESOURCE_ACCOUNT in asked_of(policies):
            yield foreign(place, account), supposed


@cache
def _delegating(account: str) -> Policy:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "*",
        "Resource": "*",
    }
    return parse_policy(
        {"Version": "2012-10-17", "Statement": [statement]},
        name="the resource's own policy (supposed)",
        layer=Layer.RESOURCE,
    )


def _by_statement(
    session: Session,
    action: str,
    place: Place,
    *,
    policies: Policies,
    at: Located,
    own: tuple[Right, ...],
) -> Iterator[Attempt]:
    """Yield one attempt for each Allow of the role, and one for the resource's own policy: the
    evaluator allows what one of them allows.
    """
    keys = keys_of(session, action, at.resource, policies=policies, own=own)
    bearing = policies.bearing_on(action.lower(), by_arn=True)
    ways: list[tuple[str, tuple[Policy, ...]]] = [
        (f"by {_called(one)}", _only(one, policies.identity)) for one in bearing.identity
    ]
    if bearing.own and place.arn is not None:
        ways.append(("by the resource's policy", _only(None, policies.identity)))
    for by, identity in ways:
        ask = Ask(
            role_session(session.role.policies.arn),
            action,
            at.resource,
            keys,
            replace(policies, identity=identity),
            place.account,
            session.prefix,
        )
        possible = all_of([place.inside(at.resource), at.possible])
        yield Attempt(session, place, ask, possible, policies, by, at.example, at.likely)


def keys_of(
    session: Session,
    action: str,
    resource: Text,
    *,
    policies: Policies,
    own: tuple[Right, ...],
) -> Keys:
    """Return the models of the request's keys: all on which a policy or the map rests, but what
    is free.
    """
    keyed = [right.key for right in own if right.key and may_be(right, resource)]
    free = {key.name.lower(): single(key.name.lower(), session.prefix) for key in keyed}
    count = max(1, len(keyed))
    shape = shape_of(action, resource, policies, prefix=session.prefix, own=count)
    return {**free, **shape, **session.keys}


def _only(kept: Statement | None, policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """Return the policies without any Allow but the one."""
    return tuple(
        Policy(
            policy.name,
            policy.layer,
            tuple(one for one in policy.statements if not one.allow or one is kept),
        )
        for policy in policies
    )


def _called(statement: Statement) -> str:
    ref = statement.ref
    return f"{ref.policy} statement {ref.sid or ref.statement}"
