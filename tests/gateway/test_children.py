"""How many processes a run may have, and which of them ends for another."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.gateway.test_stdio_link import alive
from tests.gateway.test_upstreams import _link, pid_of, stdio, world
from valetkey.gateway.errors import GatewayError


async def test_the_longest_idle_session_makes_place_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.gateway.children.MAX_PER_RUN", 2)
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        pids = [await pid_of(await _link(behind, alice, each)) for each in ("a", "b")]
        assert await pid_of(await _link(behind, alice, "a")) == pids[0]
        pids.append(await pid_of(await _link(behind, alice, "c")))
        assert [alive(pid) for pid in pids] == [True, False, True]
        assert await pid_of(await _link(behind, alice, "b")) not in pids
        monkeypatch.setattr("valetkey.gateway.rooms.SESSION_IDLE_SECONDS", 0)
        await behind.sweep()
        assert not any(map(alive, pids))


async def test_a_process_in_use_makes_no_place_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.gateway.children.MAX_PER_RUN", 1)
    async with world(tmp_path, stdio()) as (made, behind):
        alice = await made.caller("alice", department="finance")
        link = await _link(behind, alice, "a")
        async with contextlib.aclosing(link.listen()) as messages:
            listening = asyncio.create_task(anext(messages))
            await asyncio.sleep(0)
            with pytest.raises(GatewayError) as caught:
                await _link(behind, alice, "b")
            assert caught.value.code == "server-busy"
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
