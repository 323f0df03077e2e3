"""One request, one answer, with limits."""

import socket
import time

import pytest

from tests.sandbox.raw_server import late_server, raw_server
from valetkey.errors import ValetkeyError
from valetkey.sandbox.address import parse_address
from valetkey.sandbox.exchange import MAX_ANSWER_BYTES, exchange

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 2\r\n\r\n{}",
        OK + b"content-length:2\r\n\r\n{}",
        OK + b"\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
    ],
)
def test_every_way_to_send_a_body_is_read(answer: bytes) -> None:
    with raw_server(answer) as (url, seen):
        assert exchange(parse_address(url), "/x", authorization="t") == (200, b"{}")
    assert seen[0].startswith(b"GET /x HTTP/1.1\r\n")
    assert b"\r\nAuthorization: t\r\n" in seen[0]


@pytest.mark.parametrize(
    "pieces",
    [
        [OK + b"Content-Length: 2\r\n\r\n{}"],
        [OK, b"Content-Length: 2\r\n\r\n", b"{", b"}"],
        [OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
        [OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", b"0\r\n\r\n"],
    ],
)
def test_an_answer_is_there_when_it_says_so_though_its_connection_stays_open(
    pieces: list[bytes],
) -> None:
    """A proxy or a balancer that closes late must not make every draw too slow."""
    with late_server(pieces, pause_seconds=0.02) as url:
        answer = exchange(parse_address(url), "/x", authorization="t", total_seconds=2)
    assert answer == (200, b"{}")


def test_a_chunk_that_looks_like_the_last_one_is_not_the_end() -> None:
    body = b"5\r\n0\r\n\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    with raw_server(OK + b"Transfer-Encoding: chunked\r\n\r\n" + body, drip_seconds=0.01) as (
        url,
        _,
    ):
        answer = exchange(parse_address(url), "/x", authorization="t")
    assert answer == (200, b"0\r\n\r\n{}")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 20\xb2\r\n\r\n",
        OK + b"Content-Length: \xb2\r\n\r\n{}",
        OK + b"Content-Length: 3\r\n\r\n{}",
        OK + b"Content-Length: 1\r\n\r\n{}",
        OK + b"Content-Length: -2\r\n\r\n{}",
        OK + b"Transfer-Encoding: gzip\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_an_answer_that_was_cut_off_or_is_no_http_is_refused(answer: bytes) -> None:
    with raw_server(answer) as (url, _), pytest.raises(ValetkeyError) as caught:
        exchange(parse_address(url), "", authorization="t")
    assert caught.value.code == "broker-answer-unreadable"


def test_an_endless_answer_is_cut_at_its_limit() -> None:
    with (
        raw_server(OK + b"\r\n" + b"x" * (2 * MAX_ANSWER_BYTES)) as (url, _),
        pytest.raises(ValetkeyError) as caught,
    ):
        exchange(parse_address(url), "", authorization="t")
    assert caught.value.code == "broker-answer-too-large"


def test_an_answer_that_drips_ends_at_the_total_time() -> None:
    started = time.monotonic()
    with (
        raw_server(OK + b"\r\n" + b" " * 1000, drip_seconds=0.05) as (url, _),
        pytest.raises(ValetkeyError) as caught,
    ):
        exchange(parse_address(url), "", authorization="t", total_seconds=0.3)
    assert caught.value.code == "broker-slow"
    assert time.monotonic() - started < 10


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ValetkeyError) as caught:
        exchange(parse_address(f"http://127.0.0.1:{port}"), "", authorization="t")
    assert caught.value.code == "broker-unreachable"


def test_localhost_is_this_machine_without_a_lookup() -> None:
    with raw_server(OK + b"\r\n{}") as (url, _):
        address = parse_address(url.replace("127.0.0.1", "localhost"))
        assert exchange(address, "", authorization="t")[0] == 200


def test_a_redirect_is_not_followed() -> None:
    with raw_server(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n") as (url, seen):
        assert exchange(parse_address(url), "", authorization="t") == (302, b"")
    assert len(seen) == 1


@pytest.mark.parametrize("token", ["", "a\r\nX: y", "a\n", "Bearer a\r\nb", "ä"])
def test_a_token_that_would_split_the_head_is_not_sent(token: str) -> None:
    with raw_server(OK + b"\r\n{}") as (url, seen), pytest.raises(ValetkeyError) as caught:
        exchange(parse_address(url), "", authorization=token)
    assert caught.value.code == "token-illegal"
    assert seen == []


def test_tls_is_spoken_to_https_and_never_dropped() -> None:
    with raw_server(OK + b"\r\n{}") as (url, seen), pytest.raises(ValetkeyError) as caught:
        exchange(parse_address(url.replace("http:", "https:")), "", authorization="secret")
    assert caught.value.code == "broker-tls-refused"
    assert b"secret" not in b"".join(seen)
