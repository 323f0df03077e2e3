"""The two programs are one: for whatever they are given, the same code, bytes and exit.

Python's runs in this process, the static one as a process of its own. VALETKEY_EXAMPLES is how
many examples each law is tried on, 150 unless told.
"""

import io
import os
import posix
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.native import wild
from tests.native.answering import AnsweringServer
from tests.native.hostile import CASES, GOOD, SECONDS, URLS, of_body
from tests.native.programs import STATIC, Done, needs_static, start_program
from valetkey.sandbox import process

pytestmark = needs_static
many = settings(
    max_examples=int(os.environ.get("VALETKEY_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


# Two C libraries say the reason in two ways.
_IN_THE_SYSTEMS_WORDS = ("broker-unreachable", "token-file-unreadable")


def in_python(arguments: Sequence[str], environ: Mapping[str, str]) -> Done:
    """Return what the Python program does, without a process."""
    out, err = io.StringIO(), io.StringIO()
    variables = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.dict(posix.environ, variables, clear=True),
    ):
        code = process.main(list(arguments))
    return Done(code, out.getvalue().encode(), err.getvalue().encode())


def assert_same(arguments: Sequence[str], environ: Mapping[str, str] | None = None) -> Done:
    """Return what both programs do."""
    expected = in_python(arguments, environ or {})
    seen = start_program([str(STATIC)], [os.fsencode(word) for word in arguments], environ or {})
    if seen.code == expected.code and seen.code in _IN_THE_SYSTEMS_WORDS:
        expected = replace(expected, stderr=seen.stderr)
    assert seen == expected
    return seen


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    with AnsweringServer() as server:
        yield server


@pytest.fixture(scope="module")
def token_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "token"
        path.touch(mode=0o600)
        path.write_text("vkr_run_token")
        yield path


def test_what_is_known_to_be_hostile_is_read_alike(
    server: AnsweringServer, token_file: Path
) -> None:
    for answer, code in CASES.items():
        server.answer = answer
        assert assert_same(["--url", server.url, "--token-file", str(token_file)]).code == code


def test_an_address_is_read_alike(token_file: Path) -> None:
    for url, code in URLS.items():
        assert assert_same(["--url", url, "--token-file", str(token_file)]).code == code, url


@pytest.mark.parametrize("option", ["--timeout", "--connect-timeout"])
def test_a_time_limit_is_read_alike(token_file: Path, option: str) -> None:
    for seconds, is_one in SECONDS.items():
        good = ["--url", "http://127.0.0.1:1", "--token-file", str(token_file)]
        expected = "broker-unreachable" if is_one else "usage"
        assert assert_same([*good, option, seconds]).code == expected, seconds


def test_the_other_loopback_address_is_reached_alike(token_file: Path) -> None:
    try:
        server = AnsweringServer("::1")
    except OSError:
        pytest.skip("this system has no IPv6")
    with server:
        server.answer = of_body(GOOD)
        for host in ("[::1]", "localhost"):
            url = f"http://{host}:{server.port}/x"
            assert assert_same(["--url", url, "--token-file", str(token_file)]).exit_code == 0
        assert len(server.requests) == 4


@given(answer=wild.answers)
@many
def test_an_answer_is_read_alike(server: AnsweringServer, token_file: Path, answer: bytes) -> None:
    server.answer = answer
    assert_same(["--url", server.url, "--token-file", str(token_file)])


@given(status=st.sampled_from([b"200", b"200", b"403"]), body=wild.bodies)
@many
def test_a_body_is_read_alike(
    server: AnsweringServer, token_file: Path, status: bytes, body: bytes
) -> None:
    server.answer = of_body(body).replace(b"200", status, 1)
    assert_same(["--url", server.url, "--token-file", str(token_file)])


@given(content=wild.tokens, mode=st.sampled_from([0o600, 0o600, 0o600, 0o400, 0o640, 0o604, 0o000]))
@many
def test_a_token_file_is_read_alike(
    server: AnsweringServer, tmp_path: Path, content: bytes, mode: int
) -> None:
    server.answer = of_body(GOOD)
    server.requests.clear()
    path = tmp_path / "token"
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    assert_same(["--url", server.url, "--token-file", str(path)])
    assert len(set(server.requests)) <= 1


@given(
    words=wild.words,
    environ=st.dictionaries(
        st.sampled_from(["VALETKEY_BROKER", "VALETKEY_RUN_TOKEN_FILE"]),
        st.one_of(wild.urls, st.sampled_from(["FILE", "SERVER", ""])),
    ),
)
@many
def test_a_command_line_is_read_alike(
    server: AnsweringServer, token_file: Path, words: list[str], environ: dict[str, str]
) -> None:
    def filled(word: str) -> str:
        root = server.url.partition("/v1/")[0]
        return word.replace("FILE", str(token_file)).replace("SERVER", root)

    server.answer = of_body(GOOD)
    server.requests.clear()
    assert_same([filled(w) for w in words], {n: filled(v) for n, v in environ.items()})
    assert len(set(server.requests)) <= 1


@pytest.mark.parametrize("word", [b"\xff", b"a\xe2\x82", b"\xed\xa0\x80", b"\xc0\x80x", b"\xf5"])
def test_a_word_that_is_no_utf8_is_shown_alike(word: bytes) -> None:
    assert assert_same([os.fsdecode(word)]).code == "grant-name-invalid"


def test_every_character_is_shown_or_hidden_alike() -> None:
    blocks = range(0, 0xD800, 64), range(0xE000, 0x110000, 4096)
    edges = [each for block in blocks for first in block for each in (first - 1, first, first + 1)]
    numbers = {n for n in (*range(0x300), *edges, 0x2026) if n > 0 and not 0xD800 <= n < 0xE000}
    text = "".join(map(chr, sorted(numbers)))
    for first in range(0, len(text), 390):
        assert_same([text[first : first + 390]])
