"""Whether a session is allowed an action, wherever: one question over all places."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from string import digits

from valetkey.iam import Layer, Policies, Policy, parse_policy
from valetkey.iam.glob import STAR, Wild
from valetkey.isolation.admission import let_in
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.asked import asked_of
from valetkey.isolation.callers import STRANGER, account_of, is_trust_action, role_session
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.encoding import Ask, allowed
from valetkey.isolation.example_arns import example_arns
from valetkey.isolation.formula import (
    TRUE,
    Assignment,
    Formula,
    Symbol,
    Text,
    all_of,
    any_of,
    holds,
    negated,
    text,
)
from valetkey.isolation.places import FOREIGN, foreign
from valetkey.isolation.places_of_data import REST, Located
from valetkey.isolation.posing import posed, symbols_of, values_of, witness_of
from valetkey.isolation.problem import CompiledRole, Place
from valetkey.isolation.question import Asked
from valetkey.isolation.request_tags import besides, request_tags
from valetkey.isolation.sessions import ASKER, Session
from valetkey.isolation.shapes import shape_of
from valetkey.tenancy.catalog import known_action

RESOURCE_ACCOUNT = "aws:resourceaccount"
ARN = "arn:"
ANY_ARN = text(ARN, REST)
AFTER_ARN = (*(Wild.STAR_IN_PART, ":") * 4, Wild.ONE, STAR)
"""What an action of which nothing is known may be asked of."""

Spot = tuple[Place, Policies, Located]
"""A place, the policies that bear there, and which of its resources are asked about."""


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One place where the action may be allowed, with plain values for what is open there."""

    ask: Ask
    formula: Formula
    plainer: tuple[str, ...]


def reaching(
    theorem: Theorem, session: Session, action: str, spots: Callable[[], Iterator[Spot]], why: str
) -> Asked:
    """Ask whether some session that trust lets in is allowed the action at one of the spots."""
    arms: list[Arm] = []
    tags = request_tags(session.tags, session.prefix)

    def formula() -> Formula:
        for place, policies, at in spots():
            ask = _ask(session, action, place, policies, at.resource)
            inside = all_of([place.inside(at.resource), at.possible])
            plainer = _plainer(session, action, place, at)
            arms.append(Arm(ask, all_of([inside, allowed(ask)]), plainer))
        return all_of([any_of(arm.formula for arm in arms), session.let_in])

    def witness(given: Assignment) -> Witness | None:
        values = let_in(
            session.role, session.tags, given, prefix=session.prefix, problem=session.problem
        )
        if values is None:
            return None
        runs = (values_of(tags, values) | besides(f"{session.prefix}by.", values),)
        whole = _with_accounts(values)
        plainer = [(arm, _with(one, rest)) for arm in arms for rest in arm.plainer for one in whole]
        for arm, tried in (*plainer, *((arm, one) for arm in arms for one in whole)):
            if not holds(arm.formula, tried):
                continue
            found = witness_of(arm.ask, tried, f"{action}: {why}", runs=runs)
            if found is not None:
                return found
        return None

    about = f"{session.role.policies.arn} may do {action}: {why}"
    return posed(theorem, about, formula, plain=(*symbols_of(tags), FOREIGN, REST), witness=witness)


def _plainer(session: Session, action: str, place: Place, at: Located) -> tuple[str, ...]:
    """Return values of what is open with which a person reads the resource as one."""
    if at.resource != ANY_ARN:
        return (at.example or "some",)
    examples = example_arns(action, place, session.role.policies.arn)
    return tuple(one.removeprefix(ARN) for one in examples if one.startswith(ARN))


def _with(given: Assignment, rest: str) -> Assignment:
    return Assignment({**given.texts, REST.name: rest}, given.flags)


def _with_accounts(given: Assignment) -> tuple[Assignment, ...]:
    """Return the solution with another account that is one: any, and the nearest to its own."""
    account = given.texts.get(FOREIGN.name, "")
    nearest = "".join(one if one in digits else "9" for one in account)
    return tuple(
        Assignment({**given.texts, FOREIGN.name: one}, given.flags) for one in (STRANGER, nearest)
    )


