"""`subscriptions/listen` (2026-07-28): what was asked for and may be heard, and no more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.tools import rule
from tests.gateway.answered import Answered
from tests.gateway.calling import Gate, gate
from tests.gateway.changing import rebind, revoke
from tests.gateway.fake_upstreams import FakeLink, FakeServers, notification
from tests.gateway.test_listening import ALL, PROMPTS, TOOLS, end, say
from valetkey.gateway import streaming
from valetkey.gateway.link import Incoming
from valetkey.gateway.revisions import META_SUBSCRIPTION, Revision

EVERYTHING = {
    "toolsListChanged": True,
    "promptsListChanged": True,
    "resourcesListChanged": True,
    "resourceSubscriptions": ["file:///x"],
}
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"


async def subscribe(made: Gate, asked: object, path: str = "/mcp/billing") -> Answered:
    return await made.modern(
        "subscriptions/listen", {"notifications": asked}, path=path, message_id="s", hangs=True
    )


async def granted(answer: Answered) -> Any:
    [first, *_] = await answer.until(1)
    assert first["method"] == ACKNOWLEDGED
    assert first["params"]["_meta"] == {META_SUBSCRIPTION: "s"}
    return first["params"]["notifications"]


def _tells(link: FakeLink) -> list[Incoming]:
    del link
    theirs = {"_meta": {META_SUBSCRIPTION: 77}, "uri": "file:///x"}
    return [
        notification(TOOLS, {"_meta": {META_SUBSCRIPTION: 77}}),
        notification("notifications/resources/updated", theirs),
        notification(PROMPTS),
        notification("notifications/message", {"data": "x"}),
    ]


async def test_changes_come_marked_with_the_requests_own_id(tmp_path: Path) -> None:
    servers = FakeServers(Revision.MODERN, says={"subscriptions/listen": _tells})
    async with gate(tmp_path, tools=ALL, servers=servers) as made:
        stream = await subscribe(made, {**EVERYTHING, "promptsListChanged": False})
        asked = {k: v for k, v in EVERYTHING.items() if k != "promptsListChanged"}
        assert await granted(stream) == asked
        _, tools, updated = await stream.until(3)
        assert (tools["method"], updated["method"]) == (TOOLS, "notifications/resources/updated")
        assert updated["params"] == {"uri": "file:///x", "_meta": {META_SUBSCRIPTION: "s"}}
        assert made.servers.reached[0].params == {"notifications": asked}
        record = (await made.decisions())[-1]
        assert (record["method"], record["about"]) == ("subscriptions/listen", "file:///x")
        await end(stream)
        assert len(stream.messages) == 3


async def test_of_a_server_of_the_other_revision_lists_are_heard(tmp_path: Path) -> None:
    async with gate(tmp_path, tools=ALL) as made:
        stream = await subscribe(made, EVERYTHING)
        found = await granted(stream)
        assert found == {name: True for name in EVERYTHING if name.endswith("ListChanged")}
        await say(made, notification(PROMPTS))
        assert (await stream.until(2))[1]["method"] == PROMPTS
        await end(stream)


@pytest.mark.parametrize("path", ["/mcp", "/mcp/billing"])
async def test_what_is_closed_is_not_granted(tmp_path: Path, path: str) -> None:
    async with gate(tmp_path) as made:
        stream = await subscribe(made, EVERYTHING, path)
        assert await granted(stream) == {"toolsListChanged": True}
        await end(stream)
        assert made.servers.reached == []


async def test_who_asks_for_nothing_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.01)
    async with gate(tmp_path, tools=ALL) as made:
        stream = await subscribe(made, {})
        assert await granted(stream) == {}
        await rebind(made, rule("permit", "search___search"))
        await asyncio.sleep(0.05)
        await end(stream)
        assert len(stream.messages) == 1
        assert made.servers.links == []


async def test_other_policies_change_the_list_of_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.01)
    async with gate(tmp_path) as made:
        stream = await subscribe(made, {"toolsListChanged": True}, "/mcp")
        await granted(stream)
        await rebind(made, rule("permit", "search___search"))
        assert (await stream.until(2))[1]["method"] == TOOLS
        await end(stream)


async def test_a_revoked_run_hears_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.01)
    async with gate(tmp_path) as made:
        stream = await subscribe(made, {"toolsListChanged": True}, "/mcp")
        await granted(stream)
        await revoke(made)
        await stream.over()
        assert (stream.is_over, len(stream.messages)) == (True, 1)
        refused = await made.modern("subscriptions/listen", {"notifications": {}})
        assert (refused.status, refused.code) == (401, "run-revoked")


@pytest.mark.parametrize(
    "asked",
    [
        [],
        {"everything": True},
        {"resourceSubscriptions": "file:///x"},
        {"resourceSubscriptions": [5]},
        {"resourceSubscriptions": [""]},
        {"resourceSubscriptions": ["x"] * 65},
    ],
)
async def test_a_subscription_that_is_malformed_is_refused(tmp_path: Path, asked: object) -> None:
    async with gate(tmp_path, tools=ALL) as made:
        answer = await made.modern("subscriptions/listen", {"notifications": asked})
        assert (answer.status, answer.number) == (400, -32602)
        assert made.servers.reached == []
