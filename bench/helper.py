"""How long an SDK waits for `credential_process`: each program beside curl doing the same.

Every program is started as an SDK starts it, against one server on this machine that answers at
once. Each takes its turn in every round, so that a noisy machine is noisy to all of them.

    python bench/helper.py [--json] [--rounds N]
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from valetkey.sandbox import credential_process
from valetkey.sandbox.program import STATIC_PROGRAM

TOKEN = "vkr_run_01jd4z8v7q3kfw2m9x5t6b8c0e_" + "s" * 43


@dataclass(frozen=True, slots=True)
class Figure:
    """One program: milliseconds from its start to its end, and how many times curl's median."""

    name: str
    median_ms: float
    p95_ms: float
    of_curl: float


def serve(ready: Connection) -> None:
    """Answer every connection with the credentials; send the port to `ready` first."""
    values = {"AccessKeyId": "A" * 20, "SecretAccessKey": "s" * 40, "Token": "t" * 900}
    body = json.dumps(values | {"Expiration": "2026-11-21T13:00:00Z"}).encode()
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    ) + body
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    ready.send(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)


@contextmanager
def serving() -> Iterator[str]:
    """Give the address of the credentials, served by another process."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1/credentials/tenant-data"
    finally:
        process.kill()
        process.join()


def commands(url: str, token_file: str) -> dict[str, list[str]]:
    """Every command by its row's name, the baseline first; without what is not here.

    Raises SystemExit without curl, the baseline.
    """
    if shutil.which("curl") is None:
        raise SystemExit("this needs curl to compare with")
    ours = ["--url", url, "--token-file", token_file]
    python_file = str(credential_process.__file__)
    script = f'exec curl -s -H "Authorization: $(cat "{token_file}")" "{url}"'
    listed = {
        "curl, the token among its arguments": ["curl", "-s", "-H", f"Authorization: {TOKEN}", url],
        "curl in a shell that reads the file": ["/bin/sh", "-c", script],
        "static program": [str(STATIC_PROGRAM), *ours],
        "python -I -S credential_process.py": [sys.executable, "-I", "-S", python_file, *ours],
        "valetkey credential-process": [
            str(Path(sys.executable).with_name("valetkey")),
            "credential-process",
            *ours,
        ],
    }
    found = {name: shutil.which(words[0]) for name, words in listed.items()}
    return {name: [path, *words[1:]] for name, words in listed.items() if (path := found[name])}


def start(words: list[str], environment: Mapping[str, str]) -> float:
    """Run the command to its end; return the seconds it took. Raises RuntimeError if it failed."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    started = time.perf_counter()
    child = os.posix_spawn(words[0], words, environment, file_actions=silent)
    _, status = os.waitpid(child, 0)
    took = time.perf_counter() - started
    if status:
        raise RuntimeError(f"{words[0]} failed")
    return took


WARM_ROUNDS = 5  # not counted: the files are read from the disk, and Python compiles its own


def measured(rounds: int) -> list[Figure]:
    """Start every command `rounds` times, in turns."""
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    with serving() as url, tempfile.TemporaryDirectory() as folder:
        token_file = Path(folder) / "token"
        token_file.touch(mode=0o600)
        token_file.write_text(TOKEN)
        listed = commands(url, str(token_file))
        took: dict[str, list[float]] = {name: [] for name in listed}
        for turn in range(-WARM_ROUNDS, rounds):
            for name, words in listed.items():
                seconds = start(words, environment)
                if turn >= 0:
                    took[name].append(seconds * 1e3)
    baseline = statistics.median(next(iter(took.values())))
    return [
        Figure(
            name,
            statistics.median(each),
            p95_ms=statistics.quantiles(each, n=20)[-1],
            of_curl=statistics.median(each) / baseline,
        )
        for name, each in took.items()
    ]


def main() -> None:
    """Measure and print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=200, help="starts of each program")
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error("--rounds is at least 2: of one alone there is no spread")
    figures = measured(options.rounds)
    if options.json:
        print(json.dumps([asdict(figure) for figure in figures]))
        return
    print(f"{'':37}{'median ms':>11}{'p95 ms':>9}{'× curl':>9}")
    for figure in figures:
        spread = f"{figure.median_ms:11.2f}{figure.p95_ms:9.2f}"
        print(f"{figure.name:37}{spread}{figure.of_curl:9.2f}")


if __name__ == "__main__":
    main()
