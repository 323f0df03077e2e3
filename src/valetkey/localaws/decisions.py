"""Ask the evaluator, and say a denial in AWS's words. Nobody else decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from valetkey.iam import ContextValue, Decision, Effect, Policies, Policy, Request, evaluate
from valetkey.localaws.callers import Caller, CallerKind

_LAYERS = {
    "identity": "an identity-based policy",
    "resource": "a resource-based policy",
    "trust": "a resource-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One action on one resource, with the condition keys that the operation brings."""

    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    resource_policy: Policy | None = None
    trust: Policy | None = None


def decide(
    caller: Caller,
    ask: Ask,
    *,
    surroundings: Mapping[str, ContextValue],
    account: str,
    now: float,
) -> Decision:
    """Return the evaluator's decision for this caller at this moment.

    `surroundings` are the condition keys of the HTTP request; `account` owns the resource.
    """
    policies = replace(caller.policies, resource=ask.resource_policy, trust=ask.trust)
    return evaluate(
        _request(caller, ask, surroundings=surroundings, account=account, now=now), policies
    )


def _request(
    caller: Caller,
    ask: Ask,
    *,
    surroundings: Mapping[str, ContextValue],
    account: str,
    now: float,
) -> Request:
    return Request(
        principal=caller.principal,
        action=ask.action,
        resource=ask.resource,
        resource_account=account,
        context={**surroundings, **ask.context, **caller.context},
        now=now,
    )


def denial_message(caller: Caller, ask: Ask, decision: Decision, *, quoted: bool) -> str:
    """Return AWS's sentence for a denial; S3 puts the resource in quotation marks."""
    resource = f'"{ask.resource}"' if quoted else ask.resource
    who = (
        "Anonymous users are" if caller.kind is CallerKind.ANONYMOUS else f"User: {caller.arn} is"
    )
    return (
        f"{who} not authorized to perform: {ask.action} on resource: {resource} "
        f"{_reason(caller, ask, decision)}"
    )


def _reason(caller: Caller, ask: Ask, decision: Decision) -> str:
    if decision.effect is Effect.EXPLICIT_DENY and decision.determining:
        layer = decision.determining[0].policy.split("/", 1)[0]
        return f"with an explicit deny in {_LAYERS.get(layer, 'a policy')}"
    return f"because no {_silent_layer(caller, ask)} allows the {ask.action} action"


def _silent_layer(caller: Caller, ask: Ask) -> str:
    if caller.kind is CallerKind.ANONYMOUS:
        return "resource-based policy"
    request = _request(caller, ask, surroundings={}, account=caller.account, now=0.0)
    own = Policies(identity=caller.policies.identity)
    if evaluate(request, own).allowed:
        if not evaluate(request, replace(own, session=caller.policies.session)).allowed:
            return "session policy"
        if not evaluate(request, replace(own, boundary=caller.policies.boundary)).allowed:
            return "permissions boundary"
    return "identity-based policy"
