"""A store on a real file, closed after the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from valetkey.store import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "valetkey.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path)
    yield store
    await store.close()
