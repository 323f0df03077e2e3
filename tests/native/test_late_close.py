"""An answer is there when it says so: what stands in between may close its connection late."""

import json
from pathlib import Path

import pytest

from tests.native.programs import Done, start_program
from tests.sandbox.conftest import write_private
from tests.sandbox.raw_server import late_server

BODY = json.dumps(
    {
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": "2027-01-15T09:00:00Z",
    }
).encode()
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FIRST, REST = b"10\r\n" + BODY[:16] + b"\r\n", b"%x\r\n" % len(BODY[16:]) + BODY[16:] + b"\r\n"


def draw(words: tuple[str, ...], pieces: list[bytes], folder: Path) -> Done:
    """Let the program ask a server that sends these pieces and then keeps the connection open."""
    token_file = write_private(folder / "token", "vkr_run_of-a-test")
    with late_server(pieces, pause_seconds=0.05) as server:
        url = f"{server}/v1/credentials/g"
        arguments = ["--url", url, "--token-file", str(token_file), "--timeout", "1.5"]
        return start_program(words, arguments, {})


@pytest.mark.parametrize(
    "pieces",
    [
        [LENGTH + BODY],
        [LENGTH[:20], LENGTH[20:], BODY[:10], BODY[10:]],
        [CHUNKED + FIRST + REST + b"0\r\n\r\n"],
        [CHUNKED, FIRST, REST, b"0\r\n\r\n"],
    ],
)
def test_a_whole_answer_is_taken_though_its_connection_stays_open(
    program: tuple[str, ...], tmp_path: Path, pieces: list[bytes]
) -> None:
    done = draw(program, pieces, tmp_path)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["AccessKeyId"] == "ASIA1"


@pytest.mark.parametrize(
    "pieces",
    [
        [LENGTH + BODY[:-1]],
        [CHUNKED + FIRST + REST],
        [CHUNKED + FIRST + REST + b"0\r\n"],
        [b"HTTP/1.1 200 OK\r\n\r\n" + BODY],
    ],
)
def test_what_is_not_whole_is_waited_for_and_never_taken(
    program: tuple[str, ...], tmp_path: Path, pieces: list[bytes]
) -> None:
    done = draw(program, pieces, tmp_path)
    assert (done.exit_code, done.code, done.stdout) == (1, "broker-slow", b"")
