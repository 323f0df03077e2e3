"""A run that was opened here is not read again for its first use, and nothing else changes."""

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.platform import Platform
from valetkey.broker import HandOut, authenticate, broker, hand_out, revoke_run
from valetkey.identity import Principal, Refusal
from valetkey.runs import Run
from valetkey.store import SqliteStore


async def test_what_is_remembered_of_a_new_run_is_what_is_stored(here: Platform) -> None:
    opened = await here.open()
    assert here.broker.new_runs[opened.run.id] == await here.store.run(opened.run.id)


async def test_the_first_use_of_a_new_run_reads_no_run(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await here.open()
    asked: list[str] = []
    read = here.store.run

    async def counted(run_id: str) -> Run | None:
        asked.append(run_id)
        return await read(run_id)

    monkeypatch.setattr(here.store, "run", counted)
    assert await here.broker.run(opened.run.id) is not None
    assert asked == []
    assert here.broker.new_runs == {}
    here.broker.known.clear()
    assert await here.broker.run(opened.run.id) is not None
    assert asked == [opened.run.id]


async def test_a_new_run_that_was_revoked_elsewhere_gets_nothing(here: Platform) -> None:
    """Invariant 6: what is remembered is never the state."""
    opened = await here.open()
    elsewhere = await SqliteStore.open(here.path)
    other = replace(here.broker, store=elsewhere, known={}, new_runs={})
    principal = await authenticate(other, here.actor("operator"), now=here.clock())
    assert isinstance(principal, Principal)
    await revoke_run(other, principal, opened.run.id, because="test")
    await elsewhere.close()
    given: HandOut | Refusal = await hand_out(here.broker, opened.token, "tenant-data")
    assert isinstance(given, Refusal)
    assert given.code == "run-revoked"


async def test_a_finished_run_is_not_remembered_as_new(here: Platform) -> None:
    opened = await here.open()
    here.broker.forget(opened.run.id)
    assert here.broker.new_runs == {}


async def test_new_runs_are_remembered_within_a_bound(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "MAX_NEW_RUNS", 2)
    runs: list[Any] = [(await here.open(f"person-{number}")).run.id for number in range(3)]
    assert list(here.broker.new_runs) == runs[1:]
