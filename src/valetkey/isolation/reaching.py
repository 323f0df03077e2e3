"""Whether a session is allowed an action, wherever: one question over all places."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from valetkey.iam import Layer, Policies, Policy, parse_policy
from valetkey.iam.glob import STAR, Wild
from valetkey.isolation.admission import let_in
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.callers import account_of, is_trust_action, role_session
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.encoding import Ask, allowed
from valetkey.isolation.formula import (
    TRUE,
    Assignment,
    Formula,
    Text,
    all_of,
    any_of,
    holds,
    negated,
    text,
)
from valetkey.isolation.places_of_data import REST, Located, located
from valetkey.isolation.posing import posed, symbols_of, values_of, witness_of
from valetkey.isolation.problem import CompiledRole, Place
from valetkey.isolation.question import Asked
from valetkey.isolation.request_tags import request_tags
from valetkey.isolation.sessions import ASKER, Session
from valetkey.isolation.shapes import shape_of
from valetkey.tenancy.catalog import known_action

ANY_ARN = text("arn:", REST)
AFTER_ARN = (*(Wild.STAR_IN_PART, ":") * 4, Wild.ONE, STAR)
"""What an action of which nothing is known may be asked of."""

Spot = tuple[Place, Policies, Located]
"""A place, the policies that bear there, and which of its resources are asked about."""


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One place where the action may be allowed."""

    ask: Ask
    formula: Formula


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
            arms.append(Arm(ask, all_of([inside, allowed(ask)])))
        return all_of([any_of(arm.formula for arm in arms), session.let_in])

    def witness(given: Assignment) -> Witness | None:
        values = let_in(
            session.role, session.tags, given, prefix=session.prefix, problem=session.problem
        )
        if values is None:
            return None
        runs = (values_of(tags, values),)
        for tried in (_named(session, action, values), values):
            for arm in arms:
                if not holds(arm.formula, tried):
                    continue
                found = witness_of(arm.ask, tried, f"{action}: {why}", runs=runs)
                if found is not None:
                    return found
        return None

    about = f"{session.role.policies.arn} may do {action}: {why}"
    return posed(theorem, about, formula, plain=(*symbols_of(tags), REST), witness=witness)


def _named(session: Session, action: str, given: Assignment) -> Assignment:
    """Return the solution with a resource that a person reads as some resource."""
    account = account_of(session.role.policies.arn) or ""
    service = action.partition(":")[0]
    return Assignment({**given.texts, REST.name: f"aws:{service}::{account}:some"}, given.flags)


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
    """Yield the resources of one place that the action may be asked of."""
    policies = bearing(session, action, place)
    known = known_action(action)
    if known is None:
        yield place, policies, Located(ANY_ARN, like((REST,), AFTER_ARN))
        return
    for shape in known.shapes:
        at = located(place, shape, action=action, role_arn=session.role.policies.arn)
        if at is not None:
            yield place, policies, at


def bearing(session: Session, action: str, place: Place) -> Policies:
    """Return the policies that bear on the action there. Of a key elsewhere we suppose the policy
    that AWS gives it, which lets the account's own policies decide.
    """
    policies = session.problem.policies_of(session.role, place)
    if place.arn is None and action.lower().startswith("kms:"):
        account = account_of(session.role.policies.arn) or ""
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
    account = account_of(session.role.policies.arn) or ""
    head = f"arn:aws:iam::{account}:role/"
    for resource in (text(head, REST), text(REST)):
        other = all_of(negated(equal(resource, text(arn))) for arn in arns)
        trusting = replace(policies, trust=_supposed(account, "sts:*", Layer.TRUST))
        yield elsewhere, trusting, Located(resource, other)


def _role_place(role: CompiledRole) -> Place:
    arn = role.policies.arn
    return Place(arn, None, known=True, inside=lambda _: TRUE, account=account_of(arn))


def _supposed(account: str, action: str, layer: Layer) -> Policy:
    resource = {} if layer is Layer.TRUST else {"Resource": "*"}
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": action, **resource}
    return parse_policy(
        {"Version": "2012-10-17", "Statement": [statement]}, name="supposed", layer=layer
    )
