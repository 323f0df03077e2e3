"""One request of a command: bounded in bytes and in time, and it follows nobody elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from valetkey.cli.fetching import Answer, fetch
from valetkey.errors import ValetkeyError
from valetkey.secret import Secret


@asynccontextmanager
async def answering(*pieces: bytes, pause: float = 0.0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that says `pieces` to whatever it is asked, and closes."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    finally:
        server.close()


async def code_of(call: Callable[[], Answer]) -> str:
    with pytest.raises(ValetkeyError) as caught:
        await asyncio.to_thread(call)
    return caught.value.code


async def test_an_answer_is_its_status_and_its_body() -> None:
    async with answering(b"HTTP/1.1 418 x\r\nContent-Length: 2\r\n\r\n{}") as (url, heard):
        found = await asyncio.to_thread(lambda: fetch(f"{url}/a?b=c", bearer=Secret("token")))
    assert found == Answer(418, b"{}")
    assert heard[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"Authorization: Bearer token\r\n" in heard[0]


async def test_a_redirect_is_an_answer_and_the_token_goes_nowhere_else() -> None:
    async with answering() as (other, heard):
        to_other = f"HTTP/1.1 307 x\r\nLocation: {other}/\r\nContent-Length: 0\r\n\r\n".encode()
        async with answering(to_other) as (url, _):
            found = await asyncio.to_thread(lambda: fetch(url, bearer=Secret("token")))
    assert (found.status, heard) == (307, [])


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000,
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_cut_off_too_large_or_not_http_is_refused(said: bytes) -> None:
    async with answering(said) as (url, _):
        assert await code_of(lambda: fetch(url)) == "server-answer-unreadable"


async def test_an_answer_that_drips_is_not_waited_for() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    async with answering(head, *[b"x"] * 100, pause=0.05) as (url, _):
        assert await code_of(lambda: fetch(url, seconds=0.2)) == "server-slow"


async def test_nobody_there_is_told() -> None:
    async with answering() as (url, _):
        pass
    assert await code_of(lambda: fetch(url)) == "server-unreachable"


async def test_a_server_that_closes_without_a_word_is_told() -> None:
    async with answering() as (url, _):
        code = await code_of(lambda: fetch(url))
    assert code in {"server-answer-unreadable", "server-unreachable"}


async def test_a_head_that_drips_is_not_waited_for() -> None:
    """Each line within the time of one read: only a deadline ends it."""
    lines = (b"X-%d: x\r\n" % number for number in range(100))
    async with answering(b"HTTP/1.1 200 OK\r\n", *lines, pause=0.02) as (url, _):
        assert await code_of(lambda: fetch(url, seconds=0.2)) == "server-slow"
