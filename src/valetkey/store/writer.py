"""The one thread that writes: all changes that wait go into one durable transaction.

A caller hears of its change only after COMMIT has returned with `synchronous=FULL`. When a commit
fails, every caller of the batch fails. When the thread ends, every caller fails, now and later.
It knows no use case: a change is a value with `apply`.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias

from valetkey.audit import Tree
from valetkey.store import sql
from valetkey.store.batch import Batch
from valetkey.store.changes import Change, UseRun
from valetkey.store.errors import StoreError
from valetkey.store.schema import translate

# Bounds how long the first of a batch waits for the last.
MAX_BATCH: Final = 1_024

Waiting: TypeAlias = "tuple[Change, asyncio.Future[Any]]"
Settled: TypeAlias = "tuple[asyncio.Future[Any], object]"

# What SQLite says of one change's values, not of the file; the transaction goes on.
_OWN_FAULT: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
)


class Failed:
    """A change that failed alone, as the batch carries it to its caller."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


class Writer:
    """Owns the connection from `start` on; `submit` is called on event loops."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._turns: dict[asyncio.AbstractEventLoop, list[Waiting]] = {}
        self._thread = threading.Thread(target=self._run, name="valetkey-store", daemon=True)
        self._tree: Tree | None = None
        self._stopped: StoreError | None = None
        self._failing = False

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def stopped(self) -> StoreError | None:
        """Why nothing is written any more; None while the writer works."""
        return self._stopped

    @property
    def is_failing(self) -> bool:
        """Whether the last transaction could not be written; the next one may be."""
        return self._failing

    def submit(self, change: Change) -> "asyncio.Future[Any]":
        """Return a future of what the change gives, done after it is durable or has failed.

        A caller that gives up does not take its change back: it may be durable already.
        """
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        turn = self._turns.get(loop)
        if turn is None:
            turn = self._turns[loop] = []
            loop.call_soon(self._hand_over, loop)
        turn.append((change, future))
        return future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Queue what one turn of the loop submitted: together, or each would be a transaction."""
        for waiting in self._turns.pop(loop, ()):
            self._queue.put(waiting)
        if self._stopped is not None:
            self._fail_waiting(self._stopped)

    def stop(self) -> None:
        """Write what waits, then close the connection. Blocks until that is done."""
        for loop in list(self._turns):
            self._hand_over(loop)
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        why = StoreError("store-stopped", "the store's writer ended")
        try:
            while self._take_turn():
                pass
            why = StoreError("store-closed", "the store is closed")
        except BaseException as error:  # noqa: BLE001 - the thread ends here, whatever it is
            why.detail = repr(error)
        finally:
            self._stopped = why
            self._fail_waiting(why)
            self._connection.close()

    def _take_turn(self) -> bool:
        """Write one batch; return False when asked to stop. Raises when nothing more may follow."""
        waiting: list[Waiting] = []
        item = self._queue.get()
        while item is not None:
            waiting.append(item)
            if len(waiting) == MAX_BATCH:
                break
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
        if not waiting:
            return False
        try:
            results = self._commit([change for change, _ in waiting])
        except BaseException as error:
            self._failing = True
            _deliver(waiting, [Failed(_told(error)) for _ in waiting])
            self._undo()
            if not isinstance(error, Exception):
                raise
        else:
            self._failing = False
            _deliver(waiting, results)
        return item is not None

    def _commit(self, changes: list[Change]) -> list[object]:
        """Apply the changes in order in one transaction; return their results once durable."""
        self._connection.execute(sql.BEGIN)
        batch = Batch(self._connection)
        batch.expect(change.run_id for change in changes if isinstance(change, UseRun))
        results = [
            self._apply(change, batch) if change.writes_rows else change.apply(batch)
            for change in changes
        ]
        tree = batch.flush(self._tree)
        self._connection.execute(sql.COMMIT)
        self._tree = tree
        return results

    def _apply(self, change: Change, batch: Batch) -> object:
        """Apply a change that writes rows, so that its own fault takes back only itself."""
        mark = batch.mark()
        self._connection.execute(sql.SAVE)
        result: object
        try:
            result = change.apply(batch)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, _OWN_FAULT):
                raise
            batch.rewind(mark)
            self._connection.execute(sql.UNDO)
            result = Failed(error)
        self._connection.execute(sql.KEEP)
        return result

    def _undo(self) -> None:
        # After a full disk or an I/O error SQLite may have rolled back by itself.
        if self._connection.in_transaction:
            self._connection.execute(sql.ROLLBACK)

    def _fail_waiting(self, why: StoreError) -> None:
        waiting: list[Waiting] = []
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is not None:
                waiting.append(item)
        _deliver(waiting, [Failed(_again(why)) for _ in waiting])


def _told(error: BaseException) -> StoreError:
    """Return what a caller hears of a batch that was not written."""
    if isinstance(error, sqlite3.Error):
        return translate(error)
    if isinstance(error, StoreError):
        return _again(error)
    return StoreError("store-failed", "the change could not be written", detail=repr(error))


def _again(error: StoreError) -> StoreError:
    # One exception raised by many callers would gather all their tracebacks.
    return StoreError(error.code, error.message, hint=error.hint, detail=error.detail)


def _deliver(waiting: list[Waiting], results: Sequence[object]) -> None:
    """Wake each event loop once, with all that is for it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Settled]] = {}
    for (_, future), result in zip(waiting, results, strict=True):
        by_loop.setdefault(future.get_loop(), []).append((future, result))
    for loop, settled in by_loop.items():
        # RuntimeError: the loop is closed, so nobody is left who could be told.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: list[Settled]) -> None:
    for future, result in settled:
        if future.done():
            continue
        if isinstance(result, Failed):
            future.set_exception(result.error)
        else:
            future.set_result(result)
