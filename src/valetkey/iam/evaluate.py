"""Decide one request: IAM User Guide, "Policy evaluation logic", step by step.

0. What would take too long to match is denied.
1. A Deny that applies, in any policy, wins.
2. Every level of resource control policies must allow, then every level of service control
   policies; the latter bind only callers with an ARN, neither binds a service-linked role.
3. The resource's own policy (a role's trust policy for sts:AssumeRole* and its like):
   how directly does it grant?
4. A caller without identity policies (federated, a service, anybody) needs that grant only.
5. In another account, both sides must allow.
6. In the same account a direct grant is enough; one to the role is limited by boundary and
   session policy; otherwise identity, boundary and session policy must all allow, and so
   must a trust or key policy, which nothing stands in for. A federated user without a session
   policy has nothing of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from valetkey.iam.decision import Decision, Effect
from valetkey.iam.glob import units
from valetkey.iam.naming import Naming
from valetkey.iam.policies import TRUST_ACTIONS, Bearing, Policies, Statements
from valetkey.iam.policy import Facts, Layer, Policy, Statement
from valetkey.iam.principal import PrincipalKind
from valetkey.iam.request import Request
from valetkey.iam.work import is_too_much

TOO_MUCH = "the request and its policies are too large to be decided on"

# Looked up once: finding a member of an enum costs as much as comparing a resource.
ALLOW, IMPLICIT_DENY, EXPLICIT_DENY = Effect
IDENTITY, BOUNDARY, SESSION = Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION
NONE, DIRECT = Naming.NONE, Naming.DIRECT
ARN = PrincipalKind.ARN


def evaluate(request: Request, policies: Policies) -> Decision:
    """Return the decision, with the statements it rests on. Never raises; unknown is no."""
    facts = facts_of(request, policies)
    if facts.principal.is_service_linked:
        policies = policies.without_controls()
    bearing = policies.bearing_on(facts.action, by_arn=facts.principal.kind is ARN)
    if not bearing.light and is_too_much(bearing.work, facts.resource, facts.keys):
        return Decision(IMPLICIT_DENY, (), TOO_MUCH)
    denying = [statement for statement in bearing.denies if statement.applies(facts)]
    if denying:
        layer = layer_of(denying[0], facts, policies)
        article = "an" if layer.startswith("i") else "a"
        return _decision(EXPLICIT_DENY, denying, facts, f"explicit deny in {article} {layer}")
    controls: list[Statement] = []
    for control, level in bearing.controls:
        allowing = _applying(level, facts)
        if not allowing:
            return _no(control, facts)
        controls += allowing
    same_account = request.resource_account == facts.principal.account
    decision = _decide(facts, bearing, controls, same_account=same_account)
    if bearing.excepting and decision.allowed:
        return _flagged(decision, bearing.excepting, facts)
    return decision


def _decide(
    facts: Facts, bearing: Bearing, controls: list[Statement], *, same_account: bool
) -> Decision:
    """Weigh the resource's side and the caller's, when nothing above them stands against it."""
    granting = _applying(bearing.own, facts) if bearing.own else []
    granted = max([one.naming(facts) for one in granting]) if granting else NONE
    if facts.principal.kind is not ARN:
        if granted is NONE:
            return _no(_resource_layer(facts), facts)
        return _yes([*granting, *controls], facts)
    if facts.action in TRUST_ACTIONS and facts.principal.is_root:
        return Decision(IMPLICIT_DENY, (), "an account's root may not assume a role")
    if same_account and granted is DIRECT:
        direct = [one for one in granting if one.naming(facts) is DIRECT]
        return _yes([*direct, *controls], facts)
    missing, limiting = _limits(facts, bearing)
    if same_account and granted is Naming.ROLE and missing is None:
        by_role = [one for one in granting if one.naming(facts) is Naming.ROLE]
        return _yes([*by_role, *limiting, *controls], facts)
    identity = [statement for statement in bearing.identity if statement.applies(facts)]
    if not identity and not facts.principal.is_root:
        return _no(IDENTITY, facts)
    if missing is not None:
        return _no(missing, facts)
    if granted is NONE and (not same_account or _resource_must_allow(facts, bearing)):
        return _no(_resource_layer(facts), facts)
    return _yes([*identity, *limiting, *granting, *controls], facts)


def _flagged(decision: Decision, excepting: Statements, facts: Facts) -> Decision:
    """Return the allow with every Deny that did not fire for its NotPrincipal alone."""
    sparing = [
        one.ref
        for one in excepting
        if one.covers_resource(facts) and all(line.holds(facts.keys) for line in one.conditions)
    ]
    return replace(decision, contested=(*decision.contested, *sparing))


def facts_of(request: Request, policies: Policies) -> Facts:
    """Return the request as statements read it."""
    written, resource = request.action, request.resource
    action = written.lower()
    return Facts(
        request.principal,
        written,
        action if action.isascii() else units(action),
        resource if resource.isascii() else units(resource),
        request.keys,
        policies.boundary is not None,
    )


def every_policy(facts: Facts, policies: Policies) -> Iterable[Policy]:
    """Yield each policy that bears on the request, once for each time it is given."""
    if facts.principal.is_service_linked:
        policies = policies.without_controls()
    return policies.all(facts.action, by_arn=facts.principal.kind is ARN)


def _applying(statements: Statements, facts: Facts) -> list[Statement]:
    return [statement for statement in statements if statement.applies(facts)]


def _resource_layer(facts: Facts) -> Layer:
    return Layer.TRUST if facts.action in TRUST_ACTIONS else Layer.RESOURCE


def _limits(facts: Facts, bearing: Bearing) -> tuple[Layer | None, list[Statement]]:
    """Return which of boundary and session policy does not allow, if any; else what allows."""
    limiting: list[Statement] = []
    if bearing.session is None and facts.principal.entity == "federated-user":
        return SESSION, limiting  # without a session policy it has no permissions of its own
    if bearing.boundary is None and bearing.session is None:
        return None, limiting
    for layer, allows in ((BOUNDARY, bearing.boundary), (SESSION, bearing.session)):
        if allows is not None:
            allowing = _applying(allows, facts)
            if not allowing:
                return layer, []
            limiting += allowing
    return None, limiting


def _resource_must_allow(facts: Facts, bearing: Bearing) -> bool:
    """Trust policies and key policies are the only way in, in their own account too. Every key
    has one, so where it was not given nothing is known to be allowed.
    """
    if facts.action in TRUST_ACTIONS:
        return True
    if not facts.action.startswith("kms:"):
        return False
    return bearing.own is not None or facts.resource.rpartition(":")[2].startswith("key/")


def layer_of(statement: Statement, facts: Facts, policies: Policies) -> str:
    """Return in words what kind of policy the statement is in."""
    found = next(
        policy for policy in every_policy(facts, policies) if statement in policy.statements
    )
    return found.layer.value


def _yes(allowing: Sequence[Statement], facts: Facts) -> Decision:
    if not allowing:  # only an account's root needs no statement
        return Decision(ALLOW, (), "the root of the account may do all in its own account")
    ref = allowing[0].ref
    because = f"{ref.policy} statement {ref.statement} allows the {facts.written_action} action"
    return _decision(ALLOW, allowing, facts, because)


def _no(layer: Layer, facts: Facts) -> Decision:
    because = f"no {layer.value} allows the {facts.written_action} action"
    return Decision(IMPLICIT_DENY, (), because)


def _decision(
    effect: Effect, statements: Sequence[Statement], facts: Facts, because: str
) -> Decision:
    return Decision(
        effect,
        tuple([statement.ref for statement in statements]),
        because,
        contested=tuple([one.ref for one in statements if one.contested(facts)]),
    )
