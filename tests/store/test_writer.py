"""The writer under faults: what is not durable is not acknowledged, and nobody waits for ever."""

import asyncio
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from tests.store.faulty import faulty_store
from tests.store.samples import a_run, log, noted, open_one, use
from valetkey.audit import Tree, leaf_bytes
from valetkey.broker.outcomes import OpenVerdict, UseOutcome
from valetkey.store import SqliteStore, StoreError, sql
from valetkey.store.batch import Batch
from valetkey.store.changes import Append
from valetkey.store.policy_changes import PutPolicy
from valetkey.store.schema import connect
from valetkey.store.writer import Writer

STATEMENTS = ["BEGIN", "SELECT size", "INSERT INTO audit_leaves", "UPDATE audit_head", "COMMIT"]


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_a_failed_commit_fails_every_caller_and_the_next_one_works(
    path: Path, statement: str
) -> None:
    store, connection = faulty_store(path)
    await store.append(noted(0))
    connection.at = statement
    results = await asyncio.gather(
        *(store.append(noted(n)) for n in range(1, 33)), return_exceptions=True
    )
    # One batch fails; had the writer taken the first alone, that one.
    failed = [r for r in results if r is not None]
    assert failed
    assert {r.code for r in failed if isinstance(r, StoreError)} == {"store-unwritable"}
    assert len({id(r) for r in failed}) == len(failed)
    await store.append(noted(99))
    assert store.is_writable
    written = [f"n-{n}" for n, r in enumerate(results, 1) if r is None]
    assert [code for _, code in log(path)] == ["n-0", *written, "n-99"]
    await store.close()


async def test_a_store_that_can_not_be_written_says_so_until_it_can(path: Path) -> None:
    store, connection = faulty_store(path)
    seen = []
    for statement in ("COMMIT", "UPDATE audit_head"):
        connection.at, connection.times = statement, 1
        with pytest.raises(StoreError):
            await store.probe()
        seen.append(store.is_writable)
    await store.probe()
    assert [*seen, store.is_writable] == [False, False, True]
    assert log(path) == []
    await store.close()


async def test_nothing_of_a_failed_open_is_there(path: Path) -> None:
    store, connection = faulty_store(path)
    connection.at = "COMMIT"
    run = a_run()
    with pytest.raises(StoreError):
        await open_one(store, run, bindings={"task_id": "t"})
    assert await store.run(run.id) is None
    assert (await open_one(store, run, bindings={"task_id": "t"})).verdict is OpenVerdict.OPENED
    await store.close()
    assert len(log(path)) == 1


@pytest.mark.parametrize(
    "pragma", ["query_only = ON", "max_page_count = 1"], ids=["read-only", "disk-full"]
)
async def test_a_full_or_read_only_disk_acknowledges_nothing(path: Path, pragma: str) -> None:
    store, connection = faulty_store(path)
    run = a_run()
    await open_one(store, run)
    connection.execute(f"PRAGMA {pragma}")
    outcomes = await asyncio.gather(
        *(use(store, run.id) for _ in range(600)), return_exceptions=True
    )
    failed = [o for o in outcomes if o is not UseOutcome.USED]
    assert failed
    assert {o.code for o in failed if isinstance(o, StoreError)} == {"store-unwritable"}
    assert len(log(path)) == 1 + outcomes.count(UseOutcome.USED)
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("PRAGMA max_page_count = 1000000")
    assert await use(store, run.id) is UseOutcome.USED
    await store.close()


async def test_a_locked_store_says_that_it_is_busy(path: Path) -> None:
    store, connection = faulty_store(path)
    connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as refused:
        await store.append(noted(1))
    assert (refused.value.code, bool(refused.value.hint)) == ("store-busy", True)
    other.execute("ROLLBACK")
    other.close()
    await store.append(noted(2))
    await store.close()
    assert [code for _, code in log(path)] == ["n-2"]


async def test_a_writer_that_dies_fails_everybody_now_and_later(path: Path) -> None:
    store, connection = faulty_store(path)
    await store.append(noted(0))
    connection.at, connection.fault = "COMMIT", SystemExit()
    # Without `wait_for` a lost caller would hang this test.
    results = await asyncio.wait_for(
        asyncio.gather(*(store.append(noted(n)) for n in range(40)), return_exceptions=True), 10
    )
    assert all(isinstance(r, StoreError) for r in results)
    with pytest.raises(StoreError) as refused:
        await asyncio.wait_for(store.append(noted(1)), 10)
    assert refused.value.code == "store-stopped"
    assert not store.is_writable
    await store.close()
    assert [code for _, code in log(path)] == ["n-0"]


