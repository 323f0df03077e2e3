"""The store as the broker sees it: methods that return when what they wrote is durable.

Changes go to the one writer; reads have a connection and a thread of their own, so that a long
list never stands before a hand-out. It takes no decision but those of `changes`.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

from valetkey.audit import Head, Record, StoredLeaf, leaf_bytes
from valetkey.broker.outcomes import (
    ActivateOutcome,
    FinishOutcome,
    OpenOutcome,
    Rebind,
    TokenUse,
    UseOutcome,
)
from valetkey.credentials import SigningKey
from valetkey.runs import Run, RunState
from valetkey.store import reading
from valetkey.store.changes import (
    Append,
    Change,
    FinishRun,
    OpenRun,
    Probe,
    PutIssuers,
    RotateToken,
    UseRun,
)
from valetkey.store.errors import StoreError
from valetkey.store.key_changes import AddKeys, PublishKeys, RetireKey, TidyKeys
from valetkey.store.policy_changes import ActivatePolicy, PutPolicy
from valetkey.store.schema import connect, connect_to_read, translate
from valetkey.store.writer import Writer

T = TypeVar("T")


class SqliteStore:
    """Runs, bindings, used token ids, policies, signing keys and the audit log in one file."""

    def __init__(self, writer: Writer, reader: sqlite3.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="valetkey-store-read")

    @classmethod
    async def open(cls, path: Path) -> "SqliteStore":
        """Open the file at `path`, made (0600) and migrated where needed, and start the writer.

        Raises StoreError `store-unwritable`, `store-open-to-others`, `store-not-ours`,
        `store-newer-than-program`, `store-busy` or `store-corrupt`.
        """
        return await asyncio.to_thread(cls._open, path)

    @classmethod
    def _open(cls, path: Path) -> "SqliteStore":
        connection = connect(path)
        try:
            reading.read_tree(connection)
            reader = connect_to_read(path)
        except BaseException:
            connection.close()
            raise
        writer = Writer(connection)
        writer.start()
        return cls(writer, reader)

    @property
    def is_writable(self) -> bool:
        """Whether what was written last became durable; after a failure `probe` tries."""
        return self._writer.stopped is None and not self._writer.is_failing

    async def open_run(
        self,
        run: Run,
        *,
        bindings: Mapping[str, str],
        token_ids: tuple[TokenUse, ...],
        record: Record,
        only_active: bool = False,
    ) -> OpenOutcome:
        """Open the run with its bindings, token uses and record, all of them or nothing.

        With `only_active` under no other policy version than the active one, where there is one. A
        refusal has written nothing, no record either.
        """
        change = OpenRun(run, bindings, token_ids, leaf_bytes(record), only_active)
        return cast("OpenOutcome", await self._submit(change))

    async def use_run(
        self,
        run_id: str,
        *,
        digest: bytes | None,
        now: float,
        leaf: bytes,
        refuse: Callable[[UseOutcome], bytes],
        policy_version: str | None = None,
    ) -> UseOutcome:
        """Append `leaf` if the run is live at `now` and `digest` is of a token of it.

        Else append the leaf of `refuse`, and say why.

        State and record are one transaction (invariant 6). Both leaves are from `leaf_bytes`;
        `refuse` is called in the writer's thread, and only for a run that is not live.
        """
        change = UseRun(run_id, digest, now, leaf, refuse, policy_version)
        return cast("UseOutcome", await self._submit(change))

    async def append(self, *records: Record) -> None:
        """Append the records next to each other."""
        await self._submit(Append(tuple(leaf_bytes(record) for record in records)))

    async def finish_run(
        self, run_id: str, *, to: RunState, at: int, because: str | None, record: Record
    ) -> FinishOutcome:
        """End or revoke the run at `at` (Unix seconds); the record is written if that changed it.

        Open becomes ended or revoked, ended becomes revoked, nothing goes back.
        """
        change = FinishRun(run_id, to, at, because, leaf_bytes(record))
        return cast("FinishOutcome", await self._submit(change))

    async def rotate_token(
        self,
        run_id: str,
        *,
        expected: bytes,
        new: bytes,
        previous_until: int,
        now: float,
        record: Record,
    ) -> bool:
        """Replace the token digest `expected` by `new`; False if it is another or not live."""
        change = RotateToken(run_id, expected, new, previous_until, now, leaf_bytes(record))
        return cast("bool", await self._submit(change))

    async def put_policy(self, version: str, document: str) -> None:
        """Store a policy's document under its version; once there it never changes.

        Raises StoreError `policy-version-reused` for another document.
        """
        await self._submit(PutPolicy(version, document))

    async def activate_policy(
        self, version: str, document: str, *, record: Record, rebind: Rebind | None = None
    ) -> ActivateOutcome:
        """Store a policy version and open new runs under it alone, from when this returns.

        With `rebind` open runs go on under it or are revoked, in the same transaction. A version
        that is active already is then recorded again, else not.
        """
        policy = PutPolicy(version, document)
        change = ActivatePolicy(policy, leaf_bytes(record), rebind)
        return cast("ActivateOutcome", await self._submit(change))

    async def probe(self) -> None:
        """Try to write, and change nothing. Raises as every change does."""
        await self._submit(Probe())

    async def put_issuers(self, urls: Mapping[str, str]) -> None:
        """Store the issuers' URLs under their names; a name once used stays with its issuer.

        Raises StoreError `issuer-renamed`, and then none is stored.
        """
        await self._submit(PutIssuers(urls))

    async def policy(self, version: str) -> str | None:
        """Return the document of a policy version."""
        return await self._read(lambda: reading.read_policy(self._reader, version))

    async def active_policy(self) -> str | None:
        """Return the policy version that new runs are opened under."""
        return await self._read(lambda: reading.read_active(self._reader))

    async def signing_keys(self) -> list[SigningKey]:
        """Return every signing key that is not forgotten, in the order they were made."""
        return await self._read(lambda: reading.read_keys(self._reader))

    async def add_signing_keys(
        self, keys: Sequence[SigningKey], *, among: Iterable[str], records: Sequence[Record]
    ) -> bool:
        """Add keys, with their records, if the stored ones are exactly those of `among`."""
        leaves = tuple(leaf_bytes(record) for record in records)
        return cast("bool", await self._submit(AddKeys(tuple(keys), frozenset(among), leaves)))

    async def publish_signing_keys(
        self, signs_from: Mapping[str, int], *, at: int, record: Record
    ) -> None:
        """Note that these keys are published since `at`, and from when each may sign."""
        await self._submit(PublishKeys(dict(signs_from), at, leaf_bytes(record)))

    async def retire_signing_key(
        self, kid: str, *, at: int, record: Record, heirs: Mapping[str, int] | None = None
    ) -> bool:
        """Withdraw a key and wipe its private part; False where there is none that is not."""
        retired = RetireKey(kid, at, leaf_bytes(record), dict(heirs or {}))
        return cast("bool", await self._submit(retired))

    async def tidy_signing_keys(self, *, wipe: Iterable[str], drop: Iterable[str]) -> None:
        """Wipe the private parts of keys that sign no more, forget keys no token of is taken."""
        await self._submit(TidyKeys(tuple(wipe), tuple(drop)))

    async def run(self, run_id: str) -> Run | None:
        """Return the run as it is on the disk."""
        return await self._read(lambda: reading.read_run(self._reader, run_id))

    async def runs(
        self,
        *,
        state: RunState | None = None,
        opener: tuple[str, str] | None = None,
        subject: tuple[str, str] | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Run]:
        """Return at most `limit` runs, the newest first; `after` is the last id of a page before.

        `opener` and `subject` are (issuer, subject). An expired run keeps the state it had.
        """
        return await self._read(
            lambda: reading.read_runs(
                self._reader, state=state, opener=opener, subject=subject, after=after, limit=limit
            )
        )

    async def head(self) -> Head:
        """Return the size and the root of the audit log."""
        return await self._read(lambda: reading.read_head(self._reader))

    async def leaves(self, *, after: int = -1, limit: int = 1_000) -> list[StoredLeaf]:
        """Return at most `limit` leaves whose index is above `after`."""
        return await self._read(lambda: reading.read_leaves(self._reader, after, limit))

    async def close(self) -> None:
        """Write what waits, then close. What is submitted later fails with `store-closed`."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._reading.shutdown()
        self._reader.close()
        # Last: the last connection moves the write-ahead log into the file, and a reader can't.
        self._writer.stop()

    def _submit(self, change: Change) -> "asyncio.Future[object]":
        return self._writer.submit(change)

    async def _read(self, read: Callable[[], T]) -> T:
        try:
            answer = asyncio.get_running_loop().run_in_executor(self._reading, read)
        except RuntimeError as error:
            raise StoreError("store-closed", "the store is closed") from error
        try:
            return await answer
        except sqlite3.Error as error:
            raise translate(error) from error
