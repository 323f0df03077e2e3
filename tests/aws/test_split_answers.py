"""An answer of STS arrives in as many packets as the network likes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.aws.serving import ASSUMED, FakeEndpoint, sts_at
from tests.aws.test_sts import REQUEST
from valetkey.aws import AwsError


@asynccontextmanager
async def answering(pieces: list[bytes]) -> AsyncIterator[str]:
    """A server that writes these pieces with a pause between them."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        size = sum(map(len, pieces))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_an_answer_in_two_packets_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    body = ASSUMED.replace("PACKED", "6").encode()
    async with (
        answering([body[:100], body[100:]]) as url,
        sts_at(FakeEndpoint(), monkeypatch, endpoint_url=url) as client,
    ):
        assert (await client.assume_role(REQUEST)).access_key_id == "ASIA1"


async def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        answering([b"x" * 50_000, b"x" * 50_000]) as url,
        sts_at(FakeEndpoint(), monkeypatch, endpoint_url=url) as client,
    ):
        with pytest.raises(AwsError) as caught:
            await client.assume_role(REQUEST)
    assert (caught.value.code, caught.value.detail) == ("aws-failed", "a huge answer")
