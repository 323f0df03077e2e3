"""Changes to valetkey's own signing keys. As in `changes`: all a change says and its leaf, or
nothing.

Private parts come sealed; here they are bytes to keep and to wipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from valetkey.credentials import SigningKey
from valetkey.store import sql
from valetkey.store.batch import Batch
from valetkey.store.rows import key_row


@dataclass(frozen=True, slots=True)
class AddKeys:
    """Add signing keys if the stored ones are those of the ids `among`."""

    writes_rows: ClassVar[bool] = True
    keys: tuple[SigningKey, ...]
    among: frozenset[str]
    leaves: tuple[bytes, ...]

    def apply(self, batch: Batch) -> bool:
        """Compare and add in one transaction: of two brokers that make a key, one does."""
        stored = {kid for (kid,) in batch.connection.execute(sql.READ_KEY_IDS)}
        if stored != self.among:
            return False
        for key in self.keys:
            batch.connection.execute(sql.ADD_KEY, key_row(key))
        for leaf in self.leaves:
            batch.record(leaf)
        return True


@dataclass(frozen=True, slots=True)
class PublishKeys:
    """Note since when keys are published and from when each may sign (Unix seconds)."""

    writes_rows: ClassVar[bool] = True
    signs_from: Mapping[str, int]
    at: int
    leaf: bytes

    def apply(self, batch: Batch) -> None:
        """Leave a key that is published already, or retired, as it is."""
        for kid, begins in self.signs_from.items():
            batch.connection.execute(sql.PUBLISH_KEY, (self.at, begins, kid))
        batch.record(self.leaf)


@dataclass(frozen=True, slots=True)
class RetireKey:
    """Withdraw a signing key; a repeat changes nothing and records nothing.

    `heirs`: which key takes over from when on, earlier than it would have.
    """

    writes_rows: ClassVar[bool] = True
    kid: str
    at: int
    leaf: bytes
    heirs: Mapping[str, int]

    def apply(self, batch: Batch) -> bool:
        """Mark it and wipe its private part in one statement."""
        changed = batch.connection.execute(sql.RETIRE_KEY, (self.at, self.kid)).rowcount
        if changed:
            for kid, begins in self.heirs.items():
                batch.connection.execute(sql.TAKE_OVER, (begins, kid, begins))
            batch.record(self.leaf)
        return bool(changed)


@dataclass(frozen=True, slots=True)
class TidyKeys:
    """Wipe the private parts of some keys, forget others. No record: nothing was decided."""

    writes_rows: ClassVar[bool] = True
    wipe: tuple[str, ...]
    drop: tuple[str, ...]

    def apply(self, batch: Batch) -> None:
        """Do it."""
        batch.connection.executemany(sql.WIPE_KEY, [(kid,) for kid in self.wipe])
        batch.connection.executemany(sql.DROP_KEY, [(kid,) for kid in self.drop])
