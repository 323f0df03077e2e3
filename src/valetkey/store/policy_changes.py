"""Changes of policies: a version stored, and one made that which new runs are opened under."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from valetkey.broker.outcomes import ActivateOutcome, Rebind
from valetkey.runs import RunState
from valetkey.store import sql
from valetkey.store.batch import Batch
from valetkey.store.errors import StoreError
from valetkey.store.reading import read_policy


@dataclass(frozen=True, slots=True)
class PutPolicy:
    """Store the document of a policy version; a version never gets another document."""

    writes_rows: ClassVar[bool] = True
    version: str
    document: str

    def apply(self, batch: Batch) -> None:
        """Add it, or find it there already."""
        row = batch.connection.execute(sql.READ_POLICY, (self.version,)).fetchone()
        if row is None:
            batch.connection.execute(sql.ADD_POLICY, (self.version, self.document))
        elif row[0] != self.document:
            raise StoreError(
                "policy-version-reused", f"policy version `{self.version}` is of another document"
            )


@dataclass(frozen=True, slots=True)
class ActivatePolicy:
    """Store a version and make it active; with `rebind` open runs go on under it or are revoked.

    One that is active already changes nothing and is not recorded, unless runs are rebound.
    """

    writes_rows: ClassVar[bool] = True
    policy: PutPolicy
    leaf: bytes
    rebind: Rebind | None

    def apply(self, batch: Batch) -> ActivateOutcome:
        """Do all of it in one transaction: after it no run is opened or served otherwise."""
        self.policy.apply(batch)
        version = self.policy.version
        row = batch.connection.execute(sql.READ_ACTIVE).fetchone()
        previous = None if row is None else str(row[0])
        if previous == version and self.rebind is None:
            return ActivateOutcome(previous)
        batch.connection.execute(sql.PUT_ACTIVE, (version,))
        batch.record(self.leaf)
        if self.rebind is None:
            return ActivateOutcome(previous)
        return _rebind(batch, version, self.rebind, previous=previous)


def _rebind(batch: Batch, version: str, rebind: Rebind, *, previous: str | None) -> ActivateOutcome:
    """Move every open run of another version or revoke it, each with its leaf."""
    execute = batch.connection.execute
    moved, over = [], []
    unfit: dict[str, str] = {}
    unfit_of: dict[str, Mapping[str, str]] = {}
    rows = execute(sql.READ_OPEN_ELSEWHERE, (int(rebind.now), version)).fetchall()
    for run_id, before, text in rows:
        kept = [name for name in json.loads(text) if name in rebind.grants]
        if before not in unfit_of:
            unfit_of[before] = rebind.unfit(read_policy(batch.connection, before))
        why = next((unfit_of[before][name] for name in kept if name in unfit_of[before]), None)
        if kept and why is None and not rebind.revoke_all:
            execute(sql.REBIND_RUN, (version, json.dumps(kept), run_id))
            batch.record(rebind.rebound(run_id, before))
            moved.append(run_id)
        else:
            because = rebind.because
            if why is not None and not rebind.revoke_all:
                because = f"{because} (not rebound: {why})"
                unfit[run_id] = why
            execute(sql.FINISH_RUN, (RunState.REVOKED.value, int(rebind.now), because, run_id))
            batch.record(rebind.revoked(run_id, because))
            over.append(run_id)
        batch.forget(run_id)
    return ActivateOutcome(previous, tuple(moved), tuple(over), unfit)
