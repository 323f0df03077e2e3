"""Large messages of one run do not keep another's waiting, and few are taken in at once."""

import asyncio
import threading
from pathlib import Path

import pytest

from tests.gateway.calling import JSON_HEADERS, gate
from valetkey.gateway import bodies
from valetkey.gateway.bodies import Turns, parsed
from valetkey.gateway.faults import Fault
from valetkey.gateway.limits import LARGE_BODY
from valetkey.gateway.request import Message, read_message

SMALL = b'{"jsonrpc":"2.0","id":1,"method":"a"}'
LARGE = SMALL + b" " * LARGE_BODY


async def test_of_a_run_one_large_message_has_its_turn_and_others_have_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.01)
    turns = Turns()
    async with turns.one("a"), turns.one("b"):
        with pytest.raises(Fault) as caught:
            async with turns.one("a"):
                pass
        assert (caught.value.code, caught.value.status) == ("too-many-requests", 429)
    async with turns.one("a"):
        pass


async def test_few_large_messages_of_all_runs_have_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.01)
    monkeypatch.setattr(bodies, "MAX_LARGE", 1)
    turns = Turns()
    async with turns.one("a"):
        with pytest.raises(Fault):
            async with turns.one("b"):
                pass
    async with turns.one("b"):
        pass


async def test_a_large_message_is_read_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def read(body: bytes) -> Message:
        threads.append(threading.current_thread() is threading.main_thread())
        return read_message(body)

    monkeypatch.setattr(bodies, "read_message", read)
    assert await parsed(SMALL) == await parsed(LARGE)
    assert threads == [True, False]


async def test_the_gateway_takes_in_large_messages_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, now = 0, 0

    async def counted(body: bytes) -> Message:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return read_message(body)

    monkeypatch.setattr("valetkey.gateway.endpoint.parsed", counted)
    async with gate(tmp_path) as made:
        sent = (made.send("POST", "/mcp", LARGE, headers=JSON_HEADERS) for _ in range(5))
        answers = await asyncio.gather(*sent)
        assert {answer.code for answer in answers} == {"session-missing"}
        assert most == 1
