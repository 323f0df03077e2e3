"""Each program, given what no broker sends: the code that says so, and nothing else."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.native.answering import AnsweringServer
from tests.native.hostile import CASES
from tests.native.programs import Done, start_program
from tests.sandbox.conftest import write_private

TOKEN = "vkr_run_of-a-test"


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    with AnsweringServer() as server:
        yield server


def draw(words: tuple[str, ...], server: AnsweringServer, folder: Path, *, url: str = "") -> Done:
    token_file = write_private(folder / "token", TOKEN)
    arguments = ["--url", url or server.url, "--token-file", str(token_file)]
    return start_program(words, arguments, {})


@pytest.mark.parametrize(
    ("answer", "code"), CASES.items(), ids=[f"{i}-{code}" for i, code in enumerate(CASES.values())]
)
def test_an_answer_is_good_or_refused_by_its_code(
    program: tuple[str, ...], server: AnsweringServer, tmp_path: Path, answer: bytes, code: str
) -> None:
    server.answer = answer
    done = draw(program, server, tmp_path)
    assert (done.exit_code, done.code, bool(done.stdout)) == (bool(code), code, not code)
    assert TOKEN.encode() not in done.stdout + done.stderr
    assert b"111122223333" not in done.stderr
    assert b"\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_the_request_is_the_same_to_the_byte(
    program: tuple[str, ...], server: AnsweringServer, tmp_path: Path
) -> None:
    server.requests.clear()
    draw(program, server, tmp_path)
    assert server.requests == [
        f"GET /v1/credentials/tenant-data HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: {TOKEN}\r\nAccept: application/json\r\nConnection: close\r\n\r\n".encode()
    ]


@pytest.mark.parametrize("path", ["", "/"])
def test_an_address_without_a_path_asks_for_the_root(
    program: tuple[str, ...], server: AnsweringServer, tmp_path: Path, path: str
) -> None:
    server.requests.clear()
    draw(program, server, tmp_path, url=f"http://127.0.0.1:{server.port}{path}")
    assert [request.partition(b"\r\n")[0] for request in server.requests] == [b"GET / HTTP/1.1"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse what they can't queue")
def test_who_takes_no_connection_is_left_at_the_total_time(
    program: tuple[str, ...], tmp_path: Path
) -> None:
    token_file = write_private(tmp_path / "token", TOKEN)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # more than it queues: the next one waits
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        limits = ["--connect-timeout", "20", "--timeout", "0.3"]
        started = time.monotonic()
        done = start_program(program, ["--url", url, "--token-file", str(token_file), *limits], {})
        took = time.monotonic() - started
    assert done.code == "broker-unreachable"
    assert 0.2 < took < 10
