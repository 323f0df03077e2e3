"""Each program, given what no broker sends: the code that says so, and nothing else."""

from collections.abc import Iterator
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


def draw(words: tuple[str, ...], server: AnsweringServer, folder: Path) -> Done:
    token_file = write_private(folder / "token", TOKEN)
    return start_program(words, ["--url", server.url, "--token-file", str(token_file)], {})


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
