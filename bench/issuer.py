"""Tokens minted and exchanged a second, beside the bare signing speed of the library.

In process: the same bytes signed by `cryptography` alone, and minted (decided, spelled, signed,
read back, compared); a run opened and its token exchanged over SQLite with both records, beside
its own two checks and one token without any of that, and beside the library alone. Over HTTP: a
real `valetkey serve`, each exchange with its durable record, one core for the server and one for
`wrk`. What is compared in process takes turns, so that noise hits all alike, and all rates are also
told a second of CPU, for other work on the machine.

It needs Linux and `wrk` (a Debian package). `python -m bench.issuer [--seconds 3] [--json]`
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import statistics
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvloop
from rich.console import Console
from rich.table import Table

from bench import credentials as over_http
from bench.issuer_world import world
from valetkey.demo.issuer import DemoIssuer

ROUNDS = 9
MORE = """
[issuer]
url = "https://id.example.com"
key_encryption = "file:issuer.secret"
[[grants]]
name = "billing"
audience = "https://billing.internal/mcp"
scopes = ["read", "write"]
"""
Operation = Callable[[], Awaitable[object] | object]
Rates = dict[str, float]


async def turns(operations: Mapping[str, Operation], seconds: float, *, callers: int) -> Rates:
    """Let each run for `seconds`, in turns; return the median rate of each, a second of CPU.

    CPU, of all threads, for the machine may have other work; every operation keeps one core busy.
    """
    rates: dict[str, list[float]] = {name: [] for name in operations}
    for number in range(ROUNDS + 1):
        for name, operation in operations.items():
            rate = await _rate(operation, seconds / ROUNDS, callers=callers)
            if number:  # the first turn warms up
                rates[name].append(rate)
    return {name: statistics.median(found) for name, found in rates.items()}


async def _rate(operation: Operation, seconds: float, *, callers: int) -> float:
    count, began = 0, time.process_time()
    end = time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal count
        while time.perf_counter() < end:
            done = operation()
            if isinstance(done, Awaitable):
                await done
            count += 1

    await asyncio.gather(*(caller() for _ in range(callers)))
    return count / (time.process_time() - began)


async def in_process(seconds: float) -> dict[str, Rates]:
    """Measure what is done without a socket, on the core that the server has later."""
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder)) as made:
            minting = await turns(
                {
                    "the library's signature of those bytes": made.signs_alone(made.tool()),
                    "minted for a tool": lambda: made.mint_for(made.tool),
                    "minted for STS": lambda: made.mint_for(made.sts),
                },
                seconds,
                callers=1,
            )
            exchanging = await turns(
                {
                    "its own two checks and one token": made.check_twice_and_mint,
                    "the library's two checks and one signature": made.checks_twice_and_signs(),
                    "a run opened, its token exchanged": made.open_and_exchange,
                    "a token exchanged": made.exchange,
                },
                seconds,
                callers=over_http.CONNECTIONS,
            )
    return {"minting": minting, "exchanging": exchanging}


def through_http(seconds: int) -> dict[str, dict[str, float]]:
    """Exchanges at a real broker, with and without their records."""
    found = {}
    with tempfile.TemporaryDirectory() as name, DemoIssuer() as issuer:
        folder = Path(name)
        secret = urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        (folder / "issuer.secret").write_text(secret)
        (folder / "issuer.secret").chmod(0o600)
        for what, recorded in (("durable record each", True), ("no record (diagnostic)", False)):
            with over_http.broker(folder, issuer, recorded=recorded, more=MORE) as (url, pid):
                token = asyncio.run(over_http.open_runs(url, issuer, 1, draw=False))[0]
                asked = form(token)
                over_http.wrk(f"{url}/oauth/token", 1, None, form=asked)
                before = cpu_seconds(pid)
                row = over_http.wrk(f"{url}/oauth/token", seconds, None, form=asked)
                used = cpu_seconds(pid) - before
                found[what] = row | {"per_cpu_second": row["per_second"] * seconds / used}
    return found


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def form(token: str) -> str:
    """What a sandbox posts to have its run token narrowed."""
    return urlencode(
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "audience": "billing",
        }
    )


def show(found: dict[str, Any]) -> None:
    """Print the rates of each kind as parts of its first row, and those over HTTP."""
    console = Console()
    for what, rates in found["in_process"].items():
        table = Table(what, "per second of CPU", "of the first")
        first = next(iter(rates.values()))
        for name, rate in rates.items():
            table.add_row(name, f"{rate:,.0f}", f"{rate / first:.2f}")
        console.print(table)
    signing = next(iter(found["in_process"]["minting"].values()))
    table = Table("over HTTP", "per second", "p50 ms", "p99 ms", "per second of CPU", "of signing")
    for what, row in found["http"].items():
        rate = row["per_cpu_second"]
        times = f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}"
        told = f"{rate:,.0f}", f"{rate / signing:.3f}"
        table.add_row(what, f"{row['per_second']:,.0f}", *times, *told)
    console.print(table)
    console.print(f"{over_http.CONNECTIONS} callers, one core each for server and load")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    if missing:
        raise SystemExit(f"install {', '.join(missing)} first")
    whole = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(over_http.SERVER_CORE)})
    found: dict[str, Any] = {"in_process": uvloop.run(in_process(options.seconds))}
    os.sched_setaffinity(0, whole)
    found["http"] = through_http(options.seconds)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


if __name__ == "__main__":
    main()
