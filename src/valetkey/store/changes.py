"""What may be asked of the writer: each change a value, applied inside the writer's transaction.

A change either writes all it says and its leaf, or nothing. Leaves come canonicalised, so that a
record that can't be written fails its own caller and no one else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from valetkey.broker.outcomes import (
    FinishOutcome,
    OpenOutcome,
    OpenVerdict,
    TokenUse,
    UseOutcome,
)
from valetkey.runs import Run, RunState, may_become
from valetkey.store import sql
from valetkey.store.batch import Batch
from valetkey.store.errors import StoreError
from valetkey.store.rows import run_row

# Seconds that a used token id is kept after nobody takes the token any more: a clock that leapt
# ahead, and is put right, would have forgotten it else. 30 days of them are less than their runs.
TOKEN_USE_MARGIN: Final = 30 * 86_400


class Change(Protocol):
    """One change; `writes_rows` says whether `apply` writes more than leaves."""

    writes_rows: ClassVar[bool]

    def apply(self, batch: Batch) -> object:
        """Do it, inside the batch's transaction, and return what the caller gets."""


@dataclass(frozen=True, slots=True)
class UseRun:
    """Append `leaf` if the run is live at `now`, else the leaf that `refuse` makes."""

    writes_rows: ClassVar[bool] = False
    run_id: str
    digest: bytes | None
    now: float
    leaf: bytes
    refuse: Callable[[UseOutcome], bytes]
    policy_version: str | None = None

    def apply(self, batch: Batch) -> UseOutcome:
        """Decide in the transaction that writes the record (invariant 6)."""
        outcome = batch.use(self.run_id, self.digest, self.now, version=self.policy_version)
        batch.record(self.leaf if outcome is UseOutcome.USED else self.refuse(outcome))
        return outcome


@dataclass(frozen=True, slots=True)
class Append:
    """Append these leaves next to each other."""

    writes_rows: ClassVar[bool] = False
    leaves: tuple[bytes, ...]

    def apply(self, batch: Batch) -> None:
        """Append them."""
        for leaf in self.leaves:
            batch.record(leaf)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """Claim the token ids, bind the work tags to the run's subject, add the run and its leaf."""

    writes_rows: ClassVar[bool] = True
    run: Run
    bindings: Mapping[str, str]
    token_ids: tuple[TokenUse, ...]
    leaf: bytes
    only_active: bool = False

    def apply(self, batch: Batch) -> OpenOutcome:
        """Refuse before the first write, or write everything."""
        execute = batch.connection.execute
        active = execute(sql.READ_ACTIVE).fetchone() if self.only_active else None
        if active is not None and active[0] != self.run.policy_version:
            return OpenOutcome(OpenVerdict.NOT_ACTIVE, active[0])
        if execute(sql.READ_STATE, (self.run.id,)).fetchone():
            return OpenOutcome(OpenVerdict.ID_TAKEN)
        if len({(use.issuer, use.token_id) for use in self.token_ids}) < len(self.token_ids):
            return OpenOutcome(OpenVerdict.REPLAYED, self.token_ids[0].issuer)
        for use in self.token_ids:
            if execute(sql.READ_TOKEN_USE, (use.issuer, use.token_id)).fetchone():
                return OpenOutcome(OpenVerdict.REPLAYED, use.issuer)
        subject = (self.run.subject.issuer, self.run.subject.subject)
        unbound = []
        for key, value in self.bindings.items():
            owner = execute(sql.READ_BINDING, (key, value)).fetchone()
            if owner is None:
                unbound.append((key, value, *subject, self.run.id))
            elif owner != subject:
                return OpenOutcome(OpenVerdict.BOUND_ELSEWHERE, key)
        execute(sql.FORGET_TOKEN_USES, (self.run.opened_at - TOKEN_USE_MARGIN,))
        for use in self.token_ids:
            execute(sql.ADD_TOKEN_USE, (use.issuer, use.token_id, use.until))
        for row in unbound:
            execute(sql.ADD_BINDING, row)
        execute(sql.ADD_RUN, run_row(self.run))
        batch.forget(self.run.id)
        batch.record(self.leaf)
        return OpenOutcome(OpenVerdict.OPENED)


@dataclass(frozen=True, slots=True)
class FinishRun:
    """End or revoke a run; a repeat changes nothing and records nothing."""

    writes_rows: ClassVar[bool] = True
    run_id: str
    to: RunState
    at: int
    because: str | None
    leaf: bytes

    def apply(self, batch: Batch) -> FinishOutcome:
        """Move the state forward, never back."""
        row = batch.connection.execute(sql.READ_STATE, (self.run_id,)).fetchone()
        if row is None:
            return FinishOutcome.UNKNOWN
        if not may_become(RunState(row[0]), self.to):
            return FinishOutcome.ALREADY
        batch.connection.execute(
            sql.FINISH_RUN, (self.to.value, self.at, self.because, self.run_id)
        )
        batch.forget(self.run_id)
        batch.record(self.leaf)
        return FinishOutcome.FINISHED


@dataclass(frozen=True, slots=True)
class RotateToken:
    """Replace the run's token if `expected` is a good one of it and the run is live.

    The last token, too, while it is good: the answer with the current one may have been lost. Its
    own grace is not stretched by that.
    """

    writes_rows: ClassVar[bool] = True
    run_id: str
    expected: bytes
    new: bytes
    previous_until: int
    now: float
    leaf: bytes

    def apply(self, batch: Batch) -> bool:
        """Compare and set in one statement."""
        changed = batch.connection.execute(
            sql.ROTATE_TOKEN,
            {
                "run": self.run_id,
                "expected": self.expected,
                "new": self.new,
                "until": self.previous_until,
                "now": self.now,
            },
        ).rowcount
        if changed:
            batch.forget(self.run_id)
            batch.record(self.leaf)
        return bool(changed)


@dataclass(frozen=True, slots=True)
class PutIssuers:
    """Store which issuer each name stands for; a name never gets another issuer."""

    writes_rows: ClassVar[bool] = True
    urls: Mapping[str, str]

    def apply(self, batch: Batch) -> None:
        """Add them all, or none."""
        for name, url in self.urls.items():
            row = batch.connection.execute(sql.READ_ISSUER, (name,)).fetchone()
            if row is None:
                batch.connection.execute(sql.ADD_ISSUER, (name, url))
            elif row[0] != url:
                raise StoreError(
                    "issuer-renamed",
                    f"issuer `{name}` was `{row[0]}` before: equal subjects would share tags",
                    hint="give the new issuer a name of its own",
                )


@dataclass(frozen=True, slots=True)
class Probe:
    """Write a page and change nothing: shows whether records can become durable again."""

    writes_rows: ClassVar[bool] = True

    def apply(self, batch: Batch) -> None:
        """Rewrite the head row as it is."""
        batch.connection.execute(sql.TOUCH_TREE)