def _ask(session: Session, action: str, place: Place, policies: Policies, resource: Text) -> Ask:
    """Return the request. An action that nobody knows may carry any key."""
    known = known_action(action) is not None
    shape = shape_of(action, resource, policies, prefix=ASKER) if known else {}
    return Ask(
        role_session(session.role.policies.arn),
        action,
        resource,
        {**shape, **session.keys},
        policies,
        place.account,
        ASKER,
    )


def everywhere(session: Session, action: str) -> Iterator[Spot]:
    """Yield every place of the action; a role may be one of the agents' or any other."""
    if is_trust_action(action):
        yield from _roles(session)
        return
    for place in session.problem.places(action):
        yield from at_place(session, action, place)


def at_place(session: Session, action: str, place: Place) -> Iterator[Spot]:
    """Yield the resources of one place that the action may be asked of: any, whatever AWS says of
    the action today. What is of no place may be another account's.
    """
    policies = bearing(session, action, place)
    yield place, policies, _any_arn(place)
    if place.arn is not None:
        return
    yield place, policies, Located(text("*"), TRUE)
    if RESOURCE_ACCOUNT in asked_of(policies):
        own = account_of(session.role.policies.arn)
        where = foreign(place, own)
        supposed = replace(policies, resource=_supposed(own, "*", Layer.RESOURCE))
        yield where, supposed, _any_arn(where)
        yield where, supposed, Located(text("*"), TRUE)


def _any_arn(place: Place) -> Located:
    return Located(ANY_ARN, TRUE if place.arn else like((REST,), AFTER_ARN))


def bearing(session: Session, action: str, place: Place) -> Policies:
    """Return the policies that bear on the action there. Of a key elsewhere we suppose the policy
    that AWS gives it, which lets the account's own policies decide.
    """
    policies = session.problem.policies_of(session.role, place)
    if place.arn is None and action.lower().startswith("kms:"):
        account = account_of(session.role.policies.arn)
        return replace(policies, resource=_supposed(account, "kms:*", Layer.RESOURCE))
    return policies


def _roles(session: Session) -> Iterator[Spot]:
    """Yield the agents' roles with their trust policies, and any other role, of which we suppose
    that its own leaves it to the account's policies.
    """
    elsewhere = Place(None, None, known=False, inside=lambda _: TRUE, account=None)
    policies = session.problem.policies_of(session.role, elsewhere)
    arns = [role.policies.arn for role in session.problem.roles]
    for role in session.problem.roles:
        own = replace(policies, trust=role.trust)
        yield _role_place(role), own, Located(text(role.policies.arn), TRUE)
    account = account_of(session.role.policies.arn)
    places: list[tuple[Place, str | Symbol]] = [(elsewhere, account or "")]
    if RESOURCE_ACCOUNT in asked_of(policies):
        places.append((foreign(elsewhere, account), FOREIGN))
    trusting = replace(policies, trust=_supposed(account, "sts:*", Layer.TRUST))
    for where, whose in places:
        for resource in (text("arn:aws:iam::", whose, ":role/", REST), text(REST)):
            other = all_of(negated(equal(resource, text(arn))) for arn in arns)
            yield where, trusting, Located(resource, other)


def _role_place(role: CompiledRole) -> Place:
    arn = role.policies.arn
    return Place(arn, None, known=True, inside=lambda _: TRUE, account=account_of(arn))


def _supposed(account: str | None, action: str, layer: Layer) -> Policy:
    resource = {} if layer is Layer.TRUST else {"Resource": "*"}
    named = {"AWS": account or "*"}
    statement = {"Effect": "Allow", "Principal": named, "Action": action, **resource}
    return parse_policy(
        {"Version": "2012-10-17", "Statement": [statement]}, name="supposed", layer=layer
    )
