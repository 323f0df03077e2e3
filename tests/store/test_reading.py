"""A reader needs the file alone, disturbs no writer and finds what was done to the log."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.store.samples import a_run, noted, open_one, use
from valetkey.audit import Broken, Fault, Head, Verified, canonical_json, leaf_hash
from valetkey.store import LogReader, SqliteStore, StoreError

SIZE = 12


async def _a_log(path: Path) -> Head:
    """Leave a closed store whose leaves 0 to 11 were committed one by one."""
    store = await SqliteStore.open(path)
    run = a_run()
    await open_one(store, run)
    for n in range(1, SIZE):
        await (use(store, run.id) if n % 2 else store.append(noted(n)))
    head = await store.head()
    await store.close()
    return head


def _verify(path: Path) -> Verified | Broken:
    with LogReader(path) as reader:
        return reader.verify()


def _tamper(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


async def test_a_log_is_read_without_a_broker(path: Path) -> None:
    head = await _a_log(path)
    with LogReader(path) as reader:
        assert reader.head() == head
        assert [row.index for row in reader.leaves()] == list(range(SIZE))
        assert [row.index for row in reader.leaves(after=9)] == [10, 11]
        assert reader.verify() == Verified(head)


async def test_a_log_is_read_beside_a_writing_broker(store: SqliteStore, path: Path) -> None:
    await store.append(noted(0))
    going_on = True

    async def write() -> None:
        while going_on:
            await store.append(noted(1))

    writers = [asyncio.create_task(write()) for _ in range(8)]
    sizes = []
    for _ in range(10):
        verdict = await asyncio.to_thread(_verify, path)
        assert isinstance(verdict, Verified)
        sizes.append(verdict.head.size)
    going_on = False
    await asyncio.gather(*writers)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


async def test_a_log_is_followed_from_the_last_index(store: SqliteStore, path: Path) -> None:
    await store.append(noted(0), noted(1))
    with LogReader(path) as reader:
        assert [row.index for row in reader.leaves()] == [0, 1]
        await store.append(*(noted(n) for n in range(2, 2_500)))
        assert [row.index for row in reader.leaves(after=1)] == list(range(2, 2_500))


async def test_reading_leaves_no_trace_in_the_folder(path: Path) -> None:
    await _a_log(path)
    before = await asyncio.to_thread(path.read_bytes)
    _verify(path)
    assert await asyncio.to_thread(path.read_bytes) == before


@pytest.mark.parametrize("index", range(SIZE))
async def test_a_leaf_changed_in_the_file_is_named(path: Path, index: int) -> None:
    await _a_log(path)
    leaf = canonical_json({"at": 1, "kind": "run-ended", "v": 1})
    _tamper(path, "UPDATE audit_leaves SET leaf = ? WHERE idx = ?", leaf, index)
    assert _verify(path) == Broken(index, index, Fault.LEAF_CHANGED)
    # Leaf and hash agree again; each was committed alone, so the root still names this one leaf.
    _tamper(path, "UPDATE audit_leaves SET hash = ? WHERE idx = ?", leaf_hash(leaf), index)
    assert _verify(path) == Broken(index, index, Fault.ROOT_DIFFERS)


@pytest.mark.parametrize("index", range(SIZE))
async def test_a_leaf_deleted_from_the_file_is_named(path: Path, index: int) -> None:
    await _a_log(path)
    _tamper(path, "DELETE FROM audit_leaves WHERE idx = ?", index)
    fault = Fault.TAIL_MISSING if index == SIZE - 1 else Fault.LEAF_MISSING
    assert _verify(path) == Broken(index, index, fault)


async def test_two_leaves_swapped_in_the_file_are_named(path: Path) -> None:
    await _a_log(path)
    _tamper(path, "UPDATE audit_leaves SET idx = -1 WHERE idx = 3")
    _tamper(path, "UPDATE audit_leaves SET idx = 3 WHERE idx = 8")
    _tamper(path, "UPDATE audit_leaves SET idx = 8 WHERE idx = -1")
    assert _verify(path) == Broken(3, 3, Fault.ROOT_DIFFERS)


async def test_a_deleted_head_is_found(path: Path) -> None:
    await _a_log(path)
    _tamper(path, "DELETE FROM audit_head")
    assert _verify(path) == Broken(0, 0, Fault.HEAD_MISSING)
    with LogReader(path) as reader, pytest.raises(StoreError) as refused:
        reader.head()
    assert refused.value.code == "store-corrupt"
    assert "backup" in str(refused.value.hint)


async def test_every_flipped_byte_of_a_stored_leaf_is_found_on_the_disk(path: Path) -> None:
    """Whatever byte of a leaf changes in the file, its index is named or the file is refused."""
    await _a_log(path)
    content = await asyncio.to_thread(path.read_bytes)
    marker = b'"code":"n-6"'
    start = content.rindex(b"{", 0, content.index(marker))
    end = content.index(b"}", start) + 1
    for place in range(start, end):
        changed = bytearray(content)
        changed[place] ^= 0x04
        await asyncio.to_thread(path.write_bytes, bytes(changed))
        assert _verify(path) == Broken(6, 6, Fault.LEAF_CHANGED)


async def test_a_file_damaged_anywhere_is_never_verified_as_something_else(path: Path) -> None:
    """Bytes outside leaves hold other tables and free space: verified as it was, or not at all."""
    head = await _a_log(path)
    content = await asyncio.to_thread(path.read_bytes)
    for place in range(0, len(content), 61):
        changed = bytearray(content)
        changed[place] ^= 0x10
        await asyncio.to_thread(path.write_bytes, bytes(changed))
        try:
            verdict = _verify(path)
        except StoreError:
            continue
        assert isinstance(verdict, Broken) or verdict == Verified(head)
