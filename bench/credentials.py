"""Cached hand-outs per second, beside nginx serving a static file of the same size.

Each hand-out checks the run token, reads the run's state and appends a durable audit record. One
core for the server, one for wrk, the same run. It needs Linux, `wrk` and `nginx` (Debian packages).
`python bench/credentials.py [--seconds 5] [--runs 10000] [--json]`
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from valetkey.demo.issuer import AUDIENCE, DemoIssuer

SERVER_CORE, LOAD_CORE = "0", "1"
CONNECTIONS = 32
HERE = Path(__file__).parent
CONFIG = """
[broker]
listen = "127.0.0.1:0"
[aws]
region = "eu-west-1"
endpoint_url = "{sts}"
[[issuers]]
name = "bench"
url = "{issuer}"
audiences = ["{audience}"]
algorithms = ["ES256"]
[[trust]]
name = "people"
issuer = "bench"
claims = {{ kind = "person" }}
may = "be-worked-for"
[[trust]]
name = "opener"
issuer = "bench"
claims = {{ sub = "opener" }}
may = "open-runs"
for = ["people"]
[tags]
user_id = "{{subject.sub}}"
[[grants]]
name = "tenant-data"
role = "arn:aws:iam::111122223333:role/Agent"
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def process(command: Sequence[str], core: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(["taskset", "-c", core, *command], **options)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("a server of the bench did not start")


def wrk(url: str, seconds: int, token: str | None, *, form: str | None = None) -> dict[str, float]:
    """Ask for `url` again and again, or post `form` to it."""
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["--latency", *(["-H", f"Authorization: {token}"] if token else [])]
    command += [url] if form is None else ["-s", str(HERE / "form.lua"), url, "--", form]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(f"the server refused: {text}")
    return rates(text)


def rates(text: str) -> dict[str, float]:
    """Read what wrk printed."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert rate is not None, text
    return {
        "per_second": float(rate[1]),
        "p50_ms": _latency(text, "50%"),
        "p99_ms": _latency(text, "99%"),
    }


def _latency(text: str, which: str) -> float:
    found = re.search(rf"{which}\s+([\d.]+)(us|ms|s)", text)
    assert found is not None, text
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


async def open_runs(url: str, issuer: DemoIssuer, count: int, *, draw: bool) -> list[str]:
    """Open runs, 32 at a time, each for another person; return their tokens."""
    opener = issuer.sign("opener")
    headers = {"Authorization": f"Bearer {opener}"}
    limit = asyncio.Semaphore(CONNECTIONS)
    async with aiohttp.ClientSession() as http:

        async def one(number: int) -> str:
            async with limit:
                subject = issuer.sign(f"person-{number}", {"kind": "person"})
                body = {"subject_token": subject}
                async with http.post(f"{url}/v1/runs", json=body, headers=headers) as answer:
                    answer.raise_for_status()
                    token: str = (await answer.json())["run_token"]
                if draw:
                    where = f"{url}/v1/credentials/tenant-data"
                    async with http.get(where, headers={"Authorization": token}) as answer:
                        answer.raise_for_status()
                return token

        return await asyncio.gather(*(one(number) for number in range(count)))


@contextlib.contextmanager
def broker(
    folder: Path, issuer: DemoIssuer, *, recorded: bool, more: str = ""
) -> Iterator[tuple[str, int]]:
    """A real `valetkey serve`; without records it is the same program over a store that lies.

    `more` is appended to its configuration.
    """
    port = free_port()
    config = folder / f"valetkey-{recorded}.toml"
    config.write_text(
        CONFIG.format(sts=f"http://127.0.0.1:{port}", issuer=issuer.url, audience=AUDIENCE) + more
    )
    environ = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environ |= {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench"}
    program = ["-m", "valetkey"] if recorded else [str(HERE / "without_record.py")]
    command = [sys.executable, *program, "serve", "--json", "--config", str(config)]
    with process([sys.executable, str(HERE / "stub_sts.py"), str(port)], LOAD_CORE):
        wait_for(port)
        with process(command, SERVER_CORE, stdout=subprocess.PIPE, env=environ) as started:
            assert started.stdout is not None
            said = json.loads(started.stdout.readline())
            yield said["url"], said["pid"]


def measure(seconds: int, runs: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, DemoIssuer() as issuer:
        folder = Path(name)
        with broker(folder, issuer, recorded=True) as (url, _pid):
            token = asyncio.run(open_runs(url, issuer, 1, draw=True))[0]
            where = f"{url}/v1/credentials/tenant-data"
            size = len(_get(where, token))
            wrk(where, 1, token)
            found["valetkey, durable record each"] = wrk(where, seconds, token)
        with broker(folder, issuer, recorded=False) as (url, _):
            token = asyncio.run(open_runs(url, issuer, 1, draw=True))[0]
            found["valetkey, no record (diagnostic)"] = wrk(
                f"{url}/v1/credentials/tenant-data", seconds, token
            )
        found["nginx, static file of that size"] = _nginx(folder, size, seconds)
    return {"body_bytes": size, "throughput": found, "memory": memory(runs)}


def _get(url: str, token: str) -> bytes:
    async def get() -> bytes:
        async with (
            aiohttp.ClientSession() as http,
            http.get(url, headers={"Authorization": token}) as answer,
        ):
            return await answer.read()

    return asyncio.run(get())


def _nginx(folder: Path, size: int, seconds: int) -> dict[str, float]:
    port = free_port()
    (folder / "www").mkdir()
    (folder / "www" / "static").write_bytes(b"x" * size)
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    with process(["nginx", "-c", str(folder / "nginx.conf")], SERVER_CORE):
        wait_for(port)
        wrk(f"http://127.0.0.1:{port}/static", 1, None)
        return wrk(f"http://127.0.0.1:{port}/static", seconds, None)


def memory(runs: int) -> dict[str, float]:
    """Resident memory of the broker at rest, with open runs, and with credentials held for all."""
    with (
        tempfile.TemporaryDirectory() as name,
        DemoIssuer() as issuer,
        broker(Path(name), issuer, recorded=True) as (url, pid),
    ):
        asyncio.run(open_runs(url, issuer, 200, draw=True))  # warm: pools and caches stand
        before = resident_mb(pid)
        asyncio.run(open_runs(url, issuer, runs, draw=False))
        opened = resident_mb(pid)
        asyncio.run(open_runs(url, issuer, runs, draw=True))
        held = resident_mb(pid)
    return {
        "runs": runs,
        "at_rest_mb": before,
        "open_kb_a_run": (opened - before) * 1024 / runs,
        "open_and_held_kb_a_run": (held - opened) * 1024 / runs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "nginx", "taskset") if shutil.which(tool) is None]
    if missing:
        raise SystemExit(f"install {', '.join(missing)} first (Debian packages of these names)")
    found = measure(options.seconds, options.runs)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    table = Table("what", "per second", "p50 ms", "p99 ms", "of nginx")
    baseline = found["throughput"]["nginx, static file of that size"]["per_second"]
    for what, row in found["throughput"].items():
        table.add_row(
            what,
            f"{row['per_second']:,.0f}",
            f"{row['p50_ms']:.2f}",
            f"{row['p99_ms']:.2f}",
            f"{row['per_second'] / baseline:.2f}",
        )
    console = Console()
    console.print(table)
    console.print(f"{found['body_bytes']} bytes, {CONNECTIONS} connections, one core each")
    m = found["memory"]
    console.print(
        f"memory: {m['at_rest_mb']:.0f} MB at rest; {m['runs']:,} open runs "
        f"{m['open_kb_a_run']:.2f} kB each, {m['open_and_held_kb_a_run']:.2f} kB with credentials"
    )


if __name__ == "__main__":
    main()
