"""The file: private, ours, of a version we know, durable as said, or refused."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from valetkey.store import LogReader, SqliteStore, StoreError
from valetkey.store.schema import MIGRATIONS, connect, connect_to_read


def _code(path: Path) -> str:
    with pytest.raises(StoreError) as refused:
        connect(path).close()
    return refused.value.code


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_every_file_of_a_new_store_is_for_its_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        connection = connect(path)
        connection.execute("UPDATE audit_head SET size = 0")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
        connection.close()
    finally:
        os.umask(before)
    assert modes == {
        "valetkey.db": 0o600,
        "valetkey.db-wal": 0o600,
        "valetkey.db-shm": 0o600,
    }


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o666])
def test_a_store_that_others_reach_is_refused(path: Path, mode: int) -> None:
    connect(path).close()
    path.chmod(mode)
    assert _code(path) == "store-open-to-others"


def test_a_commit_is_synced(path: Path) -> None:
    connection = connect(path)
    assert _pragma(connection, "journal_mode") == "wal"
    assert _pragma(connection, "synchronous") == 2  # FULL
    connection.close()


def test_a_store_is_migrated_once(path: Path) -> None:
    connect(path).close()
    connection = connect(path)
    assert _pragma(connection, "user_version") == len(MIGRATIONS)
    assert connection.execute("SELECT count(*) FROM audit_head").fetchone()[0] == 1
    connection.close()


def test_a_store_of_a_later_program_is_refused_and_left_alone(path: Path) -> None:
    connection = connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    assert _code(path) == "store-newer-than-program"
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE notes (text)")
    other.commit()
    other.close()
    path.chmod(0o600)
    before = path.read_bytes()
    assert _code(path) == "store-not-ours"
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"my holiday pictures" * 500)
    path.chmod(0o600)
    assert _code(path) == "store-corrupt"
    assert path.read_bytes() == b"my holiday pictures" * 500


def test_a_missing_folder_is_a_clear_error(path: Path) -> None:
    assert _code(path.parent / "no" / "where.db") == "store-unwritable"


def test_a_half_made_migration_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valetkey.store.schema.MIGRATIONS", (*MIGRATIONS, "SELECT * FROM nowhere"))
    assert _code(path) == "store-unwritable"
    monkeypatch.undo()
    connection = connect(path)
    assert _pragma(connection, "user_version") == len(MIGRATIONS)
    connection.close()


def test_a_later_migration_goes_forward_from_an_older_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(path).close()
    later = (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN later TEXT;\nCREATE TABLE t (x)")
    monkeypatch.setattr("valetkey.store.schema.MIGRATIONS", later)
    connection = connect(path)
    assert _pragma(connection, "user_version") == len(later)
    connection.execute("SELECT later FROM runs")
    connection.close()


def test_a_file_from_before_there_were_tools_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.store.schema.MIGRATIONS", MIGRATIONS[:2])
    connect(path).close()
    monkeypatch.undo()
    connection = connect(path)
    assert connection.execute("SELECT facts FROM runs").fetchall() == []
    assert connection.execute("SELECT version FROM active_policy").fetchall() == []
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM audit_head",
        "UPDATE audit_head SET root = zeroblob(32)",
        "UPDATE audit_head SET size = 1",
        "UPDATE audit_head SET frontier = zeroblob(32)",
        "UPDATE audit_head SET frontier = zeroblob(7)",
    ],
)
async def test_a_store_whose_head_contradicts_itself_is_not_served(path: Path, damage: str) -> None:
    connection = connect(path)
    connection.execute(damage)
    connection.close()
    with pytest.raises(StoreError) as refused:
        await SqliteStore.open(path)
    assert refused.value.code == "store-corrupt"


def test_an_absent_store_is_not_made_by_reading(path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        LogReader(path)
    assert refused.value.code == "store-absent"
    assert not path.exists()


def test_a_reader_can_write_nothing(path: Path) -> None:
    connect(path).close()
    connection = connect_to_read(path)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("UPDATE audit_head SET size = 1")
    connection.close()


def test_an_empty_file_is_no_store_to_a_reader(path: Path) -> None:
    path.touch(0o600)
    with pytest.raises(StoreError) as refused:
        LogReader(path)
    assert refused.value.code == "store-not-ours"
