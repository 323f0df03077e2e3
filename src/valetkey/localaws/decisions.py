"""Ask the evaluator, and say a denial in AWS's words. Nobody else decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from valetkey.iam import ContextValue, Decision, Effect, Layer, Policy, Request, evaluate
from valetkey.localaws.callers import Caller, CallerKind
from valetkey.localaws.faults import AwsError

_LAYERS = {
    "identity": "an identity-based policy",
    "resource": "a resource-based policy",
    "trust": "a resource-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One action on one resource, with the condition keys that the operation brings.

    `shown` is what a denial names instead of the resource, where that would tell too much.
    """

    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    resource_policy: Policy | None = None
    trust: Policy | None = None
    shown: str | None = None


def inquiry(
    caller: Caller,
    ask: Ask,
    *,
    surroundings: Mapping[str, ContextValue],
    account: str,
    now: float,
) -> Request:
    """Return what the evaluator is asked. Raises RequestError for what it cannot read.

    `surroundings` are the condition keys of the HTTP request; `account` owns the resource.
    """
    return Request(
        principal=caller.principal,
        action=ask.action,
        resource=ask.resource,
        resource_account=account,
        context={**surroundings, **ask.context, **caller.context},
        now=now,
    )


def decide(caller: Caller, ask: Ask, request: Request) -> Decision:
    """Return the evaluator's decision for this caller at this moment."""
    policies = replace(caller.policies, resource=ask.resource_policy, trust=ask.trust)
    return evaluate(request, policies)


def is_allowed(ask: Ask, require: Callable[[Ask], None]) -> bool:
    """Tell whether the caller may, where a denial leaves something out and refuses nothing."""
    try:
        require(ask)
    except AwsError:
        return False
    return True


def denial_message(caller: Caller, ask: Ask, *, decision: Decision, quoted: bool) -> str:
    """Return AWS's sentence for a denial; S3 puts the resource in quotation marks.

    The bearer of a web identity token is told neither the role nor the reason.
    """
    if caller.kind is CallerKind.WEB_IDENTITY:
        return f"Not authorized to perform {ask.action}"
    named = ask.resource if ask.shown is None else ask.shown
    resource = f'"{named}"' if quoted else named
    who = "Anonymous users are" if caller.kind is CallerKind.ANONYMOUS else f"User: {caller.arn} is"
    return (
        f"{who} not authorized to perform: {ask.action} on resource: {resource} {_reason(decision)}"
    )


def _reason(decision: Decision) -> str:
    if decision.effect is Effect.EXPLICIT_DENY and decision.determining:
        layer = decision.determining[0].policy.split("/", 1)[0]
        return f"with an explicit deny in {_LAYERS.get(layer, 'a policy')}"
    return f"because {decision.because}".replace(Layer.TRUST.value, Layer.RESOURCE.value)
