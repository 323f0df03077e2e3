"""Whether a session may write what the map protects: approvals, policies, the audit store."""

from collections.abc import Iterator
from functools import partial

from valetkey.iam.glob import STAR, Wild, units
from valetkey.iam.policy import Statement
from valetkey.isolation.answer import Theorem
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.formula import TRUE, Pattern, any_of, text
from valetkey.isolation.places_of_data import REST, Located
from valetkey.isolation.posing import proved
from valetkey.isolation.question import Asked
from valetkey.isolation.reaching import Spot, bearing, reaching
from valetkey.isolation.sessions import Session
from valetkey.tenancy.catalog import CATALOG, KnownAction, Shape
from valetkey.tenancy.tenancy_map import Protected

THEOREM = Theorem.NO_WAY_UP
GOES_ON: dict[Shape, Pattern] = {
    Shape.SECRET: ("-", *(Wild.ONE,) * 6),
    Shape.FUNCTION: (":", Wild.ONE, STAR),
}
"""What follows the name in an ARN: of a secret what AWS adds, of a function version or alias."""
BELOW = {Shape.OBJECT: "/", Shape.INDEX: "/index/", Shape.STREAM: "/stream/"}


def writable(session: Session, entry: Protected) -> Iterator[Asked]:
    """Yield a question for each action that writes such data and that an Allow covers: those that
    maps can give. All others are beyond the list, wherever they are allowed.
    """
    service = entry.arn.split(":")[2]
    allows = list(_allows(session))
    asked = False
    for action in CATALOG:
        if action.service != service or not (action.writes and action.given_by):
            continue
        if any(statement.covers_action(action.name.lower()) for statement in allows):
            asked = True
            spots = partial(_spots, session, action, entry)
            yield reaching(THEOREM, session, action.name, spots, f"{entry.arn} is protected")
    if not asked:
        about = f"{session.role.policies.arn} may write nothing of {entry.arn}"
        yield proved(THEOREM, about)


def _allows(session: Session) -> Iterator[Statement]:
    policies = (*session.role.permissions, *session.problem.resource_policies.values())
    for policy in policies:
        if policy is not None:
            yield from (one for one in policy.statements if one.allow)


def _spots(session: Session, action: KnownAction, entry: Protected) -> Iterator[Spot]:
    for place in session.problem.places(action.name):
        policies = bearing(session, action.name, place)
        for shape in action.shapes:
            yield place, policies, _located(entry.arn, shape)


def _located(arn: str, shape: Shape) -> Located:
    """Return what is protected, as such an action sees it: of a bucket's objects the bucket too."""
    holder, slash, _ = arn.partition("/")
    if shape is Shape.BUCKET and slash:
        return Located(text(units(holder)), TRUE)
    if arn.endswith("*"):
        return Located(text(units(arn[:-1]), REST), TRUE)
    if shape in BELOW and BELOW[shape] not in arn:
        return Located(text(units(arn), BELOW[shape], REST), TRUE)
    if shape in GOES_ON:
        itself = equal((REST,), ())
        return Located(text(units(arn), REST), any_of([itself, like((REST,), GOES_ON[shape])]))
    return Located(text(units(arn)), TRUE)
