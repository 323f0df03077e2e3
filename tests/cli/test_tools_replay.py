"""`valetkey tools replay`: recorded calls of real runs under other policies; nothing is written."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.tool_world import EARLIER, World
from tests.cli.tool_world import world as make_world
from tests.fakes.tools import POLICIES, of_department, rule
from tests.store.samples import NOW, a_run, opened
from valetkey.audit import ToolDecided
from valetkey.store import SqliteStore

OWN = {"run": "r", "actor": "orchestrator", "issuer": "people"}
FINANCE = replace(a_run(1), facts={**OWN, "department": "finance"})
SALES = replace(a_run(2), facts={**OWN, "department": "sales"})
LINE = ("tools", "replay")


def decided(**changes: Any) -> ToolDecided:
    members: dict[str, Any] = {
        "at": NOW * 1000,
        "run": FINANCE.id,
        "server": "billing",
        "tool": "refund",
        "decision": "allow",
        "code": "allowed",
        "via": "mcp",
        "policy_version": "1" * 32,
        "mode": "enforce",
        "digest": "0" * 64,
        "arguments": '{"amount":400,"order":"1"}',
        **changes,
    }
    return ToolDecided(**members)


def record(world: World, *records: ToolDecided) -> None:
    async def write() -> None:
        store = await SqliteStore.open(world.path / "valetkey.db")
        await store.put_policy(FINANCE.policy_version, EARLIER)
        for run in (FINANCE, SALES):
            await store.open_run(run, bindings={}, token_ids=(), record=opened(run))
        await store.append(*records)
        await store.close()

    asyncio.run(write())


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    made = make_world(tmp_path, capsys)
    record(
        made,
        decided(),
        decided(arguments=None, at=NOW * 1000 + 1),
        decided(tool="nothing", decision="deny", code="tool-unknown", at=NOW * 1000 + 2),
        decided(run=SALES.id, decision="deny", code="tool-not-permitted", at=NOW * 1000 + 3),
    )
    return made


def test_policies_as_they_are_change_nothing(world: World) -> None:
    assert world.give(*LINE) == 0
    lines = world.said().splitlines()
    assert lines[0] == "2 calls judged anew, 0 would be decided otherwise"
    assert any(line.startswith("1 call ") and 'record = "whole"' in line for line in lines)


def test_what_would_be_decided_otherwise_is_told_for_the_runs_own_person(world: World) -> None:
    folder = world.policies(
        rule("permit", "billing___refund", of_department("sales"), notes='@id("sales")\n'),
        folder="next",
    )
    before = (world.path / "valetkey.db").read_bytes()
    assert world.give(*LINE, "--policies", str(folder)) == 2
    rows = [line.split("\t") for line in world.said().splitlines() if "\t" in line]
    assert [(row[1], row[3], row[4]) for row in rows] == [
        (FINANCE.id, "allow", "deny"),
        (SALES.id, "deny", "allow"),
    ]
    assert rows[1][5] == "tools.cedar#sales"
    found = world.answer(*LINE, "--policies", str(folder))
    assert found["judged"] == 2
    assert [(each["was"], each["now"]) for each in found["changes"]] == [
        ("allow", "deny"),
        ("deny", "allow"),
    ]
    assert (world.path / "valetkey.db").read_bytes() == before


def test_only_calls_since_then_are_judged(world: World) -> None:
    world.policies(POLICIES.replace("<= 500", "<= 5"))
    assert world.answer(*LINE, "--since", "2027-01-15T08:00:01Z")["judged"] == 0
    assert world.answer(*LINE, "--since", "2027-01-15T08:00")["judged"] == 2
    assert world.answer(*LINE, "--since", "7d")["judged"] == 2
    for text in ("yesterday", "7", "", "9999d"):
        assert world.code_of(*LINE, "--since", text) in {"usage", "config-invalid"}


def test_another_store_is_read_and_one_that_is_not_there_told(world: World) -> None:
    moved = world.path / "moved.db"
    (world.path / "valetkey.db").rename(moved)
    assert world.code_of(*LINE) == "store-absent"
    assert world.answer(*LINE, "--store", str(moved))["judged"] == 2


def test_a_call_of_a_run_that_the_store_does_not_have_is_counted(world: World) -> None:
    record_more = decided(run=a_run(3).id)

    async def write() -> None:
        store = await SqliteStore.open(world.path / "valetkey.db")
        await store.append(record_more)
        await store.close()

    asyncio.run(write())
    assert world.answer(*LINE)["unjudged"]["principal-unknown"] == 1


def test_a_tag_that_runs_were_not_asked_for_is_not_judged_as_absent(world: World) -> None:
    folder = world.policies(
        POLICIES + rule("forbid", "billing___refund", 'principal.hasTag("suspended")'),
        folder="next",
    )
    config = world.path / "valetkey.toml"
    config.write_text(config.read_text().replace('["department"]', '["department", "suspended"]'))
    found = world.answer(*LINE, "--policies", str(folder))
    assert (found["judged"], found["unjudged"]["tags-unasked"]) == (0, 2)
