"""One exact call decided: by hard rules, by soft rules, and by what log-only would change.

1. Every policy in force whose head takes in the tool is evaluated; one that fails denies.
2. A hard `forbid` that applies denies, whatever else applies.
3. If soft rules alone are against the call, a person is asked, provided that without them all the
   answer is Allow; every one that applies is listed, the shortest time-out and the highest
   severity hold.
4. What policies in log-only mode would change is said beside the verdict and changes nothing.

It does not record, ask or wait, and never repeats what Cedar says of an error: that quotes the
arguments.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from valetkey.tools.arguments import Arguments
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.decision import Mode, Severity, Tier, ToolDecision, Verdict
from valetkey.tools.index import PolicyIndex, PolicySlice, Slice
from valetkey.tools.mapping import MappedTool
from valetkey.tools.partial_values import OAUTH_USER
from valetkey.tools.policies import ToolPolicy
from valetkey.tools.principal import ToolPrincipal

ALLOWED: Final = "allowed"
FORBIDDEN: Final = "tool-forbidden"
NOT_PERMITTED: Final = "tool-not-permitted"
POLICY_ERROR: Final = "policy-error"
APPROVAL_NEEDED: Final = "approval-needed"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GRAVITY = list(Severity)


def decide(
    bundle: ToolBundle,
    principal: ToolPrincipal,
    tool: MappedTool,
    arguments: Arguments,
    *,
    now: float,
) -> ToolDecision:
    """Return what the policies say of one call at `now` (Unix seconds), never an exception.

    `arguments` are the tool's own: `tool.check` made them. A tool that the bundle does not have is
    denied.
    """
    name = tool.definition.public_name
    if name not in bundle.tools:
        return ToolDecision(Verdict.DENY, NOT_PERMITTED)
    decision = judge(bundle.index, principal, name, arguments.context, now=now)
    if bundle.source.mode is Mode.LOG_ONLY:
        return _let_pass(decision)
    return decision


def judge(
    index: PolicyIndex, principal: ToolPrincipal, action: str, context: str, *, now: float
) -> ToolDecision:
    """Return what the policies of `index` say; `context` is Cedar's JSON of `context.input`."""
    try:
        slice_ = index.slice_of(action)
        entities = index.entities(principal)
        request = {
            "principal": {"type": OAUTH_USER, "id": principal.id},
            "action": slice_.action,
            "resource": index.gateway,
            "context": _context(slice_, context, now),
        }
    except Exception:  # noqa: BLE001 - what can't be asked is denied
        return ToolDecision(Verdict.DENY, POLICY_ERROR)

    def weigh(policies: PolicySlice, firm: PolicySlice) -> ToolDecision:
        return _weigh(policies, firm, request, entities=entities, schema=slice_.schema)

    decision = weigh(slice_.enforced, slice_.firm)
    if slice_.tried is None or slice_.tried_firm is None:
        return decision
    tried = weigh(slice_.tried, slice_.tried_firm)
    if tried.verdict is decision.verdict:
        return decision
    return replace(decision, would=tried.verdict, would_rules=tried.rules or tried.errors)


def _weigh(
    policies: PolicySlice, firm: PolicySlice, request: dict[str, Any], *, entities: Any, schema: Any
) -> ToolDecision:
    """Return what a set of policies says; `firm` is the set without its soft rules."""
    outcome = policies.evaluate(request, entities, schema)
    if outcome.failed:
        return ToolDecision(Verdict.DENY, POLICY_ERROR, outcome.reasons, outcome.errors)
    if outcome.allowed:
        return ToolDecision(Verdict.ALLOW, ALLOWED, outcome.reasons)
    against = policies.of(outcome.reasons)
    if not against:
        return ToolDecision(Verdict.DENY, NOT_PERMITTED)
    if any(policy.tier is Tier.HARD for policy in against):
        return _about(ToolDecision(Verdict.DENY, FORBIDDEN, outcome.reasons), against)
    without = firm.evaluate(request, entities, schema)
    if without.failed or not without.allowed:
        return _about(ToolDecision(Verdict.DENY, NOT_PERMITTED, outcome.reasons), against)
    times = [each.approval_timeout_s for each in against if each.approval_timeout_s is not None]
    ask = ToolDecision(
        Verdict.ASK,
        APPROVAL_NEEDED,
        outcome.reasons,
        approval_seconds=min(times, default=None),
    )
    return _about(ask, against)


def _about(decision: ToolDecision, against: list[ToolPolicy]) -> ToolDecision:
    """Add how grave the matched rules are and what they are about."""
    grave = [each.severity for each in against if each.severity is not None]
    return replace(
        decision,
        severity=max(grave, key=_GRAVITY.index, default=None),
        categories=tuple(sorted({each.category for each in against if each.category is not None})),
    )


def _let_pass(decision: ToolDecision) -> ToolDecision:
    """Return the decision of a gateway in log-only mode: what was decided stands in `would`."""
    if decision.verdict is Verdict.ALLOW:
        return decision
    return ToolDecision(
        Verdict.ALLOW,
        ALLOWED,
        errors=decision.errors,
        would=decision.verdict,
        would_rules=decision.rules,
        severity=decision.severity,
        categories=decision.categories,
    )


def _context(slice_: Slice, context: str, now: float) -> str:
    """Return the whole context as Cedar's JSON."""
    if not slice_.timed:
        return '{"input":' + context + "}"
    clock = json.dumps({"now": {"__extn": {"fn": "datetime", "arg": cedar_time(now)}}})
    return '{"input":' + context + ',"system":' + clock + "}"


def cedar_time(now: float) -> str:
    """Return an instant as Cedar's datetime in UTC, down to the millisecond that has passed."""
    milliseconds = int(now * 1000 // 1)
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
