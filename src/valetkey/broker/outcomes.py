"""What a store answers to a change that it may refuse: values, not exceptions.

A refused change has written nothing of what it asked for.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class TokenUse:
    """One use of a token that is good for one use: `until` (Unix seconds) no one takes it."""

    issuer: str
    token_id: str
    until: int


class OpenVerdict(Enum):
    """What became of a run that was to be opened."""

    OPENED = "opened"
    BOUND_ELSEWHERE = "bound-elsewhere"  # a work tag's value belongs to another subject
    REPLAYED = "token-replayed"
    ID_TAKEN = "run-id-taken"  # a run id is never used twice, not even after the run


@dataclass(frozen=True, slots=True)
class OpenOutcome:
    """The verdict, and for `BOUND_ELSEWHERE` the tag's key, for `REPLAYED` the issuer."""

    verdict: OpenVerdict
    about: str | None = None


class UseOutcome(Enum):
    """Whether a run was open and unexpired when the record of its use was written."""

    USED = "used"
    UNKNOWN = "run-unknown"
    EXPIRED = "run-expired"
    ENDED = "run-ended"
    REVOKED = "run-revoked"
    WRONG_TOKEN = "run-token"  # noqa: S105 - a code: it was rotated away since it was looked at


OVER = {
    UseOutcome.EXPIRED: "the run has expired",
    UseOutcome.ENDED: "the run was ended",
    UseOutcome.REVOKED: "the run was revoked",
    UseOutcome.WRONG_TOKEN: "the run token is not accepted",
}
"""What a run that is over may be told of it."""


class FinishOutcome(Enum):
    """What became of a run that was to be ended or revoked."""

    FINISHED = "finished"
    ALREADY = "already-finished"  # it is there, or beyond: a revoked run does not become ended
    UNKNOWN = "run-unknown"
