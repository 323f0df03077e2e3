"""The active policy version: no run is opened beside it, and open runs move in one transaction."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.samples import NOW, a_run, handed_out, log, noted, open_one, opened, refused, use
from valetkey.audit import PolicyActivated, leaf_bytes
from valetkey.broker.outcomes import (
    ActivateOutcome,
    OpenOutcome,
    OpenVerdict,
    Rebind,
    UseOutcome,
)
from valetkey.runs import Run, RunState
from valetkey.store import SqliteStore, StoreError

OLD, NEW = "1" * 32, "2" * 32


def activated(version: str) -> PolicyActivated:
    return PolicyActivated(at=NOW * 1000, policy_version=version, by="test", running="keep")


def moving(**changes: Any) -> Rebind:
    members: dict[str, Any] = {
        "grants": frozenset({"tenant-data"}),
        "now": NOW + 1,
        "rebound": lambda run, before: leaf_bytes(noted(1)),
        "revoked": lambda run, why: leaf_bytes(noted(2)),
        "unfit": lambda document: {},
        "because": "emergency",
    }
    return Rebind(**{**members, **changes})


async def activate(
    store: SqliteStore, version: str = NEW, rebind: Rebind | None = None
) -> ActivateOutcome:
    return await store.activate_policy(
        version, f"document {version}", record=activated(version), rebind=rebind
    )


async def open_active(store: SqliteStore, run: Run) -> OpenOutcome:
    return await store.open_run(
        run, bindings={"task_id": run.id}, token_ids=(), record=opened(run), only_active=True
    )


async def use_under(store: SqliteStore, run: Run, version: str) -> UseOutcome:
    return await store.use_run(
        run.id,
        digest=None,
        now=NOW + 1,
        leaf=handed_out(run.id),
        refuse=lambda _: refused(run.id),
        policy_version=version,
    )


async def test_without_an_active_version_every_run_is_opened(store: SqliteStore) -> None:
    assert await open_active(store, a_run()) == OpenOutcome(OpenVerdict.OPENED)


async def test_a_run_of_another_version_is_not_opened_and_nothing_is_written(
    store: SqliteStore, path: Path
) -> None:
    assert await activate(store) == ActivateOutcome(None)
    assert await open_active(store, a_run()) == OpenOutcome(OpenVerdict.NOT_ACTIVE, NEW)
    assert log(path) == [("policy-activated", "None")]
    mine = replace(a_run(), policy_version=NEW)
    assert await open_active(store, mine) == OpenOutcome(OpenVerdict.OPENED)


async def test_a_run_that_follows_no_activation_is_opened_beside_it(store: SqliteStore) -> None:
    await activate(store)
    assert await open_one(store, a_run()) == OpenOutcome(OpenVerdict.OPENED)


async def test_activating_what_is_active_is_recorded_only_where_runs_are_touched(
    store: SqliteStore, path: Path
) -> None:
    await activate(store)
    assert await activate(store) == ActivateOutcome(NEW)
    assert len(log(path)) == 1
    assert await activate(store, NEW, moving()) == ActivateOutcome(NEW)
    assert len(log(path)) == 2


async def test_a_version_never_gets_another_document_by_activating(
    store: SqliteStore, path: Path
) -> None:
    await store.put_policy(NEW, "another document")
    with pytest.raises(StoreError) as refused:
        await activate(store)
    assert refused.value.code == "policy-version-reused"
    assert log(path) == []
    assert await open_active(store, a_run()) == OpenOutcome(OpenVerdict.OPENED)


async def test_open_runs_move_with_the_grants_that_the_version_has(
    store: SqliteStore, path: Path
) -> None:
    kept, over, gone = a_run(1), a_run(2), replace(a_run(3), grants=("shared",))
    late = a_run(4, life=1)
    for run in (kept, over, gone, late):
        await open_one(store, run)
    await store.finish_run(over.id, to=RunState.ENDED, at=NOW, because=None, record=noted(0))
    outcome = await activate(store, NEW, moving())
    assert outcome == ActivateOutcome(None, (kept.id,), (gone.id,))
    moved = await store.run(kept.id)
    assert moved is not None
    assert (moved.policy_version, moved.grants) == (NEW, ("tenant-data",))
    revoked = await store.run(gone.id)
    assert revoked is not None
    assert (revoked.state, revoked.because) == (RunState.REVOKED, "emergency")
    for untouched in (over.id, late.id):
        found = await store.run(untouched)
        assert found is not None
        assert found.policy_version == OLD
    assert [code for kind, code in log(path)[-2:] if kind == "request-refused"] == ["n-1", "n-2"]


async def test_a_use_decided_under_another_version_is_not_a_use(store: SqliteStore) -> None:
    run = a_run()
    await open_one(store, run)
    assert await use_under(store, run, OLD) is UseOutcome.USED
    await activate(store, NEW, moving())
    assert await use_under(store, run, OLD) is UseOutcome.REBOUND
    assert await use_under(store, run, NEW) is UseOutcome.USED
    assert await use(store, run.id) is UseOutcome.USED  # who names no version is served by state


async def test_a_use_after_a_rebind_in_one_batch_sees_it(store: SqliteStore) -> None:
    run = a_run()
    await open_one(store, run)
    results = await asyncio.gather(
        *(use_under(store, run, OLD) for _ in range(8)),
        activate(store, NEW, moving()),
        *(use_under(store, run, OLD) for _ in range(8)),
    )
    assert results[:8] == [UseOutcome.USED] * 8
    assert results[9:] == [UseOutcome.REBOUND] * 8


async def test_revoking_takes_every_run_of_another_version(store: SqliteStore) -> None:
    run, mine = a_run(1), replace(a_run(2), policy_version=NEW)
    await open_one(store, run)
    await open_one(store, mine)
    outcome = await activate(store, NEW, moving(revoke_all=True))
    assert outcome == ActivateOutcome(None, (), (run.id,))
    assert await use(store, run.id) is UseOutcome.REVOKED
    assert await use(store, mine.id) is UseOutcome.USED


async def test_a_wrong_token_is_told_before_a_rebind(store: SqliteStore) -> None:
    run = a_run()
    await open_one(store, run)
    await activate(store, NEW, moving())
    wrong = await store.use_run(
        run.id,
        digest=b"x" * 32,
        now=NOW + 1,
        leaf=handed_out(run.id),
        refuse=lambda _: refused(run.id),
        policy_version=OLD,
    )
    assert wrong is UseOutcome.WRONG_TOKEN


async def test_facts_are_stored_with_the_run(store: SqliteStore) -> None:
    run = replace(a_run(), facts={"department": "finance", "run": "r-1"})
    await open_one(store, run)
    assert await store.run(run.id) == run


async def test_a_run_with_a_grant_that_is_unfit_is_revoked_and_says_why(store: SqliteStore) -> None:
    told, other = a_run(1), replace(a_run(2), grants=("shared",))
    gone = replace(a_run(3), policy_version="3" * 32)
    await store.put_policy(OLD, "document of old")
    for run in (told, other, gone):
        await open_one(store, run)
    read: list[str | None] = []

    def unfit(document: str | None) -> dict[str, str]:
        read.append(document)
        return {"tenant-data": "too old"} if document is not None else {}

    grants = frozenset({"tenant-data", "shared"})
    outcome = await activate(store, NEW, moving(grants=grants, unfit=unfit))
    assert outcome == ActivateOutcome(None, (other.id, gone.id), (told.id,), {told.id: "too old"})
    assert sorted(read, key=str) == [None, "document of old"]
    revoked = await store.run(told.id)
    assert revoked is not None
    assert (revoked.state, revoked.because) == (
        RunState.REVOKED,
        "emergency (not rebound: too old)",
    )