async def test_callers_that_come_while_the_writer_dies_are_told_too(path: Path) -> None:
    store, connection = faulty_store(path)
    connection.at, connection.fault, connection.gate = "COMMIT", SystemExit(), threading.Event()
    first = asyncio.ensure_future(store.append(noted(0)))
    await asyncio.sleep(0.05)  # the writer holds it and waits at the gate
    later = [asyncio.ensure_future(store.append(noted(n))) for n in range(1, 9)]
    await asyncio.sleep(0)
    connection.gate.set()
    results = await asyncio.wait_for(asyncio.gather(first, *later, return_exceptions=True), 10)
    codes = [r.code for r in results if isinstance(r, StoreError)]
    assert codes == ["store-failed"] + ["store-stopped"] * 8
    await store.close()
    assert log(path) == []


@dataclass(frozen=True)
class RecordsThenFails:
    """A change with a bug: it has written a leaf and a row when it raises."""

    writes_rows: ClassVar[bool] = True

    def apply(self, batch: Batch) -> None:
        batch.record(leaf_bytes(noted(-1)))
        batch.connection.execute(sql.ADD_POLICY, ("v", "d"))
        raise LookupError("a bug")


async def test_a_change_that_raises_takes_back_its_rows_and_leaves_alone(path: Path) -> None:
    writer = Writer(connect(path))
    writer.start()
    results = await asyncio.gather(
        writer.submit(Append((leaf_bytes(noted(0)),))),
        writer.submit(RecordsThenFails()),
        writer.submit(PutPolicy("v", "another")),
        writer.submit(Append((leaf_bytes(noted(1)),))),
        return_exceptions=True,
    )
    await asyncio.to_thread(writer.stop)
    assert [type(r) for r in results] == [type(None), LookupError, type(None), type(None)]
    assert [code for _, code in log(path)] == ["n-0", "n-1"]


async def test_a_failed_rollback_ends_the_writer(path: Path) -> None:
    store, connection = faulty_store(path)
    connection.at = "COMMIT"
    real = connection.execute

    def no_rollback(statement: str, *rest: object) -> sqlite3.Cursor:
        if statement == "ROLLBACK":
            raise sqlite3.OperationalError("disk I/O error")
        return real(statement, *rest)  # type: ignore[arg-type]

    connection.execute = no_rollback  # type: ignore[method-assign]
    with pytest.raises(StoreError) as first:
        await asyncio.wait_for(store.append(noted(1)), 10)
    with pytest.raises(StoreError) as later:
        await asyncio.wait_for(store.append(noted(2)), 10)
    assert (first.value.code, later.value.code) == ("store-unwritable", "store-stopped")
    await store.close()
    assert log(path) == []


async def test_a_head_damaged_under_a_running_broker_stops_every_change(
    store: SqliteStore, path: Path
) -> None:
    await store.append(noted(0))
    intruder = sqlite3.connect(path, isolation_level=None)
    intruder.execute("UPDATE audit_head SET frontier = zeroblob(32)")
    with pytest.raises(StoreError) as refused:
        await store.append(noted(1))
    assert refused.value.code == "store-corrupt"
    intruder.execute("DELETE FROM audit_head")
    intruder.close()
    with pytest.raises(StoreError) as refused:
        await store.append(noted(1))
    assert refused.value.code == "store-corrupt"


async def test_a_leaf_is_never_written_over(store: SqliteStore, path: Path) -> None:
    """A head that was set back would put the next leaf where one is: the batch fails instead."""
    await store.append(noted(0))
    await store.append(noted(1))
    empty = Tree()
    intruder = sqlite3.connect(path, isolation_level=None)
    intruder.execute("UPDATE audit_head SET size = 0, root = ?, frontier = x''", (empty.root(),))
    intruder.close()
    with pytest.raises(StoreError) as refused:
        await store.append(noted(2))
    assert refused.value.code == "store-unwritable"
    assert [leaf.index for leaf in await store.leaves()] == [0, 1]


async def test_two_stores_on_one_file_make_one_log(path: Path) -> None:
    one, two = await SqliteStore.open(path), await SqliteStore.open(path)
    run = a_run()
    await open_one(one, run)

    async def caller(store: SqliteStore, name: int) -> None:
        for n in range(20):
            await store.append(noted(1000 * name + n))
            assert await use(store, run.id) is UseOutcome.USED

    await asyncio.gather(*(caller(s, n) for n in range(8) for s in (one, two)))
    await one.close()
    await two.close()
    assert len(log(path)) == 1 + 2 * 8 * 20 * 2


async def test_callers_on_two_event_loops_are_each_told_on_their_own(
    store: SqliteStore, path: Path
) -> None:
    told: list[object] = []

    async def elsewhere() -> None:
        told.extend(await asyncio.gather(*(store.append(noted(n)) for n in range(50))))

    thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
    thread.start()
    await asyncio.gather(*(store.append(noted(n)) for n in range(50, 100)))
    await asyncio.to_thread(thread.join)
    assert told == [None] * 50
    assert len(log(path)) == 100


async def test_waiting_changes_share_a_commit(store: SqliteStore, path: Path) -> None:
    await asyncio.gather(*(store.append(noted(n)) for n in range(1_000)))
    reader = sqlite3.connect(path)
    commits = reader.execute("SELECT count(*) FROM audit_heads").fetchone()[0]
    reader.close()
    assert commits < 100
