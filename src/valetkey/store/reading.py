"""Reading a store: what the broker lists, and the audit log for who has only the file.

It writes nothing. `LogReader` needs no broker and disturbs none.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

from valetkey.audit import Broken, Head, StoredLeaf, Tree, Verified, verify
from valetkey.credentials import SigningKey
from valetkey.runs import Run, RunState
from valetkey.store import sql
from valetkey.store.batch import tree_of
from valetkey.store.rows import key_of, run_of
from valetkey.store.schema import connect_to_read, damaged, translate

_PAGE: Final = 1_000
# Below every index SQLite can hold: a row slipped in before index 0 must be seen.
_BEFORE_ALL: Final = -(2**63)


def read_run(connection: sqlite3.Connection, run_id: str) -> Run | None:
    """Return the run of that id."""
    row = connection.execute(sql.READ_RUN, (run_id,)).fetchone()
    return None if row is None else run_of(row)


def read_runs(
    connection: sqlite3.Connection,
    *,
    state: RunState | None,
    opener: tuple[str, str] | None,
    subject: tuple[str, str] | None,
    after: str | None,
    limit: int,
) -> list[Run]:
    """Return a page of runs, the newest first. An unknown `after` gives an empty page."""
    where: list[str] = []
    values: list[str | int] = []
    if state is not None:
        where.append(sql.OF_STATE)
        values.append(state.value)
    if opener is not None:
        where.append(sql.OF_OPENER)
        values += opener
    if subject is not None:
        where.append(sql.OF_SUBJECT)
        values += subject
    if after is not None:
        where.append(sql.AFTER_RUN)
        values.append(after)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    statement = f"{sql.READ_RUNS}{condition} {sql.NEWEST_FIRST}"
    return [run_of(row) for row in connection.execute(statement, (*values, limit))]


def read_policy(connection: sqlite3.Connection, version: str) -> str | None:
    """Return the document of that policy version."""
    row = connection.execute(sql.READ_POLICY, (version,)).fetchone()
    return None if row is None else str(row[0])


def read_active(connection: sqlite3.Connection) -> str | None:
    """Return the version that new runs are opened under; None before one was activated."""
    row = connection.execute(sql.READ_ACTIVE).fetchone()
    return None if row is None else str(row[0])


def read_keys(connection: sqlite3.Connection) -> list[SigningKey]:
    """Return every signing key, in the order they were made."""
    return [key_of(row) for row in connection.execute(sql.READ_KEYS)]


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the current head. Raises StoreError `store-corrupt` if it is missing."""
    row = connection.execute(sql.READ_HEAD).fetchone()
    if row is None:
        raise damaged("the head of the audit log is missing")
    return Head(*row)


def read_tree(connection: sqlite3.Connection) -> Tree:
    """Return the tree at the head. Raises StoreError `store-corrupt` if the row is no tree's."""
    row = connection.execute(sql.READ_TREE).fetchone()
    if row is None:
        raise damaged("the head of the audit log is missing")
    return tree_of(*row)


def read_leaves(connection: sqlite3.Connection, after: int, limit: int) -> list[StoredLeaf]:
    """Return at most `limit` leaves whose index is above `after`, by rising index."""
    return [StoredLeaf(*row) for row in connection.execute(sql.READ_LEAVES, (after, limit))]


class LogReader:
    """The audit log of a store file, opened read-only; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises StoreError `store-absent`, `store-not-ours`, `store-corrupt`, …."""
        self._connection = connect_to_read(path)
        self._path = path

    def __enter__(self) -> "LogReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def head(self) -> Head:
        """Return the current head."""
        try:
            return read_head(self._connection)
        except sqlite3.Error as error:
            raise translate(error, self._path) from error

    def run(self, run_id: str) -> Run | None:
        """Return the run of that id."""
        try:
            return read_run(self._connection, run_id)
        except sqlite3.Error as error:
            raise translate(error, self._path) from error

    def policy(self, version: str) -> str | None:
        """Return the document of a policy version, None for one that is not stored."""
        try:
            return read_policy(self._connection, version)
        except sqlite3.Error as error:
            raise translate(error, self._path) from error

    def leaves(self, *, after: int = -1) -> Iterator[StoredLeaf]:
        """Yield the leaves whose index is above `after`, as far as the log goes by then.

        Call it again with the last index to follow a log that grows.
        """
        while True:
            try:
                page = read_leaves(self._connection, after, _PAGE)
            except sqlite3.Error as error:
                raise translate(error, self._path) from error
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].index

    def verify(self) -> Verified | Broken:
        """Verify the whole log as it is at one moment, while a broker may go on writing.

        Raises StoreError `store-corrupt` where SQLite itself can't read the file.
        """
        try:
            self._connection.execute(sql.BEGIN_TO_READ)
            try:
                row = self._connection.execute(sql.READ_HEAD).fetchone()
                heads = (Head(*past) for past in self._connection.execute(sql.READ_HEADS))
                leaves = self.leaves(after=_BEFORE_ALL)
                return verify(leaves, heads, head=None if row is None else Head(*row))
            finally:
                self._connection.execute(sql.ROLLBACK)
        except sqlite3.Error as error:
            raise translate(error, self._path) from error
