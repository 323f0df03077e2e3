"""What the broker gets from the store: runs, bindings, used tokens, states, in one transaction."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.samples import (
    ALICE,
    BOB,
    ISSUER,
    NOW,
    ORCHESTRATOR,
    a_run,
    all_of,
    ended,
    ended_run,
    log,
    noted,
    open_one,
    opened,
    use,
)
from valetkey.audit import AuditError, Tree
from valetkey.broker.outcomes import (
    FinishOutcome,
    OpenOutcome,
    OpenVerdict,
    TokenUse,
    UseOutcome,
)
from valetkey.runs import PrincipalRef, Run, RunState
from valetkey.store import SqliteStore, StoreError

OPENED = OpenOutcome(OpenVerdict.OPENED)
TOKEN = TokenUse(ISSUER, "jti-1", NOW + 300)


async def test_a_run_comes_back_as_it_was_opened(store: SqliteStore, path: Path) -> None:
    run = replace(a_run(), tags={"repo": "org/app", "名": "päivä 😀"}, previous_digest=b"p" * 32)
    assert await open_one(store, run) == OPENED
    assert await store.run(run.id) == run
    assert log(path) == [("run-opened", run.id)]


async def test_a_run_keeps_its_policy_over_a_restart(path: Path) -> None:
    run = a_run()
    first = await SqliteStore.open(path)
    await first.put_policy(run.policy_version, "{}")
    await open_one(first, run)
    await first.close()
    second = await SqliteStore.open(path)
    stored = await second.run(run.id)
    assert stored is not None
    assert await second.policy(stored.policy_version) == "{}"
    await second.close()


async def test_an_unknown_run_is_none(store: SqliteStore) -> None:
    assert await store.run("r-nobody") is None


async def test_a_run_id_is_never_used_twice(store: SqliteStore, path: Path) -> None:
    await open_one(store, a_run())
    again = replace(a_run(), subject=BOB)
    assert await open_one(store, again) == OpenOutcome(OpenVerdict.ID_TAKEN)
    await store.finish_run(
        again.id, to=RunState.ENDED, at=NOW, because=None, record=ended(again.id)
    )
    assert await open_one(store, again) == OpenOutcome(OpenVerdict.ID_TAKEN)
    assert [kind for kind, _ in log(path)] == ["run-opened", "run-ended"]


async def test_a_run_id_with_white_space_is_refused_alone(store: SqliteStore, path: Path) -> None:
    bad = replace(a_run(), id="r- open 9999999999")  # type: ignore[arg-type]
    results = await asyncio.gather(
        open_one(store, a_run(1)), open_one(store, bad), use(store, "r-x"), return_exceptions=True
    )
    assert results[0] == OPENED
    assert isinstance(results[1], Exception)
    assert results[2] is UseOutcome.UNKNOWN
    assert len(log(path)) == 2


async def test_a_work_tag_is_never_rebound_to_another_subject(
    store: SqliteStore, path: Path
) -> None:
    assert await open_one(store, a_run(1), bindings={"task_id": "t"}) == OPENED
    assert await open_one(store, a_run(2), bindings={"task_id": "t"}) == OPENED
    theirs = a_run(3, subject=BOB)
    elsewhere = OpenOutcome(OpenVerdict.BOUND_ELSEWHERE, "task_id")
    assert await open_one(store, theirs, bindings={"task_id": "t"}) == elsewhere
    assert await open_one(store, theirs, bindings={"task_id": "other"}) == OPENED
    assert len(log(path)) == 3


async def test_equal_subjects_of_two_issuers_are_two_subjects_to_a_binding(
    store: SqliteStore,
) -> None:
    await open_one(store, a_run(1), bindings={"task_id": "t"})
    other = a_run(2, subject=PrincipalRef("https://other.example.com", ALICE.subject))
    outcome = await open_one(store, other, bindings={"task_id": "t"})
    assert outcome.verdict is OpenVerdict.BOUND_ELSEWHERE


async def test_a_refused_run_binds_claims_and_writes_nothing(
    store: SqliteStore, path: Path
) -> None:
    await open_one(store, a_run(1), bindings={"task_id": "t"})
    theirs = a_run(2, subject=BOB)
    await open_one(store, theirs, bindings={"a": "new", "task_id": "t"}, token_ids=(TOKEN,))
    assert await store.run(theirs.id) is None
    # Had the refused one bound `a` or claimed the token, these would be refused.
    assert await open_one(store, a_run(3), bindings={"a": "new"}, token_ids=(TOKEN,)) == OPENED
    assert len(log(path)) == 2


async def test_a_token_id_is_used_once_for_each_issuer(store: SqliteStore) -> None:
    replayed = OpenOutcome(OpenVerdict.REPLAYED, ISSUER)
    assert await open_one(store, a_run(1), token_ids=(TOKEN,)) == OPENED
    assert await open_one(store, a_run(2), token_ids=(TOKEN,)) == replayed
    assert await open_one(store, a_run(3), token_ids=(replace(TOKEN, issuer="x"),)) == OPENED
    twice = replace(TOKEN, token_id="2")
    assert await open_one(store, a_run(4), token_ids=(twice, twice)) == replayed


async def test_of_many_uses_of_one_token_at_once_one_wins(store: SqliteStore) -> None:
    outcomes = await asyncio.gather(
        *(open_one(store, a_run(n), token_ids=(TOKEN,)) for n in range(32))
    )
    assert sorted(o.verdict.value for o in outcomes).count("opened") == 1


async def test_a_used_token_id_is_kept_for_longer_than_the_token_is_taken(
    store: SqliteStore,
) -> None:
    await open_one(store, a_run(1), token_ids=(TOKEN,))
    await open_one(store, replace(a_run(2), opened_at=TOKEN.until + 30 * 86_400))
    assert (await open_one(store, a_run(9), token_ids=(TOKEN,))).verdict is OpenVerdict.REPLAYED
    await open_one(store, replace(a_run(3), opened_at=TOKEN.until + 30 * 86_400 + 1))
    assert await open_one(store, a_run(4), token_ids=(TOKEN,)) == OPENED


@pytest.mark.parametrize(
    ("prepare", "now", "outcome"),
    [
        (None, NOW, UseOutcome.USED),
        (None, NOW + 3599.999, UseOutcome.USED),
        (None, NOW + 3600, UseOutcome.EXPIRED),
        (RunState.ENDED, NOW, UseOutcome.ENDED),
        (RunState.REVOKED, NOW, UseOutcome.REVOKED),
        (RunState.REVOKED, NOW + 3600, UseOutcome.REVOKED),
    ],
)
async def test_a_run_is_used_only_while_it_is_live(
    store: SqliteStore, path: Path, prepare: RunState | None, now: float, outcome: UseOutcome
) -> None:
    run = a_run()
    await open_one(store, run)
    if prepare is not None:
        await store.finish_run(run.id, to=prepare, at=NOW, because="b", record=ended(run.id))
    for others in (0, 9):  # alone, and in a batch with other runs
        results = await asyncio.gather(
            use(store, run.id, now=now), *(use(store, f"r-{n}") for n in range(others))
        )
        assert results[0] is outcome
        assert set(results[1:]) <= {UseOutcome.UNKNOWN}
    kind = "credentials-handed-out" if outcome is UseOutcome.USED else "hand-out-refused"
    assert [k for k, run_id in log(path) if run_id == run.id].count(kind) == 2


async def test_an_unknown_run_is_refused_and_recorded(store: SqliteStore, path: Path) -> None:
    assert await use(store, "r-nobody") is UseOutcome.UNKNOWN
    assert log(path) == [("hand-out-refused", "r-nobody")]


async def test_after_revoke_returns_nothing_is_handed_out(store: SqliteStore, path: Path) -> None:
    run = a_run()
    await open_one(store, run)
    outcomes: list[UseOutcome] = []
    revoked = asyncio.Event()

    async def caller() -> None:
        while True:
            after = revoked.is_set()
            outcome = await use(store, run.id)
            outcomes.append(outcome)
            if after:
                assert outcome is UseOutcome.REVOKED
                return

    async def revoker() -> None:
        await asyncio.sleep(0.05)
        await store.finish_run(
            run.id, to=RunState.REVOKED, at=NOW, because="lost", record=ended(run.id)
        )
        revoked.set()

    await asyncio.gather(revoker(), *(caller() for _ in range(32)))
    kinds = [kind for kind, _ in log(path)]
    moment = kinds.index("run-ended")
    assert "credentials-handed-out" in kinds[:moment]
    assert set(kinds[moment + 1 :]) == {"hand-out-refused"}
    assert outcomes.count(UseOutcome.USED) == kinds.count("credentials-handed-out")


async def test_in_one_batch_changes_count_in_the_order_they_came(
    store: SqliteStore, path: Path
) -> None:
    run = a_run()
    results = await asyncio.gather(
        *(use(store, f"r-{n}") for n in range(8)),
        use(store, run.id),
        open_one(store, run),
        use(store, run.id),
        store.finish_run(run.id, to=RunState.ENDED, at=NOW, because=None, record=ended(run.id)),
        use(store, run.id),
    )
    assert results[8:] == [
        UseOutcome.UNKNOWN,
        OPENED,
        UseOutcome.USED,
        FinishOutcome.FINISHED,
        UseOutcome.ENDED,
    ]
    assert [kind for kind, _ in log(path)][8:] == [
        "hand-out-refused",
        "run-opened",
        "credentials-handed-out",
        "run-ended",
        "hand-out-refused",
    ]


ALLOWED = {
    (RunState.OPEN, RunState.ENDED): FinishOutcome.FINISHED,
    (RunState.OPEN, RunState.REVOKED): FinishOutcome.FINISHED,
    (RunState.ENDED, RunState.REVOKED): FinishOutcome.FINISHED,
}


@pytest.mark.parametrize("before", RunState)
@pytest.mark.parametrize("to", RunState)
async def test_a_state_moves_forward_only(
    store: SqliteStore, path: Path, before: RunState, to: RunState
) -> None:
    run = a_run()
    await open_one(store, run)
    if before is not RunState.OPEN:
        await store.finish_run(run.id, to=before, at=NOW, because=None, record=ended(run.id))
    recorded = len(log(path))
    outcome = await store.finish_run(run.id, to=to, at=NOW + 5, because="why", record=ended(run.id))
    assert outcome is ALLOWED.get((before, to), FinishOutcome.ALREADY)
    stored = await store.run(run.id)
    assert stored is not None
    if outcome is FinishOutcome.FINISHED:
        assert (stored.state, stored.ended_at, stored.because) == (to, NOW + 5, "why")
        assert len(log(path)) == recorded + 1
    else:
        assert stored.state is before
        assert len(log(path)) == recorded


async def test_finishing_an_unknown_run_records_nothing(store: SqliteStore, path: Path) -> None:
    outcome = await store.finish_run(
        "r-nobody", to=RunState.ENDED, at=NOW, because=None, record=ended("r-nobody")
    )
    assert outcome is FinishOutcome.UNKNOWN
    assert log(path) == []


async def _rotate(
    store: SqliteStore, run_id: str, old: bytes, new: bytes, now: float, *, until: int = NOW + 60
) -> bool:
    return await store.rotate_token(
        run_id, expected=old, new=new, previous_until=until, now=now, record=noted(1)
    )


async def test_a_rotation_whose_answer_was_lost_may_be_asked_again(
    store: SqliteStore, path: Path
) -> None:
    run = a_run()
    await open_one(store, run)
    results = await asyncio.gather(
        *(_rotate(store, run.id, run.token_digest, bytes([n]) * 32, NOW) for n in range(8))
    )
    assert results == [True] * 8
    stored = await store.run(run.id)
    assert stored == replace(
        run, token_digest=b"\7" * 32, previous_digest=run.token_digest, previous_until=NOW + 60
    )
    assert len(log(path)) == 9


async def test_a_lost_rotation_does_not_stretch_the_last_tokens_grace(store: SqliteStore) -> None:
    run = a_run()
    await open_one(store, run)
    assert await _rotate(store, run.id, run.token_digest, b"1" * 32, NOW)
    assert await _rotate(store, run.id, run.token_digest, b"2" * 32, NOW + 59, until=NOW + 119)
    assert not await _rotate(store, run.id, run.token_digest, b"3" * 32, NOW + 60)
    assert await use(store, run.id, now=NOW + 60) is UseOutcome.WRONG_TOKEN


async def test_a_token_is_judged_in_the_transaction_that_writes_the_record(
    store: SqliteStore, path: Path
) -> None:
    """Whatever a replica remembers: a token that was rotated away draws nothing."""
    run = a_run()
    await open_one(store, run)
    await _rotate(store, run.id, run.token_digest, b"1" * 32, NOW)
    before = len(log(path))
    assert await use(store, run.id, now=NOW + 59) is UseOutcome.USED
    assert await use(store, run.id, now=NOW + 60) is UseOutcome.WRONG_TOKEN
    assert await use(store, run.id, now=NOW + 61, digest=b"1" * 32) is UseOutcome.USED
    many = await asyncio.gather(
        *(use(store, a.id, digest=b"x" * 32) for a in [run, *await _opened(store, 8)])
    )
    assert set(many) == {UseOutcome.WRONG_TOKEN}
    kinds = [kind for kind, _ in log(path)[before:]]
    assert kinds.count("credentials-handed-out") == 2


async def _opened(store: SqliteStore, count: int) -> list[Run]:
    runs = [a_run(number) for number in range(100, 100 + count)]
    for run in runs:
        await open_one(store, run)
    return runs


async def test_a_token_of_a_run_that_is_over_is_not_rotated(store: SqliteStore) -> None:
    expired, over = a_run(1), a_run(2)
    await open_one(store, expired)
    await open_one(store, over)
    await store.finish_run(over.id, to=RunState.ENDED, at=NOW, because=None, record=ended(over.id))
    assert not await _rotate(store, expired.id, expired.token_digest, b"n" * 32, NOW + 3600)
    assert not await _rotate(store, over.id, over.token_digest, b"n" * 32, NOW)
    assert await store.run(expired.id) == expired
    assert await store.run(over.id) == ended_run(over, at=NOW)


async def test_runs_are_listed_newest_first_and_paged(store: SqliteStore) -> None:
    runs = [a_run(n, subject=BOB if n % 2 else ALICE) for n in range(7)]
    for run in runs:
        await open_one(store, run)
    await store.finish_run(
        runs[0].id, to=RunState.ENDED, at=NOW, because=None, record=ended(runs[0].id)
    )
    newest = [run.id for run in reversed(runs)]
    assert [r.id for r in await store.runs()] == newest
    page = await store.runs(limit=3)
    rest = await store.runs(after=page[-1].id)
    assert [r.id for r in [*page, *rest]] == newest
    bobs = await store.runs(subject=(BOB.issuer, BOB.subject), limit=2)
    assert [r.id for r in bobs] == [runs[5].id, runs[3].id]
    assert [r.id for r in await store.runs(state=RunState.ENDED)] == [runs[0].id]
    opener = (ORCHESTRATOR.issuer, ORCHESTRATOR.subject)
    assert len(await store.runs(opener=opener, state=RunState.OPEN)) == 6
    assert await store.runs(opener=("https://id.example.com", "orchestrator")) == []
    assert await store.runs(after="r-nobody") == []


async def test_a_policy_version_never_gets_another_document(store: SqliteStore) -> None:
    await store.put_policy("v", "one")
    await store.put_policy("v", "one")
    with pytest.raises(StoreError) as refused:
        await store.put_policy("v", "two")
    assert refused.value.code == "policy-version-reused"
    assert await store.policy("v") == "one"
    assert await store.policy("w") is None


async def test_records_of_one_append_stand_together(store: SqliteStore, path: Path) -> None:
    await asyncio.gather(
        *(store.append(*(noted(100 * n + k) for k in range(3))) for n in range(20))
    )
    numbers = [int(code.removeprefix("n-")) for _, code in log(path)]
    assert numbers == [100 * n + k for n in range(20) for k in range(3)]


@pytest.mark.parametrize("count", [1, 2, 3, 127, 128, 129, 300, 2_500])
async def test_any_number_of_leaves_is_one_log(store: SqliteStore, path: Path, count: int) -> None:
    await asyncio.gather(*(store.append(noted(n)) for n in range(count)))
    assert [code for _, code in log(path)] == [f"n-{n}" for n in range(count)]
    head = await store.head()
    tree = Tree().extend(leaf.hash for leaf in await store.leaves(limit=count))
    assert (head.size, head.root) == (count, tree.root())


async def test_leaves_are_paged_by_index(store: SqliteStore) -> None:
    await store.append(*(noted(n) for n in range(5)))
    assert [leaf.index for leaf in await store.leaves(after=1, limit=2)] == [2, 3]


async def test_a_record_that_cannot_be_written_fails_its_caller_alone(
    store: SqliteStore, path: Path
) -> None:
    results = await asyncio.gather(
        store.append(noted(1)),
        store.append(replace(noted(2), code="x" * 70_000)),
        store.append(noted(3)),
        return_exceptions=True,
    )
    assert isinstance(results[1], AuditError)
    assert [code for _, code in log(path)] == ["n-1", "n-3"]


async def test_a_run_that_cannot_be_stored_fails_its_caller_alone(
    store: SqliteStore, path: Path
) -> None:
    bad = replace(a_run(1), opened_at=2**70)
    worse = replace(a_run(2), tags={"k": object()})  # type: ignore[dict-item]
    results = await asyncio.gather(
        open_one(store, a_run(0)),
        store.open_run(bad, bindings={"k": "v"}, token_ids=(), record=noted(1)),
        store.open_run(worse, bindings={"k": "w"}, token_ids=(TOKEN,), record=noted(2)),
        open_one(store, a_run(3, subject=BOB), bindings={"k": "w"}, token_ids=(TOKEN,)),
        return_exceptions=True,
    )
    assert [isinstance(r, Exception) for r in results] == [False, True, True, False]
    assert [kind for kind, _ in log(path)] == ["run-opened", "run-opened"]


async def test_the_store_file_holds_no_token(store: SqliteStore, path: Path) -> None:
    await open_one(store, a_run(7))
    await store.close()
    content = {name: await asyncio.to_thread(name.read_bytes) for name in path.parent.iterdir()}
    assert list(content) == [path]  # the write-ahead log was moved into it
    assert b"token 7" not in content[path]


Call = Callable[[SqliteStore], Any]
CALLS: dict[str, Call] = {
    "open_run": lambda s: s.open_run(a_run(), bindings={}, token_ids=(), record=opened(a_run())),
    "use_run": lambda s: use(s, "r-x"),
    "append": lambda s: s.append(noted(1)),
    "finish_run": lambda s: s.finish_run(
        "r-x", to=RunState.ENDED, at=NOW, because=None, record=noted(1)
    ),
    "rotate_token": lambda s: _rotate(s, "r-x", b"", b"", NOW),
    "put_policy": lambda s: s.put_policy("v", "d"),
    "activate_policy": lambda s: s.activate_policy("v", "d", record=noted(1)),
    "policy": lambda s: s.policy("v"),
    "run": lambda s: s.run("r-x"),
    "runs": lambda s: s.runs(),
    "head": lambda s: s.head(),
    "leaves": lambda s: s.leaves(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_closed_store_answers_nothing(store: SqliteStore, call: Call) -> None:
    await store.close()
    with pytest.raises(StoreError) as refused:
        await call(store)
    assert refused.value.code == "store-closed"
    assert not store.is_writable


async def test_what_waited_at_close_is_written(path: Path) -> None:
    store = await SqliteStore.open(path)
    run = a_run()
    await open_one(store, run)
    waiting = asyncio.ensure_future(all_of(store, run, 32))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await store.close()
    assert await waiting == [UseOutcome.USED] * 32
    assert len(log(path)) == 33


async def test_callers_that_hang_up_lose_no_record_and_break_no_batch(
    store: SqliteStore, path: Path
) -> None:
    tasks = [asyncio.ensure_future(store.append(noted(n))) for n in range(200)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(r, asyncio.CancelledError) for r in results[::2])
    assert results[1::2] == [None] * 100
    await store.append(noted(200))
    # Cancelled after it was handed over: it may be written, and whoever stayed is written.
    codes = {code for _, code in log(path)}
    assert codes >= {f"n-{n}" for n in range(1, 200, 2)} | {"n-200"}
