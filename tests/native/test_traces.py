"""What the static program leaves in its memory and on the disk: no run token.

Its wiping of what it received and printed is followed by its end, and not seen from here.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.native.hostile import GOOD, of_body
from tests.native.programs import STATIC, needs_static
from tests.sandbox.conftest import write_private

TOKEN = "vkr_run_that-is-nowhere-else"
pytestmark = [
    needs_static,
    pytest.mark.skipif(sys.platform != "linux", reason="it is seen through Linux's /proc"),
]


@contextmanager
def drawing(folder: Path, *, stdout: int) -> Iterator[tuple[int, socket.socket]]:
    """Start the program; give its process and the connection that it opened and asked on."""
    arguments = ["--token-file", str(write_private(folder / "token", TOKEN))]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        process = subprocess.Popen([STATIC, "--url", url, *arguments], stdout=stdout, env={})
        try:
            connection, _ = listener.accept()
            with connection:
                assert TOKEN.encode() in connection.recv(65_536)
                yield process.pid, connection
        finally:
            process.kill()
            process.wait()


def memory_of(process: int) -> bytes:
    """Return all that the process may write to. Skips the test where the system forbids it."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    spans = [line.split()[0].split("-") for line in lines if line.split()[1].startswith("rw")]
    try:
        with Path(f"/proc/{process}/mem").open("rb") as memory:
            found = b""
            for first, end in spans:
                memory.seek(int(first, 16))
                found += memory.read(int(end, 16) - int(first, 16))
            return found
    except PermissionError:
        pytest.skip("this system shows no process to another")


def test_a_crash_leaves_no_core(tmp_path: Path) -> None:
    with drawing(tmp_path, stdout=subprocess.DEVNULL) as (process, _):
        limits = Path(f"/proc/{process}/limits").read_text().splitlines()
        (core,) = [line for line in limits if line.startswith("Max core file size")]
        assert core.split()[4:6] == ["0", "0"]


def test_once_it_was_sent_the_run_token_is_nowhere_in_memory(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    while _takes(writing):
        pass
    os.set_blocking(writing, True)
    with drawing(tmp_path, stdout=writing) as (process, connection):
        connection.sendall(of_body(GOOD))
        connection.shutdown(socket.SHUT_WR)
        memory = _once_it_prints(process)
    os.close(reading)
    os.close(writing)
    assert TOKEN.encode() not in memory


def _takes(descriptor: int) -> bool:
    try:
        return os.write(descriptor, bytes(4096)) > 0
    except BlockingIOError:
        return False


def _once_it_prints(process: int) -> bytes:
    """Return its memory, all of it read while it waits for room to print.

    The read in which that is first seen does not do: it began while the program still worked.
    """
    for _ in range(200):
        memory = memory_of(process)
        if b'{"Version": 1' in memory and b"ASIA1" in memory:
            return memory_of(process)
        time.sleep(0.02)
    raise AssertionError("it does not print")
