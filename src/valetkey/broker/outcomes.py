"""What a store answers to a change that it may refuse: values, not exceptions.

A refused change has written nothing of what it asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from valetkey.runs import Run, RunState


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
    NOT_ACTIVE = "policy-not-active"  # new runs are opened under another policy version by now


@dataclass(frozen=True, slots=True)
class OpenOutcome:
    """The verdict, and for `BOUND_ELSEWHERE` the tag's key, for `REPLAYED` the issuer, for
    `NOT_ACTIVE` the policy version that is.
    """

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
    REBOUND = "run-rebound"  # it goes on under another policy version since it was looked at


OVER = {
    UseOutcome.EXPIRED: "the run has expired",
    UseOutcome.ENDED: "the run was ended",
    UseOutcome.REVOKED: "the run was revoked",
    UseOutcome.WRONG_TOKEN: "the run token is not accepted",
    UseOutcome.REBOUND: "the run's policy changes just now: ask again",
}
"""What a run that is over may be told of it."""


def why_over(run: Run, *, now: float) -> UseOutcome | None:
    """Return why a run, as it was read, is over at `now`; None for one that is open."""
    if run.is_live(now):
        return None
    finished = {RunState.ENDED: UseOutcome.ENDED, RunState.REVOKED: UseOutcome.REVOKED}
    return finished.get(run.state, UseOutcome.EXPIRED)


class FinishOutcome(Enum):
    """What became of a run that was to be ended or revoked."""

    FINISHED = "finished"
    ALREADY = "already-finished"  # it is there, or beyond: a revoked run does not become ended
    UNKNOWN = "run-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebind:
    """What shall become of open runs that are under another version than the one made active.

    `grants` are those that the version has: a run keeps its own that are among them and gets no
    other. One that would have none left is revoked, all are with `revoke_all`. `unfit` tells, from
    the stored document of the version that a run is under (None: not stored), grants with which no
    run of it may go on, and why: it is revoked instead. `rebound` makes the leaf of one run from
    its id and the version it was under, `revoked` from its id and why. None of these may raise.
    `now` is in Unix seconds.
    """

    grants: frozenset[str]
    now: float
    rebound: Callable[[str, str], bytes]
    revoked: Callable[[str, str], bytes]
    unfit: Callable[[str | None], Mapping[str, str]]
    because: str
    revoke_all: bool = False


@dataclass(frozen=True, slots=True)
class ActivateOutcome:
    """The version that was active before, the runs that go on under the new one, and those that
    were revoked instead. `unfit` says of some of these, by id, why they could not go on though they
    had a grant.
    """

    previous: str | None
    rebound: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    unfit: Mapping[str, str] = field(default_factory=dict)
