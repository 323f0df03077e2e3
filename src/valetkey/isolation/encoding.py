"""What the evaluator decides, as a formula: `iam.evaluate` with a request's unknowns left open.

Written in the order of `evaluate.py`, from the compiled policies themselves. Nothing is
approximated: what can't be said exactly raises Unencodable. Out of scope is only what the
evaluator denies for its size (`work.is_too_much`, and the limits of `Request`): so long a request
is not shown to be refused, and is not a witness either, since every witness is decided again.
"""

from collections.abc import Iterable, Sequence

from valetkey.iam import PrincipalKind
from valetkey.iam.glob import STAR, Wild, units
from valetkey.iam.naming import Naming
from valetkey.iam.policies import TOO_MUCH_TO_FIND, TRUST_ACTIONS, Bearing
from valetkey.iam.policy import Facts, Statement
from valetkey.isolation.ask import Ask, decided, request_of
from valetkey.isolation.comparing import like
from valetkey.isolation.conditions_encoding import condition_holds
from valetkey.isolation.filling import matches
from valetkey.isolation.formula import FALSE, TRUE, Formula, all_of, any_of, negated
from valetkey.isolation.unencodable import Unencodable

__all__ = ["Ask", "allowed", "applies", "bearing_on", "decided", "request_of"]


def applies(statement: Statement, ask: Ask) -> Formula:
    """Return that every element of the statement but its action matches.

    The statement is one of `ask.policies`. Raises Unencodable.
    """
    if _naming(statement, ask) is Naming.NONE:
        return FALSE
    resource: Formula = TRUE
    if statement.resources is not None:
        resource = any_of(matches(one, ask.resource, ask.model) for one in statement.resources)
        resource = negated(resource) if statement.not_resource else resource
    if resource == FALSE:
        return FALSE
    return all_of([resource, *(condition_holds(one, ask.model) for one in statement.conditions)])


def allowed(ask: Ask) -> Formula:
    """Return that the request is allowed. Raises Unencodable."""
    bearing = bearing_on(ask)
    granted = _decide(ask, bearing)
    if granted == FALSE:
        return FALSE
    denying = any_of(applies(one, ask) for one in bearing.denies)
    controls = [_some_applies(level, ask) for _, level in bearing.controls]
    return all_of([negated(denying), *controls, granted])


def bearing_on(ask: Ask) -> Bearing:
    """Return the statements that cover the action. Raises Unencodable if there are too many."""
    policies = ask.policies
    if ask.principal.is_service_linked:
        policies = policies.without_controls()
    action = units(ask.action.lower())
    found = policies.bearing_on(action, by_arn=ask.principal.kind is PrincipalKind.ARN)
    if found is TOO_MUCH_TO_FIND:
        raise Unencodable("the policies are too large to be decided on")
    return found


def _decide(ask: Ask, bearing: Bearing) -> Formula:
    """Weigh the resource's side and the caller's, as `evaluate._decide` does."""
    own = bearing.own or ()
    granted = _some_applies(own, ask)
    if ask.principal.kind is not PrincipalKind.ARN:
        return granted
    trust = ask.action.lower() in TRUST_ACTIONS
    if trust and ask.principal.is_root:
        return FALSE
    same_account = ask.account == ask.principal.account
    limits = _limits(ask, bearing)
    ways: list[Formula] = []
    if same_account:
        ways.append(_some_applies(_named(own, Naming.DIRECT, ask), ask))
        ways.append(all_of([_some_applies(_named(own, Naming.ROLE, ask), ask), limits]))
    identity = TRUE if ask.principal.is_root else _some_applies(bearing.identity, ask)
    may = any_of([granted, negated(_resource_must_allow(ask, bearing))])
    ways.append(all_of([identity, limits, may if same_account else granted]))
    return any_of(ways)


def _limits(ask: Ask, bearing: Bearing) -> Formula:
    """Return that boundary and session policy allow, where there are any."""
    if bearing.session is None and ask.principal.entity == "federated-user":
        return FALSE
    limiting = [one for one in (bearing.boundary, bearing.session) if one is not None]
    return all_of(_some_applies(allows, ask) for allows in limiting)


def _resource_must_allow(ask: Ask, bearing: Bearing) -> Formula:
    """Return that this is a trust or a key policy's to allow, in its own account too."""
    action = ask.action.lower()
    if action in TRUST_ACTIONS:
        return TRUE
    if not action.startswith("kms:"):
        return FALSE
    if bearing.own is not None:
        return TRUE
    last = ("key/", Wild.STAR_IN_PART)  # what stands after the last colon begins with `key/`
    return any_of([like(ask.resource, last), like(ask.resource, (STAR, ":", *last))])


def _some_applies(statements: Iterable[Statement], ask: Ask) -> Formula:
    return any_of(applies(one, ask) for one in statements)


def _named(statements: Sequence[Statement], naming: Naming, ask: Ask) -> list[Statement]:
    return [one for one in statements if _naming(one, ask) is naming]


def _naming(statement: Statement, ask: Ask) -> Naming:
    """Return how directly the statement names the caller.

    Raises Unencodable where it names a session of the caller's role: of those an agent may be
    one or another.
    """
    element = statement.principal
    if element is None:
        return Naming.DIRECT
    if ask.principal.entity == "assumed-role":
        sessions = ask.principal.name.rpartition("/")[0] + "/"
        if any(arn.startswith(sessions) for arn in element.arns):
            raise Unencodable(f"`{statement.ref.policy}` names a session of the role")
    bounded = ask.policies.boundary is not None
    facts = Facts(ask.principal, ask.action, ask.action.lower(), "", {}, bounded)
    return statement.naming(facts)
