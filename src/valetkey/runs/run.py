"""A run: one agent's work for one principal, and the states it may be in.

This module holds the value and its few moves. It does not open runs, store them or vend for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

RunId = NewType("RunId", str)

RUN_ID_PREFIX = "r-"
RUN_ID_ENTROPY_BYTES = 16
"""128 random bits: a run id is never used twice, because revocation denies it for ever."""

MIN_RUN_SECONDS = 60
MAX_RUN_SECONDS = 7 * 24 * 3600
DEFAULT_RUN_SECONDS = 8 * 3600


class RunState(Enum):
    """Where a run is in its life. Expiry is not a state: it is read off the clock."""

    OPEN = "open"
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PrincipalRef:
    """A verified (issuer, subject): two issuers' equal subjects are two principals."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the store keeps it. Instants are Unix seconds.

    `attributes` are the work attributes the actor set; `tags` the session tags made of claims and
    attributes, without the reserved `valetkey_run`. `token_digest` is the SHA-256 of the run
    token; after a rotation `previous_digest` stays good until `previous_until`. `facts` are the
    tags of Cedar's principal: claims, the directory's words and the rest, as they were when the run
    was opened.
    """

    id: RunId
    subject: PrincipalRef
    actor: PrincipalRef
    actor_rule: str
    tags: Mapping[str, str]
    attributes: Mapping[str, str]
    grants: tuple[str, ...]
    policy_version: str
    opened_at: int
    expires_at: int
    state: RunState
    token_digest: bytes
    previous_digest: bytes | None = None
    previous_until: int = 0
    ended_at: int | None = None
    because: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def is_live(self, now: float) -> bool:
        """Say whether the run may still be served: open, and before its expiry."""
        return self.state is RunState.OPEN and now < self.expires_at


def new_run_id(entropy: bytes) -> RunId:
    """Make a run id of 16 random bytes: 28 characters that AWS takes as a source identity.

    Lower-case base32 keeps it inside `[\\w+=,.@-]`, 2 to 64 (STS AssumeRole, SourceIdentity).
    """
    if len(entropy) != RUN_ID_ENTROPY_BYTES:
        raise ValueError("a run id is made of exactly 16 random bytes")
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    number = int.from_bytes(entropy, "big")
    digits = [alphabet[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return RunId(RUN_ID_PREFIX + "".join(digits))


def is_run_id(text: str) -> bool:
    """Say whether `text` has the form that `new_run_id` gives."""
    body = text.removeprefix(RUN_ID_PREFIX)
    return (
        text.startswith(RUN_ID_PREFIX)
        and len(body) == 26
        and all(c in "abcdefghijklmnopqrstuvwxyz234567" for c in body)
    )


_AFTER = {
    RunState.OPEN: frozenset({RunState.ENDED, RunState.REVOKED}),
    # An ended run may still be revoked: the sessions that AWS gave it live on.
    RunState.ENDED: frozenset({RunState.REVOKED}),
    RunState.REVOKED: frozenset[RunState](),
}


def may_become(state: RunState, to: RunState) -> bool:
    """Say whether a run in `state` may move to `to`. Nothing goes back, nothing stays."""
    return to in _AFTER[state]
