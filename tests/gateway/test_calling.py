"""`tools/call` of both revisions: nothing reaches a server undecided."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.tools import rule
from tests.gateway.calling import META, REFUND, Gate, gate
from tests.gateway.changing import REVISIONS, call, rebind, revoke
from tests.gateway.fake_upstreams import FakeLink, FakeServers, notification, result
from valetkey.broker.tool_call import decide_call
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import Incoming, Kind
from valetkey.gateway.revisions import META_LOG_LEVEL
from valetkey.gateway.trouble import session_lost


@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_was_decided_is_what_is_sent(tmp_path: Path, revision: str) -> None:
    async with gate(tmp_path) as made:
        params = {**REFUND, "arguments": {"order": "ü", "amount": 5e2}}
        assert (await call(made, revision, params)).status == 200
        assert made.servers.raw == [
            '{"name":"refund","arguments":{"amount":500,"order":"ü"}}'.encode()
        ]
        record = (await made.decisions())[-1]
        assert (record["decision"], record["server"], record["tool"]) == (
            "allow",
            "billing",
            "refund",
        )


@pytest.mark.parametrize("revision", REVISIONS)
async def test_at_its_own_path_a_server_has_its_own_names(tmp_path: Path, revision: str) -> None:
    async with gate(tmp_path) as made:
        own = {**REFUND, "name": "refund"}
        assert (await call(made, revision, own, path="/mcp/billing")).status == 200
        wrong = await call(made, revision, REFUND, path="/mcp/billing")
        assert wrong.code == "tool-unknown"
        elsewhere = await call(made, revision, own, path="/mcp/search")
        assert elsewhere.code == "tool-unknown"
        assert len(made.servers.reached) == 1


DENIED: dict[str, tuple[dict[str, Any], str, int]] = {
    "too much": ({"arguments": {"order": "o", "amount": 501}}, "tool-not-permitted", -31001),
    "a soft rule": ({"arguments": {"order": "VIP-1", "amount": 5}}, "approval-needed", -31001),
    "nobody may": ({"name": "billing___delete_all", "arguments": {}}, "tool-unknown", -32602),
    "no such tool": ({"name": "billing___no"}, "tool-unknown", -32602),
    "no such server": ({"name": "other___refund"}, "tool-unknown", -32602),
    "no server": ({"name": "refund"}, "tool-unknown", -32602),
    "separator twice": ({"name": "billing______refund"}, "tool-unknown", -32602),
    "type": ({"arguments": {"order": 5, "amount": 5}}, "tool-arguments-invalid", -32602),
    "missing": ({"arguments": {"order": "o"}}, "tool-arguments-invalid", -32602),
    "undeclared": (
        {"arguments": {"order": "o", "amount": 5, "to": "me"}},
        "tool-arguments-invalid",
        -32602,
    ),
    "not whole": ({"arguments": {"order": "o", "amount": 5.5}}, "tool-arguments-invalid", -32602),
    "list": ({"arguments": []}, "params-invalid", -32602),
    "null": ({"arguments": None}, "params-invalid", -32602),
    "name empty": ({"name": ""}, "params-invalid", -32602),
    "name long": ({"name": "a" * 257}, "params-invalid", -32602),
    "name number": ({"name": 5}, "params-invalid", -32602),
    "more members": ({"argument": {}}, "params-unknown", -32602),
    "progress token": ({"_meta": {"progressToken": []}}, "params-invalid", -32602),
}


@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_is_denied_reaches_no_server(tmp_path: Path, revision: str) -> None:
    async with gate(tmp_path) as made:
        for name, row in DENIED.items():
            await _denied(made, revision, name, row)
        assert made.servers.reached == []


async def _denied(
    made: Gate, revision: str, name: str, row: tuple[dict[str, Any], str, int]
) -> None:
    change, code, number = row
    params = {**REFUND, **change}
    more: dict[str, Any] = {}
    if revision == "modern" and "_meta" in change:
        more = {"meta": {**META, **params.pop("_meta")}}
    if not isinstance(params["name"], str):
        revision = "legacy"  # no header could repeat it
    answer = await call(made, revision, params, **more)
    assert (answer.code, answer.number) == (code, number), name
    assert answer.status == (200 if revision == "legacy" or number == -31001 else 400), name
    assert "VIP" not in answer.body.decode(), name


async def test_a_denial_says_that_a_person_would_be_needed(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        vip = {**REFUND, "arguments": {"order": "VIP-1", "amount": 5}}
        data = (await call(made, "modern", vip)).json["error"]["data"]
        assert data["code"] == "approval-needed"
        assert data["approval"] == "needed"


@pytest.mark.parametrize("revision", REVISIONS)
async def test_unknown_and_invisible_tools_look_alike(tmp_path: Path, revision: str) -> None:
    async with gate(tmp_path) as made:
        guest = await made.another("guest")
        seen = set()
        for name in ("billing___refund", "billing___delete_all", "billing___x", "x___y", "z"):
            answer = await call(made, revision, {**REFUND, "name": name}, token=guest)
            seen.add((answer.status, answer.body))
        assert len(seen) == 1
        assert made.servers.reached == []
        assert made.servers.looked_at == []  # the time that takes would tell


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_tool_that_changed_is_refused_and_recorded(tmp_path: Path, revision: str) -> None:
    servers = FakeServers(obstacles={"refund": ("tool-changed", "the tool has changed")})
    async with gate(tmp_path, servers=servers) as made:
        answer = await call(made, revision, REFUND)
        assert (answer.number, answer.code) == (-31002, "tool-changed")
        assert (await made.decisions())[-1]["code"] == "tool-changed"
        assert servers.reached == []


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_server_in_trouble_hurts_its_own_callers_alone(
    tmp_path: Path, revision: str
) -> None:
    servers = FakeServers(broken={"billing": GatewayError("server-unreachable", "no way")})
    async with gate(tmp_path, servers=servers) as made:
        answer = await call(made, revision, REFUND)
        assert (answer.status, answer.number, answer.code) == (200, -31002, "server-unreachable")
        search = {"name": "search___search", "arguments": {"query": "x"}}
        assert (await call(made, revision, search)).status == 200
        guest = await made.another("guest")
        hidden = await call(made, revision, REFUND, token=guest)
        assert hidden.code == "tool-unknown"


async def test_the_callers_meta_is_cut_to_what_is_known(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin()
        meta = {
            "progressToken": "p",
            "traceparent": "00-a",
            "com.example/admin": True,
            "io.modelcontextprotocol/related-task": {"taskId": "1"},
        }
        await made.legacy("tools/call", {**REFUND, "_meta": meta, "task": {}}, session=session)
        sent = made.servers.reached[0].params
        assert sent["_meta"] == {"progressToken": "p", "traceparent": "00-a"}
        assert set(sent) == {"name", "arguments", "_meta"}


@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_precedes_a_response_makes_it_a_stream(tmp_path: Path, revision: str) -> None:
    progress = {"progressToken": 1, "progress": 1}
    said = [
        notification("notifications/progress", progress),
        notification("notifications/unheard-of", {}),
        notification("notifications/message", {"level": "info", "data": "x"}),
        result({"content": []}),
    ]
    servers = FakeServers(says={"tools/call": lambda _: said})
    async with gate(tmp_path, servers=servers) as made:
        answer = await call(made, revision, REFUND)
        assert answer.is_stream
        assert answer.headers["x-accel-buffering"] == "no"
        methods = [message.get("method") for message in answer.messages]
        logged = ["notifications/message"] if revision == "legacy" else []
        assert methods == ["notifications/progress", *logged, None]
        assert answer.messages[0]["params"] == progress


async def test_a_modern_client_hears_logs_if_it_asked_for_them(tmp_path: Path) -> None:
    said = [notification("notifications/message", {"level": "info", "data": "x"}), result({})]
    servers = FakeServers(says={"tools/call": lambda _: said})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND, meta=META | {META_LOG_LEVEL: "info"})
        assert [m.get("method") for m in answer.messages] == ["notifications/message", None]


async def test_no_line_break_of_a_server_ends_an_event(tmp_path: Path) -> None:
    raw = b'{"content":\r\n\r\n[]}'
    said = [
        notification("notifications/progress", {}),
        Incoming(kind=Kind.RESPONSE, result=raw),
    ]
    servers = FakeServers(says={"tools/call": lambda _: said})
    async with gate(tmp_path, servers=servers) as made:
        assert (await made.modern("tools/call", REFUND)).messages[-1]["result"]["content"] == []


async def test_a_server_that_ends_without_a_response_has_failed(tmp_path: Path) -> None:
    said = [notification("notifications/unheard-of", {})]
    servers = FakeServers(says={"tools/call": lambda _: said})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND)
        assert (answer.number, answer.code) == (-31002, "server-answer-malformed")


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'"x"'])
async def test_a_result_that_is_no_object_is_not_passed_on(tmp_path: Path, raw: bytes) -> None:
    said = [Incoming(kind=Kind.RESPONSE, result=raw)]
    servers = FakeServers(says={"tools/call": lambda _: said})
    async with gate(tmp_path, servers=servers) as made:
        for revision in REVISIONS:
            answer = await call(made, revision, REFUND)
            assert (answer.number, answer.code) == (-31002, "server-answer-malformed")


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_revoked_run_calls_nothing_more(tmp_path: Path, revision: str) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin() if revision == "legacy" else None
        await revoke(made)
        if session is None:
            answer = await made.modern("tools/call", REFUND)
        else:
            answer = await made.legacy("tools/call", REFUND, session=session)
        assert (answer.status, answer.code) == (401, "run-revoked")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert made.servers.reached == []


@pytest.mark.parametrize("method", ["tools/list", "ping", "prompts/list", "x"])
async def test_a_revoked_run_is_told_nothing_at_all(tmp_path: Path, method: str) -> None:
    async with gate(tmp_path) as made:
        session = await made.begin()
        await revoke(made)
        answer = await made.legacy(method, session=session)
        assert (answer.status, answer.code) == (401, "run-revoked")
        again = await made.legacy("initialize", {"protocolVersion": "2025-11-25"})
        assert again.status == 401
        assert made.servers.reached == []


async def test_a_policy_of_another_version_decides_from_the_next_call_on(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        assert (await made.modern("tools/call", REFUND)).status == 200
        await rebind(made, rule("forbid", "billing___refund") + rule("permit", "search___search"))
        answer = await made.modern("tools/call", REFUND)
        assert answer.number in {-31001, -32602}
        assert len(made.servers.reached) == 1


async def test_a_tool_under_a_version_of_just_now_is_looked_at_before_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = FakeServers()
    async with gate(tmp_path, servers=servers) as made:

        async def rebound(*given: Any, **more: Any) -> Any:
            monkeypatch.setattr("valetkey.gateway.calling.decide_call", decide_call)
            await rebind(made, rule("permit", "billing___refund") + "// another version\n")
            servers.obstacles["refund"] = ("tool-changed", "the tool has changed")
            return await decide_call(*given, **more)

        monkeypatch.setattr("valetkey.gateway.calling.decide_call", rebound)
        answer = await made.modern("tools/call", REFUND)
        assert answer.code == "tool-changed"
        assert servers.looked_at == [("billing", "refund")] * 2
        assert servers.reached == []


@pytest.mark.parametrize("changed", [False, True])
async def test_a_call_goes_on_in_another_session_only_after_that_was_looked_at(
    changed: bool, tmp_path: Path
) -> None:
    def forget(link: FakeLink) -> list[Incoming]:
        servers.says.clear()
        if changed:
            servers.obstacles["refund"] = ("tool-changed", "the tool has changed")
        raise session_lost()

    servers = FakeServers(says={"tools/call": forget})
    async with gate(tmp_path, servers=servers) as made:
        answer = await made.modern("tools/call", REFUND)
        assert len(servers.reached) == (1 if changed else 2)
        first, second = await made.decisions()
        assert (first["decision"], second["decision"] == "allow") == ("allow", not changed)
        assert answer.code == "tool-changed" if changed else answer.result
