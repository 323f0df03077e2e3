"""Put a witness to other policies than those that it was found in: does it break them, too?"""

from valetkey.errors import ValetkeyError
from valetkey.iam import Principal, PrincipalKind, Request, evaluate
from valetkey.iam.arn import split_arn
from valetkey.iam.glob import units
from valetkey.iam.policies import TRUST_ACTIONS, Policies
from valetkey.isolation.answer import Witness
from valetkey.isolation.callers import SUPPOSED
from valetkey.isolation.formula import Assignment, holds
from valetkey.isolation.problem import CompiledRole, Place, Problem

NOTHING = Assignment({}, {})


def allows(problem: Problem, witness: Witness) -> bool | None:
    """Tell whether the problem's policies allow the request of a witness.

    Who is no agent may have any policies of their own. None where it can't be asked: a role that
    the problem does not have, a caller that is none.
    """
    try:
        principal, policies = _asking(problem, witness)
        request = Request(
            principal=principal,
            action=witness.action,
            resource=witness.resource,
            resource_account=witness.resource_account,
            context=witness.context,
        )
        return evaluate(request, policies).allowed
    except (ValetkeyError, LookupError):
        return None


def _asking(problem: Problem, witness: Witness) -> tuple[Principal, Policies]:
    """Return who asks, and what bears on it. Raises LookupError for a role that is not there."""
    if witness.action.lower() in TRUST_ACTIONS:
        role = _role(problem, witness.resource)
        return _other(witness), _of_strangers(problem, witness, Policies(trust=role.trust))
    place = _place(problem, witness)
    if ":assumed-role/" in witness.principal and witness.runs:
        role = _role(problem, witness.role)
        tags = witness.runs[0]
        own = role.policies
        session = Principal(
            PrincipalKind.ARN, witness.principal, tags=tags, role_tags=own.tags, role_arn=own.arn
        )
        return session, problem.policies_of(role, place)
    return _other(witness), _of_strangers(problem, witness, Policies(resource=place.policy))


def _role(problem: Problem, arn: str | None) -> CompiledRole:
    for role in problem.roles:
        if role.policies.arn == arn:
            return role
    raise LookupError(arn)


def _other(witness: Witness) -> Principal:
    """Return a caller who is no session of an agent: its tags are not told."""
    name = witness.principal
    if name == "*":
        return Principal(PrincipalKind.ANONYMOUS, name)
    if "-provider/" in name:
        return Principal(PrincipalKind.FEDERATED, name)
    if name.startswith("arn:"):
        return Principal(PrincipalKind.ARN, name, role_arn=witness.role)
    return Principal(PrincipalKind.SERVICE, name)


def _of_strangers(problem: Problem, witness: Witness, own: Policies) -> Policies:
    """Return what bears on a caller whose own policies nobody knows."""
    homes = {arn.account for role in problem.roles if (arn := split_arn(role.policies.arn))}
    caller = split_arn(witness.principal)
    at_home = caller is not None and caller.account in homes
    return Policies(
        identity=(SUPPOSED,),
        resource=own.resource,
        trust=own.trust,
        service_control=problem.service_control if at_home else (),
        resource_control=problem.resource_control,
    )


def _place(problem: Problem, witness: Witness) -> Place:
    resource = (units(witness.resource),)
    return next(
        place for place in problem.places(witness.action) if holds(place.inside(resource), NOTHING)
    )
