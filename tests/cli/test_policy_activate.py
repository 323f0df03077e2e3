"""`valetkey policy activate`: new runs at once, open runs as it is said, and on record."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.tool_world import EARLIER, World
from tests.cli.tool_world import world as make_world
from tests.fakes.tools import rule
from tests.store.samples import a_run, opened
from valetkey.runs import Run, RunState
from valetkey.store import LogReader, SqliteStore

LINE = ("policy", "activate", "--because", "new forbids")
SERVED = replace(a_run(1), grants=("billing", "shared"))
LEFT = replace(a_run(2), grants=("shared",))


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    """Two runs are open under a version of earlier; one has a server that is still there."""
    made = make_world(tmp_path, capsys)

    async def write() -> None:
        store = await SqliteStore.open(made.path / "valetkey.db")
        await store.put_policy(SERVED.policy_version, EARLIER)
        for run in (SERVED, LEFT):
            await store.open_run(run, bindings={}, token_ids=(), record=opened(run))
        await store.close()

    asyncio.run(write())
    return made


def run_of(world: World, run: Run) -> Run:
    with LogReader(world.path / "valetkey.db") as log:
        found = log.run(run.id)
    assert found is not None
    return found


def records(world: World, kind: str) -> list[dict[str, Any]]:
    with LogReader(world.path / "valetkey.db") as log:
        leaves = [json.loads(stored.leaf) for stored in log.leaves()]
    return [leaf for leaf in leaves if leaf["kind"] == kind]


def version(world: World) -> str:
    found: str = world.answer("check")["policy version of new runs"]
    return found


def test_open_runs_keep_their_version_unless_it_is_said_otherwise(world: World) -> None:
    found = world.answer(*LINE)
    assert found == {
        "version": version(world),
        "previous": None,
        "rebound": [],
        "revoked": [],
        "not_rebound": {},
    }
    assert run_of(world, SERVED).policy_version == SERVED.policy_version
    (record,) = records(world, "policy-activated")
    assert record["policy_version"] == found["version"]
    assert (record["running"], record["because"]) == ("keep", "new forbids")
    assert record["by"].startswith("account:")


def test_an_emergency_reaches_open_runs(world: World) -> None:
    world.give(*LINE)
    before = version(world)
    world.policies(rule("permit", "search___search"))
    world.said()
    assert world.give(*LINE, "--running", "rebind") == 0
    lines = world.said().splitlines()
    after = version(world)
    assert lines[0] == (f"new runs are opened under policy version {after}, no more under {before}")
    assert lines[1] == f"{SERVED.id} goes on under it"
    assert lines[2].startswith(f"{LEFT.id} is revoked")
    served = run_of(world, SERVED)
    assert (served.policy_version, served.grants) == (after, ("billing",))
    assert run_of(world, LEFT).state is RunState.REVOKED
    (rebound,) = records(world, "run-rebound")
    assert (rebound["run"], rebound["because"]) == (SERVED.id, "new forbids")


def test_runs_under_another_version_can_be_revoked(world: World) -> None:
    found = world.answer(*LINE, "--running", "revoke")
    assert set(found["revoked"]) == {SERVED.id, LEFT.id}
    assert run_of(world, SERVED).state is RunState.REVOKED


def test_what_is_active_already_is_no_failure(world: World) -> None:
    world.give(*LINE, "--running", "revoke")
    for fate in ("keep", "rebind", "revoke"):
        world.said()
        assert world.give(*LINE, "--running", fate) == 0
        assert "nothing is changed" in world.said()
    kept = [each for each in records(world, "policy-activated") if each["running"] == "keep"]
    assert len(kept) == 0


def test_nobody_activates_without_saying_why(world: World) -> None:
    for fate in ("keep", "rebind", "revoke"):
        line = ("policy", "activate", "--because", "  ", "--running", fate)
        assert world.code_of(*line) == "reason-missing"
    assert records(world, "policy-activated") == []


def test_a_store_is_not_made_by_that(world: World) -> None:
    (world.path / "valetkey.db").unlink()
    assert world.code_of(*LINE) == "store-absent"
    assert not (world.path / "valetkey.db").exists()


def test_options_of_writing_policies_are_none_of_activating(world: World) -> None:
    assert world.code_of("policy", "--grant", "x", "activate", "--because", "x") == "usage"


def test_a_run_is_revoked_where_the_new_version_asks_for_more(world: World) -> None:
    config = world.path / "valetkey.toml"
    config.write_text(config.read_text().replace('["department"]', '["department", "suspended"]'))
    assert world.give(*LINE, "--running", "rebind") == 0
    lines = world.said().splitlines()
    why = "the version asks for tags that were not asked for when the run was opened: `suspended`"
    assert lines[1] == f"{SERVED.id} is revoked: {why}"
    assert lines[2] == f"{LEFT.id} is revoked: it has no grant of its own"
    revoked = run_of(world, SERVED)
    assert revoked.state is RunState.REVOKED
    assert revoked.because == f"new forbids (not rebound: {why})"


def test_why_a_run_was_not_rebound_is_in_the_document(world: World) -> None:
    config = world.path / "valetkey.toml"
    config.write_text(config.read_text().replace('["department"]', '["department", "suspended"]'))
    found = world.answer(*LINE, "--running", "rebind")
    assert (found["rebound"], set(found["revoked"])) == ([], {SERVED.id, LEFT.id})
    assert set(found["not_rebound"]) == {SERVED.id}
