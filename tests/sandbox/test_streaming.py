"""Answers that are read as they come: their framing, their end, and silence."""

import pytest

from tests.sandbox.raw_server import late_server, raw_server
from valetkey.sandbox.address import parse_address
from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.streaming import StreamRequest, open_stream

REQUEST = StreamRequest("POST", "/mcp", (("X-One", "1"),), b"body")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(answer: bytes) -> tuple[int, bytes]:
    with raw_server(answer) as (url, _):
        streamed = open_stream(parse_address(url), REQUEST, silent_seconds=5)
        try:
            return streamed.status, b"".join(streamed.pieces())
        finally:
            streamed.close()


def test_the_request_is_sent_as_it_was_made() -> None:
    with raw_server(b"HTTP/1.1 204 No\r\n\r\n") as (url, seen):
        open_stream(parse_address(url + "/base"), REQUEST, silent_seconds=5).close()
    head = [b"POST /base/mcp HTTP/1.1", f"Host: {url[7:]}".encode(), b"X-One: 1"]
    assert seen == [b"\r\n".join([*head, b"Connection: close", b"Content-Length: 4", b"", b"body"])]


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (CHUNKED + b"2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n", b"abcde"),
        (CHUNKED + b"0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", b"0123456789"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab and more", b"ab"),
    ],
)
def test_a_body_ends_where_its_framing_says(answer: bytes, body: bytes) -> None:
    assert read(answer) == (200, body)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
        CHUNKED + b"2\r\nab\r\n",
        CHUNKED + b"2\r\na",
        CHUNKED + b"x\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"fffffffff\r\n",
        CHUNKED + b"1" * 2_000,
        CHUNKED + b"0\r\n" + b"a: b\r\n" * 40 + b"\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 8_000,
        b"HTTP/1.1 200 OK\r\nA: b",
    ],
)
def test_what_is_cut_off_or_doubtful_is_never_taken_for_whole(answer: bytes) -> None:
    with pytest.raises(BrokerUnavailableError) as unreadable:
        read(answer)
    assert unreadable.value.code == "broker-answer-unreadable"


def test_no_answer_at_all_says_that_the_request_may_have_arrived() -> None:
    with pytest.raises(BrokerUnavailableError) as lost:
        read(b"")
    assert lost.value.code == "broker-lost"


def test_nobody_there_is_told_apart_since_nothing_was_sent() -> None:
    with raw_server(b"") as (url, _):
        pass
    with pytest.raises(BrokerUnavailableError) as away:
        open_stream(parse_address(url), REQUEST)
    assert away.value.code == "broker-unreachable"


def test_silence_has_an_end_and_slowness_has_none() -> None:
    pieces = [CHUNKED, b"1\r\na\r\n", b"1\r\nb\r\n"]
    with late_server(pieces, pause_seconds=0.15) as url:
        streamed = open_stream(parse_address(url), REQUEST, silent_seconds=0.5)
        got = streamed.pieces()
        assert [next(got), next(got)] == [b"a", b"b"]
        with pytest.raises(BrokerUnavailableError) as slow:
            next(got)
        streamed.close()
    assert slow.value.code == "broker-slow"
