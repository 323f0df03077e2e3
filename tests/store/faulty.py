"""A connection whose disk fails when a test says so: a fake of the disk, a real SQLite."""

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from valetkey.store import SqliteStore
from valetkey.store.schema import connect, connect_to_read
from valetkey.store.writer import Writer


class FaultyConnection(sqlite3.Connection):
    """Raises `fault` instead of running the next statement that begins with `at`.

    It first waits for `gate`, so that a test can let more callers come meanwhile.
    """

    at: str | None = None
    gate: threading.Event | None = None
    fault: BaseException = sqlite3.OperationalError("disk I/O error")
    times = 1

    def execute(self, statement: str, parameters: Iterable[Any] = (), /) -> sqlite3.Cursor:  # type: ignore[override]
        if self.at is not None and statement.startswith(self.at) and self.times > 0:
            self.times -= 1
            if self.gate is not None:
                self.gate.wait(10)
            raise self.fault
        return super().execute(statement, parameters)  # type: ignore[arg-type]


def faulty_store(path: Path) -> tuple[SqliteStore, FaultyConnection]:
    """Return a store at `path` and the connection its writer uses."""
    connect(path).close()
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, factory=FaultyConnection
    )
    connection.execute("PRAGMA synchronous = FULL")
    writer = Writer(connection)
    writer.start()
    return SqliteStore(writer, connect_to_read(path)), connection
