"""What one turn of the event loop asks for is one transaction, and a close loses none of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valetkey.audit import TokenRefused
from valetkey.errors import ValetkeyError
from valetkey.store import SqliteStore
from valetkey.store.writer import Writer


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many changes each transaction had."""
    found: list[int] = []
    commit: Callable[..., Any] = Writer._commit

    def counted(self: Writer, changes: list[Any]) -> list[object]:
        found.append(len(changes))
        result: list[object] = commit(self, changes)
        return result

    monkeypatch.setattr(Writer, "_commit", counted)
    return found


async def test_one_turn_is_one_transaction(tmp_path: Path, sizes: list[int]) -> None:
    store = await SqliteStore.open(tmp_path / "valetkey.db")
    sizes.clear()
    await asyncio.gather(*(store.append(TokenRefused(at=n, code="x")) for n in range(20)))
    # The thread may wake at the first of them; the rest is there when it comes back.
    assert sum(sizes) == 20
    assert len(sizes) <= 2
    await store.close()


async def test_what_waits_in_a_turn_is_written_when_the_store_closes(tmp_path: Path) -> None:
    path = tmp_path / "valetkey.db"
    store = await SqliteStore.open(path)
    waiting = [asyncio.create_task(store.append(TokenRefused(at=n, code="x"))) for n in range(3)]
    await asyncio.sleep(0)  # they have submitted, and their turn is not over
    await store.close()
    await asyncio.gather(*waiting)
    again = await SqliteStore.open(path)
    assert len(await again.leaves()) == 3
    await again.close()


async def test_a_closed_store_fails_what_comes_later(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "valetkey.db")
    await store.close()
    with pytest.raises(ValetkeyError) as caught:
        await store.append(TokenRefused(at=1, code="x"))
    assert caught.value.code.startswith("store-")
