"""The stream of a session (2025-11-25): one, its run's own, and over when the run is."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.tools import SEARCH, rule, source
from tests.gateway.answered import Answered
from tests.gateway.calling import Gate, gate
from tests.gateway.changing import rebind, revoke
from tests.gateway.fake_upstreams import FakeServers, notification, request
from valetkey.cli.serve import MAX_CONNECTIONS
from valetkey.gateway import answers, streaming
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.faults import Fault
from valetkey.gateway.limits import MAX_CALLS, MAX_STREAMS
from valetkey.gateway.link import Incoming
from valetkey.gateway.loads import Loads
from valetkey.gateway.revisions import Revision
from valetkey.tools import ServerRules, Surface

ALL = source(servers=(ServerRules("billing", opens=frozenset(Surface)), ServerRules("search")))
SEARCHING = rule("permit", "search___search")
TOOLS = "notifications/tools/list_changed"
PROMPTS = "notifications/prompts/list_changed"


async def listen(made: Gate, session: str, path: str = "/mcp/billing", **more: Any) -> Answered:
    head = [("accept", "text/event-stream"), ("mcp-session-id", session)]
    return await made.send("GET", path, headers=head, **more)


async def begun(made: Gate, **more: Any) -> tuple[str, Answered]:
    session = await made.begin("/mcp/billing", **more)
    return session, await listen(made, session, hangs=True)


async def end(answer: Answered) -> None:
    answer.hang_up.set()
    await answer.over()


async def say(made: Gate, *said: Incoming) -> None:
    await made.servers.until_linked()
    for each in said:
        made.servers.links[0].unasked.put_nowait(each)


async def test_what_a_server_says_unasked_comes_on_the_stream(tmp_path: Path) -> None:
    async with gate(tmp_path, tools=ALL) as made:
        session, stream = await begun(made, capabilities={"roots": {}})
        assert stream.is_stream
        updated = notification("notifications/resources/updated", {"uri": "file:///x"})
        asks = request("roots/list", 9, {})
        await say(made, notification(TOOLS), notification(PROMPTS), updated, asks)
        messages = await stream.until(4)
        assert [m["method"] for m in messages] == [
            TOOLS,
            PROMPTS,
            "notifications/resources/updated",
            "roots/list",
        ]
        said = {"jsonrpc": "2.0", "id": messages[3]["id"], "result": {"roots": []}}
        assert (await made.say(said, session=session, path="/mcp/billing")).status == 202
        assert made.servers.links[0].answers == [(9, b'{"roots":[]}', None)]
        await end(stream)


async def test_a_closed_surface_is_closed_on_the_stream_as_well(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        _, stream = await begun(made)
        updated = notification("notifications/resources/updated", {"uri": "file:///x"})
        await say(made, notification(PROMPTS), updated, notification("x"), notification(TOOLS))
        assert [m["method"] for m in await stream.until(1)] == [TOOLS]
        await end(stream)


async def test_a_session_has_one_stream(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session, stream = await begun(made)
        second = await listen(made, session)
        assert (second.status, second.code) == (409, "stream-open")
        await end(stream)
        third = await listen(made, session, hangs=True)
        assert third.is_stream
        await end(third)


async def test_who_does_not_take_streams_gets_none(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin("/mcp/billing")
        head = [("accept", "application/json"), ("mcp-session-id", session)]
        answer = await made.send("GET", "/mcp/billing", headers=head)
        assert (answer.status, answer.code) == (406, "not-acceptable")


async def test_the_whole_gateway_has_no_stream(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        answer = await listen(made, await made.begin(), "/mcp")
        assert (answer.status, answer.code) == (405, "method-not-allowed")


async def test_the_stream_ends_with_the_session(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session, stream = await begun(made)
        head = [("mcp-session-id", session)]
        assert (await made.send("DELETE", "/mcp/billing", headers=head)).status == 204
        await stream.over()
        assert stream.is_over


async def test_a_stream_whose_session_ends_before_it_begins_is_told_so(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin("/mcp/billing")
        asked = asyncio.create_task(listen(made, session))
        (opened,) = made.app.core.sessions._by_run[made.run_id].values()
        while opened.listener is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
        made.app.core.sessions.close(opened)
        stream = await asked
        assert (stream.status, stream.code) == (404, "session-unknown")


async def test_the_stream_ends_when_the_process_is_told_to_stop(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session, stream = await begun(made)
        made.app.core.stopping.set()
        await stream.over()
        assert stream.is_over
        again = await listen(made, session)
        assert (again.is_stream, again.is_over) == (True, True)


async def test_a_revoked_run_hears_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gate(tmp_path) as made:
        _, stream = await begun(made)
        await revoke(made)
        await say(made, notification(TOOLS))
        await stream.until(1)
        assert (stream.is_over, stream.messages) == (True, [])
        await end(stream)
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.01)
    folder = tmp_path / "quiet"
    folder.mkdir()
    async with gate(folder) as made:
        _, stream = await begun(made)
        await revoke(made)
        await stream.over()
        assert stream.is_over


async def test_the_stream_ends_when_the_token_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.01)
    async with gate(tmp_path) as made:
        _, stream = await begun(made)
        made.made.clock.now += 901
        await stream.over()
        assert stream.is_over


async def test_other_policies_change_the_list_of_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.01)
    async with gate(tmp_path) as made:
        _, stream = await begun(made)
        await rebind(made, rule("permit", "search___search"))
        assert [m["method"] for m in await stream.until(1)] == [TOOLS]
        await asyncio.sleep(0.05)
        assert b": ping" in stream.body
        await end(stream)


@pytest.mark.parametrize("trouble", ["dead", "other revision"])
async def test_a_stream_stays_open_where_a_server_has_none(tmp_path: Path, trouble: str) -> None:
    servers = FakeServers(Revision.MODERN if trouble == "other revision" else Revision.LEGACY)
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/billing")
        if trouble == "dead":
            servers.broken["billing"] = GatewayError("server-unreachable", "no")
        stream = await listen(made, session, hangs=True)
        await asyncio.sleep(0.01)
        assert (stream.is_stream, stream.is_over) == (True, False)
        await end(stream)


async def test_streams_of_all_runs_leave_room_for_what_is_no_stream() -> None:
    loads = Loads(2, 3)
    with loads.one("a"), loads.one("a"), loads.one("b"):
        for run, code in (("a", "too-many-requests"), ("b", "gateway-full")):
            with pytest.raises(Fault) as caught, loads.one(run):
                pass
            assert caught.value.code == code
    with loads.one("b"), loads.one("b"):
        pass
    assert MAX_STREAMS + MAX_CALLS <= MAX_CONNECTIONS * 3 // 4


async def test_streams_of_a_run_are_bounded(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        open_ones = [(await begun(made))[1] for _ in range(16)]
        beyond = await listen(made, await made.begin("/mcp/billing"))
        assert (beyond.status, beyond.code) == (429, "too-many-requests")
        for stream in open_ones:
            await end(stream)
        _, stream = await begun(made)
        assert stream.is_stream
        await end(stream)


@pytest.mark.parametrize("changes", [False, True])
async def test_who_reads_nothing_does_not_outlive_revocation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: bool
) -> None:
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.02)
    for module in (answers, streaming):
        monkeypatch.setattr(module, "MOMENT_SECONDS", 0.01)
    async with gate(tmp_path) as made:
        _, stream = await begun(made)
        async with stream.grown:  # nothing more can be sent
            if changes:
                await rebind(made, rule("permit", "search___search"))
            await asyncio.sleep(0.05)
            await revoke(made)
            await stream.over()


async def test_a_stream_ends_with_the_runs_right_to_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.02)
    async with gate(tmp_path) as made:
        _, stream = await begun(made)
        await rebind(made, SEARCHING, servers=(ServerRules("search"),), tools=(SEARCH,))
        await stream.over()


async def test_a_surface_that_is_closed_meanwhile_is_closed_on_the_stream(tmp_path: Path) -> None:
    async with gate(tmp_path, tools=ALL) as made:
        _, stream = await begun(made)
        await rebind(made, rule("permit", "search___search"))
        await say(made, notification(PROMPTS), notification(TOOLS))
        told = [m["method"] for m in await stream.until(2)]
        assert told == [TOOLS, TOOLS]  # of the policies, and of the server
        await end(stream)
