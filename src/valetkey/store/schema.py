"""The SQLite file: made, opened, checked and brought forward. It holds no statement of a use case.

A schema version is the number of migrations a file has had. They only go forward: a file that a
later program has migrated is refused, never guessed at.
"""

import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from valetkey.audit import Tree
from valetkey.store.errors import StoreError

# "vltk": tells our files from others' (SQLite file format §1.3, application id).
APPLICATION_ID: Final = 0x766C746B
# How long another process on the same file may hold the write lock before we say no.
BUSY_TIMEOUT_MS: Final = 5_000
# A checkpoint copies the log into the file and syncs both: rarer than the default 1000 pages
# (16 MiB of log), so that it is not in the p99 of a hand-out.
CHECKPOINT_PAGES: Final = 4_000
JOURNAL_LIMIT_BYTES: Final = 64 * 1024 * 1024

_FIRST: Final = """
CREATE TABLE runs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (id NOT GLOB '*[^!-~]*'),
  subject_issuer TEXT NOT NULL, subject TEXT NOT NULL,
  actor_issuer TEXT NOT NULL, actor TEXT NOT NULL, actor_rule TEXT NOT NULL,
  tags TEXT NOT NULL, attributes TEXT NOT NULL, grants TEXT NOT NULL,
  policy_version TEXT NOT NULL,
  opened_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'ended', 'revoked')),
  token_digest BLOB NOT NULL,
  previous_digest BLOB, previous_until INTEGER NOT NULL,
  ended_at INTEGER, because TEXT
) STRICT;
CREATE INDEX runs_by_subject ON runs (subject_issuer, subject);
CREATE INDEX runs_by_actor ON runs (actor_issuer, actor);
CREATE TABLE policies (version TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE work_bindings (
  key TEXT NOT NULL, value TEXT NOT NULL,
  issuer TEXT NOT NULL, subject TEXT NOT NULL, run TEXT NOT NULL,
  PRIMARY KEY (key, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE issuers (name TEXT PRIMARY KEY, url TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE token_uses (
  issuer TEXT NOT NULL, token_id TEXT NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY (issuer, token_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_uses_by_until ON token_uses (until);
CREATE TABLE audit_leaves (
  idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE audit_heads (size INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT;
CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL, root BLOB NOT NULL, frontier BLOB NOT NULL
) STRICT;
"""
_SIGNING_KEYS: Final = """
CREATE TABLE signing_keys (
  seq INTEGER PRIMARY KEY,
  kid TEXT NOT NULL UNIQUE, issuer TEXT NOT NULL, algorithm TEXT NOT NULL, public TEXT NOT NULL,
  created_at INTEGER NOT NULL, published_at INTEGER, signs_from INTEGER, retired_at INTEGER,
  kms_key TEXT, sealed BLOB,
  CHECK ((published_at IS NULL) = (signs_from IS NULL)),
  CHECK (signs_from >= published_at),
  CHECK (kms_key IS NULL OR sealed IS NULL)
) STRICT;
"""
_TOOLS: Final = """ALTER TABLE runs ADD COLUMN facts TEXT NOT NULL DEFAULT '{}';
CREATE TABLE active_policy (id INTEGER PRIMARY KEY CHECK (id = 1), version TEXT NOT NULL) STRICT;
"""
# Only ever appended to: a released migration is never edited.
MIGRATIONS: Final = (_FIRST, _SIGNING_KEYS, _TOOLS)


def connect(path: Path) -> sqlite3.Connection:
    """Open the store at `path` for writing, made and migrated where needed; owner-only (0600).

    Raises StoreError `store-unwritable`, `store-open-to-others`, `store-not-ours`,
    `store-newer-than-program` or `store-corrupt`.
    """
    _make_private(path)
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            _configure(connection)
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise translate(error, path) from error
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open an existing store read-only, beside a running broker or without one.

    Raises StoreError `store-absent`, and as `connect` does.
    """
    if not path.is_file():
        raise StoreError("store-absent", f"there is no store at `{path}`")
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            _check_version(connection, at_least=1)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise translate(error, path) from error
    return connection


def damaged(what: str, *, detail: str | None = None) -> StoreError:
    """Return the error for a store that does not hold what was written."""
    return StoreError(
        "store-corrupt",
        what,
        hint="stop the broker, keep the file for who looks into it, and put a backup in its place",
        detail=detail,
    )


def translate(error: sqlite3.Error, path: Path | None = None) -> StoreError:
    """Name what SQLite says: `store-corrupt`, `store-busy` or, for all else, `store-unwritable`."""
    where = f" at `{path}`" if path else ""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(f"the store{where} is damaged", detail=str(error))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(
            "store-busy",
            f"another process keeps the store{where} locked",
            hint="end what has it open, a backup or `sqlite3`, or wait for it",
            detail=str(error),
        )
    return StoreError(
        "store-unwritable",
        f"the store{where} can't be written or read",
        hint="check that the disk has room and that the file and its folder are writable",
        detail=f"{name} {error}".strip(),
    )


def _make_private(path: Path) -> None:
    """Leave a file that others can't read; a new one is on the disk with its name.

    A file that is there is looked at, never opened: closing it would drop the POSIX locks that
    SQLite holds on it elsewhere in this process.
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise StoreError(
            "store-unwritable",
            f"the store at `{path}` can't be opened: {(error.strerror or '').lower()}",
            hint="check that the folder exists and that this account may write there",
        ) from error
    if mode & stat.S_IRWXO:
        raise StoreError(
            "store-open-to-others",
            f"the store at `{path}` has mode {mode:04o}: every account here can reach it",
            hint=f"chmod 600 {path}",
        )


def _configure(connection: sqlite3.Connection) -> None:
    """Set what durability hangs on out loud, and check that it took."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _check_version(connection, at_least=0)
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous = FULL")
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level != 2:
        raise StoreError(
            "store-unwritable",
            "the file system does not carry SQLite's write-ahead log",
            hint="put the store on a local disk",
            detail=f"journal_mode {mode}, synchronous {level}",
        )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    # What is wiped is overwritten where it stood: SQLite's own default differs between builds.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}")


def _check_version(connection: sqlite3.Connection, *, at_least: int) -> int:
    """Return the schema version of a file that is ours and not from the future."""
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if owner != APPLICATION_ID and (tables or at_least):
        raise StoreError("store-not-ours", "the file is an SQLite database of another program")
    if version > len(MIGRATIONS):
        raise StoreError(
            "store-newer-than-program",
            f"the store has schema {version}, this program knows {len(MIGRATIONS)}",
            hint="run the version of valetkey that wrote it, or a later one",
        )
    if version < at_least:
        raise StoreError("store-not-ours", "the store was never set up")
    return version


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing in one transaction: a file is at one version or at the other."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another process may have migrated meanwhile.
        version = _check_version(connection, at_least=0)
        for script in MIGRATIONS[version:]:
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
        if version == 0:
            empty = Tree()
            connection.execute(
                "INSERT INTO audit_head (id, size, root, frontier) VALUES (1, 0, ?, x'')",
                (empty.root(),),
            )
        if version < len(MIGRATIONS):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
