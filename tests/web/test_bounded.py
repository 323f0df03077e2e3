"""Heads of requests are bounded, before any token is looked at, and so is what stays unread."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from valetkey.web import bounded
from valetkey.web.bounded import BoundedProtocol


async def app(scope: Any, receive: Any, send: Any) -> None:
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(
    app: Any = app,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(
        app, port=0, http=BoundedProtocol, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await running


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX-A: "])
async def test_a_head_without_end_ends_the_connection(start: bytes) -> None:
    async with served() as (reader, writer):
        writer.write(start)
        try:
            for _ in range(100):
                writer.write(b"a" * 10_000)
                await writer.drain()
        except ConnectionError:
            return
        assert await ended(reader)


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_silent_connection_is_not_held_for_ever(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "HEAD_SECONDS", 0.2)
    async with served() as (reader, writer):
        writer.write(said)
        assert await ended(reader)


async def test_a_large_body_and_a_second_request_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "HEAD_SECONDS", 0.3)
    async with served() as (reader, writer):
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
            writer.write(b"b" * 200_000)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(6) == b"200000"
            await asyncio.sleep(0.2)


class Large:
    """An application whose answer is `count` pieces of 64 KiB."""

    def __init__(self, count: int, *, last: bool) -> None:
        self.count = count
        self.last = last
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        part = {"type": "http.response.body", "body": b"a" * 65_536, "more_body": True}
        for _ in range(self.count):
            await send(part)
        await send({**part, "more_body": not self.last})
        self.ended.set()


@pytest.mark.parametrize("last", [True, False])
async def test_an_answer_that_nobody_reads_ends_the_connection(
    last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "READ_SECONDS", 0.1)
    large = Large(400, last=last)
    async with served(large) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(large.ended.wait(), 5)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(401 * 65_536), 5)


async def test_a_slow_reader_that_goes_on_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "READ_SECONDS", 0.1)
    large = Large(100, last=True)
    async with served(large) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        size = 0
        while size < 101 * 65_536:
            size += len(await reader.read(500_000))
            await asyncio.sleep(0.005)
