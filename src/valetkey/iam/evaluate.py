"""Decide one request: IAM User Guide, "Policy evaluation logic", step by step.

0. What would take too long to match is denied.
1. A Deny that applies, in any policy, wins.
2. Every level of resource control policies must allow, then every level of service control
   policies; the latter bind only callers with an ARN.
3. The resource's own policy (a role's trust policy for sts:AssumeRole* and its like):
   how directly does it grant?
4. A caller without identity policies (federated, a service, anybody) needs that grant only.
5. In another account, both sides must allow.
6. In the same account a direct grant is enough; one to the role is limited by boundary and
   session policy; otherwise identity, boundary and session policy must all allow, and so
   must a trust or key policy, which nothing stands in for.
"""

from collections.abc import Iterable, Sequence

from valetkey.iam.decision import Decision, Effect
from valetkey.iam.glob import units
from valetkey.iam.naming import Naming
from valetkey.iam.policy import Facts, Layer, Policies, Policy, Statement
from valetkey.iam.principal import PrincipalKind
from valetkey.iam.request import Request
from valetkey.iam.work import added, is_too_much

TOO_MUCH = "the request and its policies are too large to be decided on"
TRUST_ACTIONS = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
    }
)


def evaluate(request: Request, policies: Policies) -> Decision:
    """Return the decision, with the statements it rests on. Never raises; unknown is no."""
    facts = facts_of(request, policies)
    covering = [policy.covering(facts.action) for policy in every_policy(facts, policies)]
    costly = [sides.work for sides in covering if sides.work.fixed]
    if costly and is_too_much(added(costly), facts.keys):
        return Decision(Effect.IMPLICIT_DENY, (), TOO_MUCH)
    denying = [
        statement for sides in covering for statement in sides.denies if statement.applies(facts)
    ]
    if denying:
        layer = layer_of(denying[0], facts, policies)
        article = "an" if layer.startswith("i") else "a"
        because = f"explicit deny in {article} {layer}"
        return _decision(Effect.EXPLICIT_DENY, denying, facts, because)
    controls: list[Statement] = []
    for layer_name, level in _levels(facts, policies):
        allowing = _allowing(level, facts)
        if not allowing:
            return _no(layer_name, facts)
        controls += allowing
    return _decide(request, policies, facts, controls)


def _decide(
    request: Request, policies: Policies, facts: Facts, controls: list[Statement]
) -> Decision:
    """Weigh the resource's side and the caller's, when nothing above them stands against it."""
    granted, granting = _resource_side(facts, policies)
    resource_layer = _resource_layer(facts)
    if facts.principal.kind is not PrincipalKind.ARN:
        if granted is Naming.NONE:
            return _no(resource_layer, facts)
        return _yes([*granting, *controls], facts)
    if facts.principal.is_root and facts.action in TRUST_ACTIONS:
        return Decision(Effect.IMPLICIT_DENY, (), "an account's root may not assume a role")
    same_account = request.resource_account == facts.principal.account
    if same_account and granted is Naming.DIRECT:
        direct = [one for one in granting if one.naming(facts) is Naming.DIRECT]
        return _yes([*direct, *controls], facts)
    missing, limiting = _limits(facts, policies)
    if same_account and granted is Naming.ROLE and missing is None:
        by_role = [one for one in granting if one.naming(facts) is Naming.ROLE]
        return _yes([*by_role, *limiting, *controls], facts)
    identity = _allowing(policies.identity, facts)
    if not identity and not facts.principal.is_root:
        return _no(Layer.IDENTITY, facts)
    if missing is not None:
        return _no(missing, facts)
    if granted is Naming.NONE and (not same_account or _resource_must_allow(facts, policies)):
        return _no(resource_layer, facts)
    return _yes([*identity, *limiting, *granting, *controls], facts)


def facts_of(request: Request, policies: Policies) -> Facts:
    """Return the request as statements read it."""
    return Facts(
        request.principal,
        request.action,
        units(request.action.lower()),
        units(request.resource),
        request.keys,
        policies.boundary is not None,
    )


def every_policy(facts: Facts, policies: Policies) -> Iterable[Policy]:
    """Yield each policy that bears on the request, once for each time it is given."""
    yield from policies.identity
    yield from policies.session or ()
    own = policies.trust if facts.action in TRUST_ACTIONS else policies.resource
    for policy in (policies.boundary, own):
        if policy is not None:
            yield policy
    for _, level in _levels(facts, policies):
        yield from level


def _levels(facts: Facts, policies: Policies) -> Iterable[tuple[Layer, tuple[Policy, ...]]]:
    for level in policies.resource_control:
        yield Layer.RESOURCE_CONTROL, level
    if facts.principal.kind is PrincipalKind.ARN:
        for level in policies.service_control:
            yield Layer.SERVICE_CONTROL, level


def _allowing(policies: Iterable[Policy], facts: Facts) -> list[Statement]:
    return [
        statement
        for policy in policies
        for statement in policy.covering(facts.action).allows
        if statement.applies(facts)
    ]


def _resource_layer(facts: Facts) -> Layer:
    return Layer.TRUST if facts.action in TRUST_ACTIONS else Layer.RESOURCE


def _resource_side(facts: Facts, policies: Policies) -> tuple[Naming, list[Statement]]:
    """Return the most direct grant of the resource's policy, and the statements that grant."""
    policy = policies.trust if facts.action in TRUST_ACTIONS else policies.resource
    if policy is None:
        return Naming.NONE, []
    granting = _allowing((policy,), facts)
    return max((one.naming(facts) for one in granting), default=Naming.NONE), granting


def _limits(facts: Facts, policies: Policies) -> tuple[Layer | None, list[Statement]]:
    """Return which of boundary and session policy does not allow, if any; else what allows."""
    limiting: list[Statement] = []
    if policies.boundary is not None:
        limiting += _allowing((policies.boundary,), facts)
        if not limiting:
            return Layer.BOUNDARY, []
    if policies.session is not None:
        allowing = _allowing(policies.session, facts)
        if not allowing:
            return Layer.SESSION, []
        limiting += allowing
    return None, limiting


def _resource_must_allow(facts: Facts, policies: Policies) -> bool:
    """Trust policies and key policies are the only way in, in their own account too."""
    if facts.action in TRUST_ACTIONS:
        return True
    return facts.action.startswith("kms:") and policies.resource is not None


def layer_of(statement: Statement, facts: Facts, policies: Policies) -> str:
    """Return in words what kind of policy the statement is in."""
    found = next(
        policy for policy in every_policy(facts, policies) if statement in policy.statements
    )
    return found.layer.value


def _yes(allowing: Sequence[Statement], facts: Facts) -> Decision:
    if not allowing:  # only an account's root needs no statement
        return Decision(Effect.ALLOW, (), "the root of the account may do all in its own account")
    ref = allowing[0].ref
    because = f"{ref.policy} statement {ref.statement} allows the {facts.written_action} action"
    return _decision(Effect.ALLOW, allowing, facts, because)


def _no(layer: Layer, facts: Facts) -> Decision:
    because = f"no {layer.value} allows the {facts.written_action} action"
    return Decision(Effect.IMPLICIT_DENY, (), because)


def _decision(
    effect: Effect, statements: Sequence[Statement], facts: Facts, because: str
) -> Decision:
    return Decision(
        effect,
        tuple(statement.ref for statement in statements),
        because,
        contested=tuple(one.ref for one in statements if one.contested(facts)),
    )
