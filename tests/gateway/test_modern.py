"""2026-07-28: the ladder of checks, and answers as the revision has them."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.tools import definition, of_department, rule, source
from tests.gateway.calling import JSON_HEADERS, META, MODERN, REFUND, gate
from tests.gateway.fake_upstreams import FakeServers, error, result
from valetkey.gateway.revisions import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_VERSION,
    Revision,
)
from valetkey.tools import ServerRules


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in META.items() if key != name}


LADDER: dict[str, tuple[dict[str, Any], int, int]] = {
    "no version": ({"meta": without(META_VERSION)}, 400, -32602),
    "no capabilities": ({"meta": without(META_CLIENT_CAPABILITIES)}, 400, -32602),
    "capabilities are a list": ({"meta": META | {META_CLIENT_CAPABILITIES: []}}, 400, -32602),
    "version is a number": ({"meta": META | {META_VERSION: 20260728}}, 400, -32602),
    "info is text": ({"meta": META | {META_CLIENT_INFO: "x"}}, 400, -32602),
    "log level unknown": ({"meta": META | {META_LOG_LEVEL: "loud"}}, 400, -32602),
    "empty meta": ({"meta": {}}, 400, -32602),
    "no headers": ({"headers": []}, 400, -32020),
    "other version in the head": (
        {"headers": [("mcp-protocol-version", "2025-11-25"), ("mcp-method", "tools/list")]},
        400,
        -32020,
    ),
    "other method in the head": (
        {"headers": [("mcp-protocol-version", MODERN), ("mcp-method", "tools/call")]},
        400,
        -32020,
    ),
    "no method in the head": ({"headers": [("mcp-protocol-version", MODERN)]}, 400, -32020),
    "version twice": (
        {"extra": [("mcp-protocol-version", MODERN)]},
        400,
        -32020,
    ),
    "unknown version": (
        {
            "meta": META | {META_VERSION: "1900-01-01"},
            "headers": [("mcp-protocol-version", "1900-01-01"), ("mcp-method", "tools/list")],
        },
        400,
        -32022,
    ),
}


@pytest.mark.parametrize("name", LADDER)
async def test_a_request_that_does_not_say_what_it_must_is_refused(
    tmp_path: Path, name: str
) -> None:
    change, status, number = LADDER[name]
    async with gate(tmp_path) as made:
        answer = await made.modern("tools/list", message_id="x", **change)
        assert (answer.status, answer.number, answer.json["id"]) == (status, number, "x")
        if number == -32022:
            data = answer.json["error"]["data"]
            assert data["supported"] == ["2026-07-28", "2025-11-25"]
            assert data["requested"] == "1900-01-01"


async def test_client_info_may_be_absent(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        answer = await made.modern("tools/list", meta=without(META_CLIENT_INFO))
        assert answer.status == 200


@pytest.mark.parametrize(
    "method",
    [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "tasks/get",
        "tools/Call",
        "x",
    ],
)
async def test_what_the_revision_does_not_have_is_404(tmp_path: Path, method: str) -> None:
    async with gate(tmp_path) as made:
        answer = await made.modern(method, message_id=9)
        assert (answer.status, answer.number, answer.json["id"]) == (404, -32601, 9)
        assert made.servers.reached == []


async def test_there_are_no_sessions_streams_or_responses(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        answer = await made.modern("tools/list", extra=[("mcp-session-id", "stray")])
        assert answer.status == 200
        assert "mcp-session-id" not in answer.headers
        head = [*JSON_HEADERS, ("mcp-protocol-version", MODERN), ("mcp-session-id", "stray")]
        for method in ("GET", "DELETE"):
            assert (await made.send(method, "/mcp/billing", headers=head)).status == 405
        posted = b'{"jsonrpc":"2.0","id":1,"result":{}}'
        refused = await made.send("POST", "/mcp", posted, headers=head)
        assert (refused.status, refused.number) == (400, -32600)


async def test_notifications_are_taken_and_do_nothing(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        body = b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'
        head = [*JSON_HEADERS, ("mcp-protocol-version", MODERN)]
        answer = await made.send("POST", "/mcp", body, headers=head)
        assert (answer.status, answer.body) == (202, b"")
        assert made.servers.reached == []


async def test_discover_says_what_is_here_without_asking_a_server(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        found = (await made.modern("server/discover", message_id="probe")).result
        assert found["supportedVersions"] == ["2026-07-28", "2025-11-25"]
        assert found["capabilities"] == {"tools": {"listChanged": True}, "prompts": {}}
        kept = (found["resultType"], found["ttlMs"], found["cacheScope"])
        assert kept == ("complete", 0, "private")
        assert "instructions" not in found
        assert made.servers.reached == []
        assert made.servers.links == []


async def test_a_result_is_complete_and_verbatim(tmp_path: Path) -> None:
    odd = {"content": [], "structuredContent": {"n": 1e300, "big": 2**70, "t": "é"}}
    servers = FakeServers(says={"tools/call": lambda _: [result(odd)]})
    async with gate(tmp_path, servers=servers) as made:
        assert (await made.modern("tools/call", REFUND)).result == {"resultType": "complete"} | odd


async def test_an_empty_result_is_completed_too(tmp_path: Path) -> None:
    servers = FakeServers(says={"tools/call": lambda _: [result({})]})
    async with gate(tmp_path, servers=servers) as made:
        assert (await made.modern("tools/call", REFUND)).result == {"resultType": "complete"}


async def test_a_questions_answer_goes_with_the_decided_call_and_is_decided_again(
    tmp_path: Path,
) -> None:
    question = {"resultType": "input_required", "inputRequests": {}, "requestState": "s"}
    servers = FakeServers(Revision.MODERN, says={"tools/call": lambda _: [result(question)]})
    async with gate(tmp_path, servers=servers) as made:
        assert (await made.modern("tools/call", REFUND)).result == question
        again = {**REFUND, "inputResponses": {"k": {"action": "accept"}}, "requestState": "s"}
        assert (await made.modern("tools/call", again)).status == 200
        sent = made.servers.reached[-1].params
        assert sent["requestState"] == "s"
        assert sent["inputResponses"] == {"k": {"action": "accept"}}
        denied = {**again, "arguments": {"order": "o-1", "amount": 501}}
        assert (await made.modern("tools/call", denied)).number == -31001
        assert len(made.servers.reached) == 2


async def test_a_server_of_the_other_revision_gets_no_answers_to_questions(
    tmp_path: Path,
) -> None:
    async with gate(tmp_path) as made:
        await made.modern("tools/call", {**REFUND, "inputResponses": {}, "requestState": "s"})
        assert set(made.servers.reached[0].params) == {"name", "arguments"}


@pytest.mark.parametrize(
    ("theirs", "number", "status"),
    [(-32602, -32602, 400), (-32002, -32602, 400), (-32042, -32603, 200), (-5, -5, 200)],
)
async def test_errors_of_servers_pass_in_the_clients_numbers(
    tmp_path: Path, theirs: int, number: int, status: int
) -> None:
    servers = FakeServers(says={"tools/call": lambda _: [error(theirs)]})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND)
        assert (answer.number, answer.status) == (number, status)
        assert answer.json["error"]["message"] == "theirs"


@pytest.mark.parametrize("theirs", [-32020, -32022])
async def test_a_fault_of_ours_at_a_server_is_not_shown_as_the_clients(
    tmp_path: Path, theirs: int
) -> None:
    servers = FakeServers(Revision.MODERN, says={"tools/call": lambda _: [error(theirs)]})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND)
        assert (answer.number, answer.code) == (-31002, "server-refused")


REGION = {"region": {"type": "string", "x-mcp-header": "Region"}}
READ = definition("billing", "read", REGION)  # type: ignore[arg-type]
WITH_HEADERS = source(
    rule("permit", "billing___read", of_department("finance")),
    tools=(READ,),
    servers=(ServerRules("billing"),),
)
CALL = {"name": "billing___read", "arguments": {"region": "eu"}}


async def test_arguments_in_headers_are_compared_and_made_anew(tmp_path: Path) -> None:
    servers = FakeServers(Revision.MODERN)
    async with gate(tmp_path, tools=WITH_HEADERS, servers=servers) as made:
        good = await made.modern("tools/call", CALL, extra=[("mcp-param-region", "eu")])
        assert good.status == 200
        assert servers.reached[0].headers == {"Mcp-Param-region": "eu"}
        for extra in ([], [("mcp-param-region", "us")]):
            bad = await made.modern("tools/call", CALL, extra=extra)
            assert (bad.status, bad.number) == (400, -32020)
        assert len(servers.reached) == 1


async def test_a_tool_that_is_not_for_the_caller_does_not_tell_by_its_headers(
    tmp_path: Path,
) -> None:
    async with gate(tmp_path, tools=WITH_HEADERS) as made:
        guest = await made.another("guest", department="guest")
        hidden = await made.modern("tools/call", CALL, token=guest)
        unknown = await made.modern("tools/call", {**CALL, "name": "billing___no"}, token=guest)
        assert hidden.json == unknown.json
        assert (hidden.status, hidden.code) == (400, "tool-unknown")
