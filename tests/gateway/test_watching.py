"""A call under way: its client may leave, its run may end, and it may take its time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.answered import Answered
from tests.gateway.calling import REFUND, Gate, gate
from tests.gateway.changing import call, revoke
from tests.gateway.fake_upstreams import FakeServers
from valetkey.gateway import answers, endpoint, watching


async def test_a_long_call_becomes_a_stream_that_says_it_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "QUIET_SECONDS", 0.01)
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND, hangs=True)
        assert answer.is_stream
        servers.released.set()
        await answer.until(1)
        await answer.over()
        assert answer.body.startswith(b": ping")
        assert answer.messages[-1]["result"]["resultType"] == "complete"


async def test_closing_the_stream_cancels_a_modern_call(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        sending = asyncio.create_task(_hang_up(made, "modern"))
        await sending
        assert servers.links[0].cancelled == 1


async def test_closing_the_connection_does_not_cancel_a_legacy_call(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        task = asyncio.create_task(_hang_up(made, "legacy"))
        await servers.until(1)
        await asyncio.sleep(0.02)
        assert not task.done()
        servers.released.set()
        await task
        assert servers.links[0].cancelled == 0


async def _hang_up(made: Gate, revision: str) -> None:
    """Post a call and hang up at once."""
    answering: list[Answered] = []
    serve = made._serve

    async def serving(scope: dict[str, Any], body: bytes, answer: Answered) -> None:
        if b"tools/call" in body:
            answering.append(answer)
            answer.hang_up.set()
        await serve(scope, body, answer)

    made._serve = serving  # type: ignore[method-assign]
    await call(made, revision, REFUND)


async def test_a_run_that_is_revoked_during_a_call_hears_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "QUIET_SECONDS", 0.02)
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND, hangs=True)
        await revoke(made)
        await answer.over()
        assert (answer.number, answer.code) == (-31001, "run-revoked")
        assert servers.links[0].cancelled == 1


async def test_a_run_has_so_many_calls_under_way_and_others_have_theirs(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        bob = await made.another("bob", department="finance")
        tasks = [asyncio.create_task(made.modern("tools/call", REFUND)) for _ in range(64)]
        await servers.until(64)
        beyond = await made.modern("tools/call", REFUND)
        assert (beyond.status, beyond.code) == (429, "too-many-requests")
        other = await made.modern("tools/list", token=bob)
        assert other.status == 200
        servers.released.set()
        for task in tasks:
            assert (await task).status == 200
        assert (await made.modern("tools/list")).status == 200


async def test_who_reads_nothing_does_not_outlive_revocation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "QUIET_SECONDS", 0.02)
    for module in (answers, endpoint):
        monkeypatch.setattr(module, "MOMENT_SECONDS", 0.01)
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND, hangs=True)
        async with answer.grown:  # nothing more can be sent
            await asyncio.sleep(0.05)
            await revoke(made)
            await answer.over()
        assert servers.links[0].cancelled == 1
