"""How fast one server's stream is read: what it sends beyond that waits, and costs nobody else."""

from typing import Any

import pytest
from aiohttp import web

from tests.gateway.mcp_server import FakeMcp, sse, stream
from tests.gateway.over_http import asked, linked
from valetkey.gateway import flow
from valetkey.gateway.flow import Flow, parts_of


class Pauses:
    """Counts how often it is waited for the next second, which begins at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(flow, "_next_second", self)
        monkeypatch.setattr("valetkey.gateway.flow.time.monotonic", lambda: 1.0)

    async def __call__(self) -> None:
        self.count += 1


async def test_lines_bytes_and_messages_beyond_a_seconds_worth_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses = Pauses(monkeypatch)
    for most, part in ((flow.MAX_LINES, b":\n" * flow.MAX_LINES), (1, b"a" * flow.MAX_BYTES)):
        one = Flow()
        await one.take(part)
        assert pauses.count == 0, most
        await one.take(b"\n")
        assert pauses.count == 1
        pauses.count = 0
    one = Flow()
    for _ in range(flow.MAX_MESSAGES):
        await one.take_message()
    assert pauses.count == 0
    await one.take_message()
    assert pauses.count == 1


def test_a_piece_of_many_lines_is_looked_at_in_parts() -> None:
    few = b"a" * 100_000 + b"\n"
    assert list(parts_of(few)) == [few]
    many = b"\r" * 10_001
    parts = list(parts_of(many))
    assert b"".join(parts) == many
    assert max(map(len, parts)) < 5_000


async def test_a_flood_of_comments_is_read_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    async def next_second() -> None:
        slept.append(1)

    monkeypatch.setattr(flow, "_next_second", next_second)
    monkeypatch.setattr(flow, "MAX_LINES", 1_000)

    async def flood(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        answer = sse((None, {"jsonrpc": "2.0", "id": message["id"], "result": {}}))
        return await stream(request, b":\n" * 20_000, answer)

    async with linked(FakeMcp(answers={"tools/call": flood})) as link:
        assert (await asked(link))[-1].result == b"{}"
    assert slept
