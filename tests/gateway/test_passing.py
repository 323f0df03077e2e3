"""Prompts, resources, completion: closed, or opened and on record before anything goes out."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.tools import source
from tests.gateway.answered import Answered
from tests.gateway.calling import Gate, gate
from tests.gateway.changing import REVISIONS, revoke
from tests.gateway.fake_upstreams import FakeLink, FakeServers, result
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import Incoming
from valetkey.gateway.revisions import Revision
from valetkey.tools import ServerRules, Surface

ALL = frozenset(Surface)
OPEN = source(servers=(ServerRules("billing", opens=ALL), ServerRules("search")))
BOTH = source(servers=(ServerRules("billing", opens=ALL), ServerRules("search", opens=ALL)))
REF = {"type": "ref/prompt", "name": "hello"}
PARAMS: dict[str, dict[str, Any]] = {
    "prompts/list": {},
    "prompts/get": {"name": "hello", "arguments": {"a": "b"}},
    "resources/list": {"cursor": "c"},
    "resources/templates/list": {},
    "resources/read": {"uri": "file:///x"},
    "resources/subscribe": {"uri": "file:///x"},
    "resources/unsubscribe": {"uri": "file:///x"},
    "completion/complete": {"ref": REF, "argument": {"name": "a", "value": ""}},
}
CACHED = ("prompts/list", "resources/list", "resources/templates/list", "resources/read")
OF_SESSIONS = ("resources/subscribe", "resources/unsubscribe")


async def ask(
    made: Gate, revision: str, method: str, params: dict[str, Any], path: str = "/mcp/billing"
) -> Answered:
    if revision == "modern":
        return await made.modern(method, params, path=path)
    return await made.legacy(method, params, path=path, session=await made.begin(path))


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("path", ["/mcp", "/mcp/billing"])
async def test_what_is_closed_is_unknown_and_reaches_no_server(
    tmp_path: Path, revision: str, path: str
) -> None:
    closed = source(servers=(ServerRules("billing"), ServerRules("search")))
    async with gate(tmp_path, tools=closed) as made:
        unknown = await ask(made, revision, "x/y", {}, path)
        for method, params in PARAMS.items():
            answer = await ask(made, revision, method, params, path)
            assert answer.json["error"] == unknown.json["error"], method
            assert answer.number == -32601
        assert made.servers.reached == []


@pytest.mark.parametrize("method", PARAMS)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_is_open_is_on_record_and_passed(
    tmp_path: Path, method: str, revision: str
) -> None:
    async with gate(tmp_path, tools=OPEN) as made:
        answer = await ask(made, revision, method, PARAMS[method])
        if revision == "modern" and method in OF_SESSIONS:
            assert answer.number == -32601
            return
        assert answer.status == 200, answer
        [reached] = made.servers.reached
        assert (reached.method, reached.params) == (method, PARAMS[method])
        record = (await made.decisions())[-1]
        about = {"prompts/get": "hello", "completion/complete": "hello"}.get(method)
        if "uri" in PARAMS[method]:
            about = "file:///x"
        assert (record["method"], record["decision"], record.get("about")) == (
            method,
            "allow",
            about,
        )
        kept = {key: answer.result.get(key) for key in ("resultType", "ttlMs", "cacheScope")}
        complete = "complete" if revision == "modern" else None
        is_cached = complete and method in CACHED
        assert kept == {
            "resultType": complete,
            "ttlMs": 0 if is_cached else None,
            "cacheScope": "private" if is_cached else None,
        }


async def test_what_a_server_calls_public_is_not(tmp_path: Path) -> None:
    page = {"resources": [], "resultType": "complete", "ttlMs": 9_000, "cacheScope": "public"}
    servers = FakeServers(Revision.MODERN, says={"resources/list": lambda _: [result(page)]})
    async with gate(tmp_path, tools=OPEN, servers=servers) as made:
        found = (await ask(made, "modern", "resources/list", {})).result
        assert (found["ttlMs"], found["cacheScope"]) == (0, "private")


MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("prompts/list", {"cursor": 5}),
    ("prompts/list", {"more": 1}),
    ("prompts/get", {}),
    ("prompts/get", {"name": "hello", "arguments": {"a": 1}}),
    ("prompts/get", {"name": "hello", "more": 1}),
    ("resources/read", {"uri": "u" * 8_193}),
    ("resources/read", {"uri": "x", "range": "all"}),
    ("completion/complete", {"ref": REF}),
    ("completion/complete", {"ref": REF, "argument": {"name": "a"}}),
    ("completion/complete", {"ref": REF, "argument": {"name": "a", "value": "", "x": 1}}),
    ("completion/complete", {"ref": {"type": "ref/x"}, "argument": {"name": "a", "value": ""}}),
    ("completion/complete", {"ref": {**REF, "x": 1}, "argument": {"name": "a", "value": ""}}),
    (
        "completion/complete",
        {"ref": REF, "argument": {"name": "a", "value": ""}, "context": {"x": 1}},
    ),
]


async def test_members_that_are_not_known_go_nowhere(tmp_path: Path) -> None:
    async with gate(tmp_path, tools=OPEN) as made:
        for method, params in MALFORMED:
            answer = await ask(made, "legacy", method, params)
            assert answer.number == -32602, (method, params)
        assert made.servers.reached == []


async def test_at_the_whole_gateway_prompts_have_public_names(tmp_path: Path) -> None:
    servers = FakeServers(says={"prompts/list": _prompts})
    async with gate(tmp_path, tools=BOTH, servers=servers) as made:
        found = (await made.modern("prompts/list")).result
        assert [prompt["name"] for prompt in found["prompts"]] == [
            "billing___one",
            "billing___two",
            "search___one",
            "search___two",
        ]
        assert found["cacheScope"] == "private"
        assert len(await made.decisions()) == 2
        await made.modern("prompts/get", {"name": "search___one"})
        last = made.servers.reached[-1]
        assert (last.server, last.params, last.name) == ("search", {"name": "one"}, "one")


def _prompts(link: FakeLink) -> list[Incoming]:
    """Two pages of one prompt each."""
    if (link.servers.reached[-1].params or {}).get("cursor") == "more":
        return [result({"prompts": [{"name": "two"}]})]
    return [result({"prompts": [{"name": "one"}], "nextCursor": "more"})]


async def test_a_server_in_trouble_leaves_the_others_prompts(tmp_path: Path) -> None:
    servers = FakeServers(says={"prompts/list": _prompts})
    servers.broken["billing"] = GatewayError("server-slow", "slow")
    async with gate(tmp_path, tools=BOTH, servers=servers) as made:
        found = (await made.modern("prompts/list")).result
        assert [prompt["name"] for prompt in found["prompts"]] == ["search___one", "search___two"]


async def test_a_server_that_pages_for_ever_is_cut_off(tmp_path: Path) -> None:
    page = {"prompts": [{"name": "x"}], "nextCursor": "again"}
    servers = FakeServers(says={"prompts/list": lambda _: [result(page)]})
    async with gate(tmp_path, servers=servers) as made:
        found = (await made.modern("prompts/list")).result
        assert len(found["prompts"]) == 20


async def test_resources_at_the_whole_gateway_need_one_server_that_has_them(
    tmp_path: Path,
) -> None:
    async with gate(tmp_path, tools=OPEN) as made:
        answer = await made.modern("resources/read", {"uri": "file:///x"})
        assert answer.status == 200
        assert made.servers.reached[0].server == "billing"
    folder = tmp_path / "both"
    folder.mkdir()
    async with gate(folder, tools=BOTH) as made:
        answer = await made.modern("resources/read", {"uri": "file:///x"})
        assert (answer.status, answer.number) == (404, -32601)
        assert "/mcp/{server}" in answer.json["error"]["data"]["hint"]
        assert made.servers.reached == []


async def test_a_server_that_is_not_the_runs_has_no_prompts(tmp_path: Path) -> None:
    async with gate(tmp_path, tools=OPEN) as made:
        for name in ("search___x", "other___x", "x", "___x"):
            answer = await made.modern("prompts/get", {"name": name})
            assert (answer.status, answer.number) == (404, -32601)
        assert made.servers.reached == []


async def test_a_revoked_run_is_passed_nothing(tmp_path: Path) -> None:
    async with gate(tmp_path, tools=OPEN) as made:
        await revoke(made)
        for path in ("/mcp", "/mcp/billing"):
            answer = await made.modern("prompts/list", path=path)
            assert (answer.status, answer.code) == (401, "run-revoked")
        assert made.servers.reached == []
