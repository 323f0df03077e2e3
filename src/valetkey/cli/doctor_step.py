"""What the doctor says of each link of the chain, and what comes of all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from valetkey.cli.output import DENIED, DONE, FAILED, UNKNOWN
from valetkey.errors import ValetkeyError


class Outcome(Enum):
    """NOTE is no judgement. FAILED: the check itself did not get an answer."""

    HOLDS = "holds"
    NOTE = "note"
    UNKNOWN = "unknown"
    FAILED = "failed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Step:
    """One finding about one link. `fix` says what to do next, where there is something to do."""

    link: str
    outcome: Outcome
    said: str
    fix: str | None = None


_CODES = {Outcome.BROKEN: DENIED, Outcome.FAILED: FAILED, Outcome.UNKNOWN: UNKNOWN}
_NO_ANSWER = frozenset(
    {"aws-unreachable", "aws-timeout", "aws-throttled", "aws-failed", "aws-slow", "broker-slow"}
)


def exit_code(steps: Iterable[Step]) -> int:
    """Return 2 where something is broken, else 1 where a check failed, else 3 or 0."""
    outcomes = {step.outcome for step in steps}
    return next((code for outcome, code in _CODES.items() if outcome in outcomes), DONE)


def of_error(link: str, error: ValetkeyError) -> Step:
    """Return what an error says of a link: broken, or failed where nobody answered."""
    outcome = Outcome.FAILED if error.code in _NO_ANSWER else Outcome.BROKEN
    said = f"{error.message} [{error.code}]"
    if error.detail is not None:
        said += f"; AWS said: {error.detail}" if error.code.startswith("aws-") else ""
    return Step(link, outcome, said, error.hint)
