"""2025-11-25: initialize, sessions, and what passes between a server and its client in them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.calling import ASKS, JSON_HEADERS, LEGACY, REFUND, gate, hello
from tests.gateway.fake_upstreams import FakeServers, result
from valetkey.gateway import sessions as table
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.revisions import Revision
from valetkey.tools import Json

CALL = {"name": "refund", "arguments": REFUND["arguments"]}


@pytest.mark.parametrize(
    "version", ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "1999-01-01", "2026-07-28"]
)
async def test_whatever_version_is_asked_for_it_is_ours(tmp_path: Path, version: str) -> None:
    async with gate(tmp_path) as made:
        answer = await made.legacy("initialize", hello(version=version), message_id=0)
        assert answer.result["protocolVersion"] == LEGACY
        assert answer.result["serverInfo"]["name"] == "valetkey"
        assert answer.result["capabilities"] == {"tools": {"listChanged": True}, "prompts": {}}
        assert "instructions" not in answer.result
        session = answer.headers["mcp-session-id"]
        assert len(session) == 32
        said = await made.legacy("notifications/initialized", message_id=None, session=session)
        assert (said.status, said.body) == (202, b"")
        assert made.servers.reached == []


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"protocolVersion": 5},
        {"protocolVersion": LEGACY, "capabilities": []},
        {"protocolVersion": LEGACY, "clientInfo": "x"},
        {"protocolVersion": LEGACY, "more": 1},
    ],
)
async def test_an_initialize_that_is_malformed_opens_no_session(
    tmp_path: Path, params: dict[str, Any]
) -> None:
    async with gate(tmp_path) as made:
        answer = await made.legacy("initialize", params)
        assert answer.number == -32602
        assert len(made.app.core.sessions) == 0


async def test_at_one_server_it_offers_what_config_opens_and_the_server_has(
    tmp_path: Path,
) -> None:
    has: dict[str, Json] = {
        "tools": {},
        "prompts": {"listChanged": True},
        "resources": {"subscribe": True},
        "logging": {},
        "completions": {},
        "experimental": {"x": {}},
        "tasks": {},
    }
    async with gate(tmp_path, servers=FakeServers(capabilities=has)) as made:
        found = (await made.legacy("initialize", hello(), path="/mcp/search")).result
        assert found["capabilities"] == {
            "tools": {"listChanged": True},
            "prompts": {"listChanged": True},
            "logging": {},
        }


async def test_a_dead_server_still_greets_with_its_pinned_tools(tmp_path: Path) -> None:
    servers = FakeServers(broken={"search": GatewayError("server-unreachable", "no")})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/search")
        listed = await made.legacy("tools/list", path="/mcp/search", session=session)
        assert [tool["name"] for tool in listed.result["tools"]] == ["search"]


async def test_a_server_is_told_of_the_client_only_what_can_pass(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        more: dict[str, object] = ASKS | {
            "experimental": {"x": {}},
            "extensions": {"y": {}},
            "tasks": {},
        }
        await made.begin("/mcp/billing", capabilities=more)
        client = made.servers.links[0].client
        assert json.loads(client.capabilities) == ASKS
        assert json.loads(client.info) == {"name": "test", "version": "1"}
        assert client.revision is Revision.LEGACY


SESSIONLESS: dict[str, tuple[list[tuple[str, str]], int, str]] = {
    "none": ([], 400, "session-missing"),
    "empty": ([("mcp-session-id", "")], 400, "session-missing"),
    "unknown": ([("mcp-session-id", "x")], 404, "session-unknown"),
    "unknown, other version": (
        [("mcp-session-id", "x"), ("mcp-protocol-version", "2025-06-18")],
        404,
        "session-unknown",
    ),
}


@pytest.mark.parametrize("name", SESSIONLESS)
async def test_without_its_session_nothing_is_served(tmp_path: Path, name: str) -> None:
    headers, status, code = SESSIONLESS[name]
    async with gate(tmp_path) as made:
        for method in ("tools/list", "tools/call", "ping", "notifications/initialized"):
            answer = await made.legacy(method, REFUND, headers=headers)
            assert (answer.status, answer.code) == (status, code)
        assert made.servers.reached == []


@pytest.mark.parametrize("version", ["2025-06-18", "2024-11-05"])
async def test_a_session_speaks_the_version_that_it_agreed_on(tmp_path: Path, version: str) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin()
        head = [("mcp-session-id", session), ("mcp-protocol-version", version)]
        answer = await made.legacy("ping", headers=head)
        assert (answer.status, answer.code) == (400, "version-other")
        assert (await made.legacy("ping", headers=head[:1])).result == {}


async def test_a_session_of_another_run_is_unknown(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin("/mcp/billing", capabilities=ASKS)
        thief = await made.another("mallory", department="finance")
        answer = await made.legacy(
            "tools/call", CALL, session=session, path="/mcp/billing", token=thief
        )
        unknown = await made.legacy(
            "tools/call", CALL, session="x" * 32, path="/mcp/billing", token=thief
        )
        assert (answer.status, answer.body) == (404, unknown.body)
        head = [*JSON_HEADERS, ("mcp-session-id", session)]
        for method in ("GET", "DELETE"):
            taken = await made.send(method, "/mcp/billing", headers=head, token=thief)
            assert (taken.status, taken.code) == (404, "session-unknown")
        assert made.servers.reached == []
        assert (await made.legacy("ping", session=session, path="/mcp/billing")).result == {}


async def test_a_session_is_of_the_path_it_began_at(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin("/mcp/billing")
        for path in ("/mcp", "/mcp/search"):
            answer = await made.legacy("ping", session=session, path=path)
            assert (answer.status, answer.code) == (404, "session-unknown")


async def test_an_ended_session_is_unknown_from_then_on(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin()
        head = [("mcp-session-id", session)]
        assert (await made.send("DELETE", "/mcp", headers=head)).status == 204
        assert made.servers.ended == [session]
        assert (await made.send("DELETE", "/mcp", headers=head)).status == 404
        assert (await made.legacy("ping", session=session)).status == 404


async def test_one_session_more_than_a_run_may_have_ends_its_idlest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "SESSIONS_PER_RUN", 2)
    async with gate(tmp_path) as made:
        first = await made.begin()
        made.made.clock.now += 1
        second = await made.begin()
        made.made.clock.now += 1
        assert (await made.legacy("ping", session=first)).status == 200
        third = await made.begin()
        assert made.servers.ended == [second]
        for session, status in ((first, 200), (second, 404), (third, 200)):
            assert (await made.legacy("ping", session=session)).status == status


async def test_ping_and_unknown_methods(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin()
        assert (await made.legacy("ping", session=session)).result == {}
        for method in ("tasks/list", "server/discover", "subscriptions/listen", "x"):
            answer = await made.legacy(method, session=session)
            assert (answer.status, answer.number) == (200, -32601)


async def test_an_id_that_is_under_way_is_not_taken_twice(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin()
        first = asyncio.create_task(made.legacy("tools/call", REFUND, session=session))
        await servers.until(1)
        again = await made.legacy("ping", session=session)
        assert (again.status, again.code) == (400, "id-in-use")
        servers.released.set()
        assert (await first).status == 200


@pytest.mark.parametrize("message_id", [1, "1"])
async def test_a_client_may_take_its_request_back(tmp_path: Path, message_id: object) -> None:
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin()
        call = asyncio.create_task(
            made.legacy("tools/call", REFUND, session=session, message_id=message_id)
        )
        await servers.until(1)
        other = {"requestId": "1" if message_id == 1 else 1}
        for params in (other, {"requestId": None}, {"requestId": True}, {}):
            said = await made.legacy(
                "notifications/cancelled", params, session=session, message_id=None
            )
            assert said.status == 202
        assert not call.done()
        own = {"requestId": message_id}
        await made.legacy("notifications/cancelled", own, session=session, message_id=None)
        assert (await call).code == "request-cancelled"
        assert servers.links[0].cancelled == 1


async def test_nobody_takes_back_the_request_of_another_session(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        session, other = await made.begin(), await made.begin()
        call = asyncio.create_task(made.legacy("tools/call", REFUND, session=session))
        await servers.until(1)
        own = {"requestId": 1}
        await made.legacy("notifications/cancelled", own, session=other, message_id=None)
        servers.released.set()
        assert "result" in (await call).messages[-1]


async def test_a_change_of_roots_goes_to_the_sessions_servers(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin("/mcp/billing", capabilities=ASKS)
        method = "notifications/roots/list_changed"
        said = await made.legacy(method, session=session, path="/mcp/billing", message_id=None)
        assert said.status == 202
        assert [(r.method, r.params) for r in made.servers.reached] == [(method, None)]


@pytest.mark.parametrize("method", ["notifications/message", "notifications/x", "tools/call"])
async def test_other_notifications_go_nowhere(tmp_path: Path, method: str) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin("/mcp/billing")
        said = await made.legacy(
            method, REFUND, session=session, path="/mcp/billing", message_id=None
        )
        assert said.status == 202
        assert made.servers.reached == []


async def test_the_log_level_is_set_where_a_server_logs(tmp_path: Path) -> None:
    servers = FakeServers(capabilities={"logging": {}}, says={"logging/setLevel": _done})
    async with gate(tmp_path, servers=servers) as made:
        session = await made.begin("/mcp/billing")
        for level, number in (("loud", -32602), (5, -32602)):
            answer = await made.legacy(
                "logging/setLevel", {"level": level}, session=session, path="/mcp/billing"
            )
            assert answer.number == number
        done = await made.legacy(
            "logging/setLevel", {"level": "info"}, session=session, path="/mcp/billing"
        )
        assert done.result == {}
        assert [r.params for r in servers.reached] == [{"level": "info"}]
        whole = await made.begin()
        refused = await made.legacy("logging/setLevel", {"level": "info"}, session=whole)
        assert refused.number == -32601


def _done(_link: object) -> Any:
    return [result({})]
