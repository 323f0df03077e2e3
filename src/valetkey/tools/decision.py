"""What may be decided of a tool call: a value with its reasons."""

from dataclasses import dataclass
from enum import Enum


class Mode(Enum):
    """Whether a denial denies. `LOG_ONLY` is for roll-out: it is recorded and lets pass."""

    ENFORCE = "enforce"
    LOG_ONLY = "log-only"


class Tier(Enum):
    """What a matching `forbid` means: no at all, or no unless a person says yes."""

    HARD = "hard"
    SOFT = "soft"


class Severity(Enum):
    """How grave a soft rule's match is, in rising order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Verdict(Enum):
    """`ASK`: only soft rules are against it, and a person may approve this one call."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class ToolDecision:
    """A decision and why.

    `code` is stable: `allowed`, `tool-forbidden`, `tool-not-permitted` (no policy allows it),
    `policy-error`, `approval-needed`. `rules` are the ids of the policies that decided, sorted;
    `errors` those whose evaluation failed. `would` is what policies in log-only mode would have
    made of it, None where they change nothing. Of ASK: every rule that a person must cover, the
    shortest time-out in seconds (None: the default) and the highest severity.
    """

    verdict: Verdict
    code: str
    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    would: Verdict | None = None
    would_rules: tuple[str, ...] = ()
    approval_seconds: int | None = None
    severity: Severity | None = None
    categories: tuple[str, ...] = ()
