"""What pages need beside `valetkey`: a log of known records, and somebody who tampers with it.

`python -m tests.transcripts.tool make-log FILE` and `… flip-a-byte FILE INDEX`.
"""

import asyncio
import sqlite3
import sys
from pathlib import Path

from valetkey.audit import BrokerStarted, HandOutRefused, OpenRefused, RunRevoked
from valetkey.store import SqliteStore

AT = 1_800_000_000_000  # 2027-01-15T08:00:00Z
RUN = "r-" + "a" * 26


async def make_log(path: Path) -> None:
    """Write a store with four records."""
    store = await SqliteStore.open(path)
    try:
        for record in (
            BrokerStarted(at=AT, program="0.1.0", config_digest="0" * 64),
            OpenRefused(at=AT + 1000, code="subject-not-admitted", reason="no rule admits it"),
            RunRevoked(at=AT + 2000, run=RUN, by="operator", because="a screen: \x1b[2J"),
            HandOutRefused(at=AT + 3000, code="run-revoked", run=RUN, grant="tenant-data"),
        ):
            await store.append(record)
    finally:
        await store.close()


def flip_a_byte(path: Path, index: int) -> None:
    """Change one byte of a leaf, as somebody could who may write the file."""
    connection = sqlite3.connect(path)
    with connection:
        (leaf,) = connection.execute(
            "SELECT leaf FROM audit_leaves WHERE idx = ?", (index,)
        ).fetchone()
        changed = leaf.replace(b"operator", b"Operator")
        assert changed != leaf
        connection.execute("UPDATE audit_leaves SET leaf = ? WHERE idx = ?", (changed, index))
    connection.close()


def main(what: str, path: str, *more: str) -> None:
    """Do what a page asks for."""
    if what == "make-log":
        asyncio.run(make_log(Path(path)))
    else:
        flip_a_byte(Path(path), int(more[0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
