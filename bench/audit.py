"""How many durable audit records a second, beside what the disk and SQLite give without them.

Every row commits before its caller goes on. `valetkey` rows are whole hand-outs' records: typed,
canonical JSON, leaf hash, Merkle root, and (for `use`) the run's state read in the same
transaction. The bare rows append a ready-made leaf of the same size.

    python bench/audit.py [--json] [--folder DIR] [--seconds S]
"""

import argparse
import asyncio
import json
import os
import queue
import sqlite3
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from valetkey.audit import CredentialsHandedOut, HandOutRefused, RunOpened, leaf_bytes
from valetkey.runs import PrincipalRef, Run, RunState, new_run_id
from valetkey.store import SqliteStore

NOW = 1_800_000_000
RUN_ID = new_run_id(b"\0" * 16)
Append = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: durable records a second, CPU of the process and latency in microseconds."""

    name: str
    callers: int
    per_second: float
    cpu_us: float
    p50_us: float
    p99_us: float


def record() -> CredentialsHandedOut:
    """A hand-out's record, as the broker makes one for each request."""
    return CredentialsHandedOut(
        at=int(time.time() * 1000),
        run=RUN_ID,
        grant="tenant-data",
        role_arn="arn:aws:iam::111122223333:role/AgentTenantData",
        session_name=f"vk-{RUN_ID}",
        access_key_id="ASIAIOSFODNN7EXAMPLE",
        expires_at=NOW + 3600,
        fresh="no",
        packed_policy_size=12,
    )


async def measure(name: str, append: Append, *, callers: int, seconds: float) -> Figure:
    """Let `callers` append one after the other for `seconds`, after a short warm-up."""
    waits: list[float] = []
    stop = 0.0

    async def caller() -> None:
        while (start := time.perf_counter()) < stop:
            await append()
            waits.append(time.perf_counter() - start)

    for span in (min(0.5, seconds / 4), seconds):
        waits.clear()
        began, cpu = time.perf_counter(), time.process_time()
        stop = began + span
        await asyncio.gather(*(caller() for _ in range(callers)))
        took, used = time.perf_counter() - began, time.process_time() - cpu
    waits.sort()
    count = len(waits)
    p50, p99 = waits[count // 2] * 1e6, waits[count * 99 // 100] * 1e6
    return Figure(name, callers, count / took, used / count * 1e6, p50, p99)


class BareFile:
    """The floor: one thread appends what waits and calls `fdatasync` once for all of it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._waiting: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    def append(self, leaf: bytes) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put((leaf, future))
        return future

    def _write(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            os.write(self._file, b"".join(leaf for leaf, _ in batch))
            os.fdatasync(self._file)
            batch[0][1].get_loop().call_soon_threadsafe(self._tell, batch)

    @staticmethod
    def _tell(batch: "list[tuple[bytes, asyncio.Future[None]]]") -> None:
        for _, future in batch:
            if not future.done():
                future.set_result(None)


def bare_inserts(path: Path, leaf: bytes) -> Append:
    """One INSERT a transaction, WAL and `synchronous=FULL`, in the caller's own thread."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE leaves (leaf BLOB NOT NULL)")

    async def append() -> None:
        connection.execute("INSERT INTO leaves (leaf) VALUES (?)", (leaf,))

    return append


async def open_store(path: Path) -> SqliteStore:
    """A store with one open run."""
    store = await SqliteStore.open(path)
    who = PrincipalRef("https://id.example.com", "alice")
    run = Run(
        id=RUN_ID,
        subject=who,
        actor=who,
        actor_rule="orchestrator",
        tags={"user_id": "alice"},
        attributes={},
        grants=("tenant-data",),
        policy_version="1",
        opened_at=NOW,
        expires_at=NOW + 3600,
        state=RunState.OPEN,
        token_digest=b"\0" * 32,
    )
    opened = RunOpened(
        at=NOW * 1000,
        run=RUN_ID,
        subject_issuer=who.issuer,
        subject=who.subject,
        actor_issuer=who.issuer,
        actor=who.subject,
        actor_rule=run.actor_rule,
        tags=run.tags,
        grants=run.grants,
        policy_version=run.policy_version,
        expires_at=run.expires_at,
    )
    await store.open_run(run, bindings={}, token_ids=(), record=opened)
    return store


async def run_all(folder: Path, seconds: float) -> list[Figure]:
    """Measure every row with 1 and 32 callers, in one process, one after the other."""
    leaf = leaf_bytes(record())
    refused = leaf_bytes(HandOutRefused(at=NOW * 1000, code="run-not-open", run=RUN_ID))
    bare = BareFile(folder / "bare")
    store = await open_store(folder / "valetkey.db")
    rows: list[tuple[str, Append]] = [
        ("bare file, group fdatasync", lambda: bare.append(leaf)),
        ("bare SQLite, row by row", bare_inserts(folder / "bare.db", leaf)),
        ("valetkey append", lambda: store.append(record())),
        (
            "valetkey use (state and record)",
            lambda: store.use_run(
                RUN_ID,
                digest=b"\0" * 32,
                now=NOW + 1,
                leaf=leaf_bytes(record()),
                refuse=lambda _: refused,
            ),
        ),
    ]
    figures = [
        await measure(name, append, callers=callers, seconds=seconds)
        for callers in (1, 32)
        for name, append in rows
    ]
    await store.close()
    return figures


def main() -> None:
    """Measure and print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each row")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix=".bench-audit-") as folder:
        figures = uvloop.run(run_all(Path(folder), options.seconds))
    floor = {f.callers: f.per_second for f in figures if f.name.startswith("bare file")}
    if options.json:
        print(
            json.dumps(
                [{**asdict(f), "of_bare_file": f.per_second / floor[f.callers]} for f in figures]
            )
        )
        return
    heads = ("records/s", "× file", "CPU µs", "p50 µs", "p99 µs")
    print(f"{'':32} callers" + "".join(f"{head:>10}" for head in heads))
    for f in figures:
        ratio = f.per_second / floor[f.callers]
        print(
            f"{f.name:32} {f.callers:7}{f.per_second:10,.0f}{ratio:10.2f}{f.cpu_us:10.1f}"
            f"{f.p50_us:10.0f}{f.p99_us:10.0f}"
        )


if __name__ == "__main__":
    main()
