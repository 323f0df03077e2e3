"""Handing out: record first, one refresh in flight, nothing for a run that is over."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.issuer import NOW
from tests.fakes.platform import Platform, grant, platform
from valetkey.broker import HandOut, end_own_run, hand_out, revoke_run
from valetkey.broker.authenticate import authenticate
from valetkey.errors import ValetkeyError
from valetkey.identity import Principal, Refusal
from valetkey.runs import RUN_TAG, Run, RunState
from valetkey.secret import Secret

NO_STS = ValetkeyError("aws-unreachable", "STS can't be reached")


async def drawn(here: Platform, token: Secret, name: str = "tenant-data") -> dict[str, Any]:
    given = await hand_out(here.broker, token, name)
    assert isinstance(given, HandOut), given
    document: dict[str, Any] = json.loads(given.body)
    return document


async def denied(here: Platform, token: Secret, name: str = "tenant-data") -> str:
    given = await hand_out(here.broker, token, name)
    assert isinstance(given, Refusal), given
    return given.code


async def operator(here: Platform) -> Principal:
    principal = await authenticate(here.broker, here.actor("operator"), now=here.clock())
    assert isinstance(principal, Principal)
    return principal


async def test_the_container_document_has_what_every_sdk_reads(here: Platform) -> None:
    opened = await here.open()
    assert await drawn(here, opened.token) == {
        "AccessKeyId": "ASIA0000000000000001",
        "SecretAccessKey": "secret-1",
        "Token": "session-1",
        "Expiration": "2027-01-15T09:00:00Z",
        "AccountId": "111122223333",
        "RoleArn": "arn:aws:iam::111122223333:role/agents/AgentTenantData",
    }


async def test_the_sandbox_chooses_nothing_that_sts_is_asked(here: Platform) -> None:
    opened = await here.open()
    await drawn(here, opened.token)
    asked = here.sts.asked[0]
    run_id = opened.run.id
    assert asked.session_name == f"vk-{run_id}"
    assert asked.source_identity == run_id
    assert asked.tags == {"user_id": "alice", "task_id": "task-of-alice", RUN_TAG: run_id}
    assert set(asked.transitive_tag_keys) == set(asked.tags)
    assert asked.duration == 3600


async def test_the_session_name_is_stable_over_refreshes(here: Platform) -> None:
    """Lesson 23: a changing one drops long connections."""
    opened = await here.open()
    await drawn(here, opened.token)
    here.clock.now += 3000
    await drawn(here, opened.token)
    assert len({asked.session_name for asked in here.sts.asked}) == 1


async def test_a_hand_out_is_on_record_before_it_leaves(here: Platform) -> None:
    opened = await here.open()
    await drawn(here, opened.token)
    vended, given = (await here.audit())[-2:]
    assert (vended["kind"], given["kind"]) == ("credentials-vended", "credentials-handed-out")
    assert given["access_key_id"] == "ASIA0000000000000001"
    assert given["fresh"] == "yes"
    assert vended["request_id"] == "request-1"
    assert "secret-1" not in str(vended | given)


async def test_a_failed_append_means_nothing_leaves(here: Platform) -> None:
    opened = await here.open()
    await drawn(here, opened.token)
    await here.store.close()
    with pytest.raises(ValetkeyError) as caught:
        await hand_out(here.broker, opened.token, "tenant-data")
    assert caught.value.code.startswith("store-")


async def test_fresh_credentials_are_handed_out_without_asking_sts(here: Platform) -> None:
    opened = await here.open()
    for _ in range(5):
        await drawn(here, opened.token)
    assert len(here.sts.asked) == 1
    assert (await here.kinds()).count("credentials-handed-out") == 5
    assert (await here.audit())[-1]["fresh"] == "no"


@pytest.mark.parametrize("second", range(0, 3600, 100))
async def test_what_is_handed_out_outlives_the_sdks_windows(here: Platform, second: int) -> None:
    """Invariant 12: above 15 minutes of remaining life at every hand-out of a one-hour role."""
    opened = await here.open()
    await drawn(here, opened.token)
    here.clock.now = NOW + second
    await drawn(here, opened.token)
    expires = (await here.audit())[-1]["expires_at"]
    assert expires - here.clock.now > 900


async def test_100_callers_at_once_make_one_sts_call(here: Platform) -> None:
    """Lesson 21."""
    opened = await here.open()
    here.sts.delay = 0.02
    await asyncio.gather(*(drawn(here, opened.token) for _ in range(100)))
    assert len(here.sts.asked) == 1


async def test_a_refresh_outlives_a_client_that_hangs_up(here: Platform) -> None:
    opened = await here.open()
    here.sts.release = asyncio.Event()
    impatient = asyncio.create_task(hand_out(here.broker, opened.token, "tenant-data"))
    await here.sts.was_asked.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    here.sts.release.set()
    await drawn(here, opened.token)
    assert len(here.sts.asked) == 1


async def test_a_refresh_that_lands_while_the_run_is_looked_up_is_not_repeated(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 11."""
    opened = await here.open()
    here.sts.release = asyncio.Event()
    first = asyncio.create_task(drawn(here, opened.token))
    await here.sts.was_asked.wait()
    look, looked, go_on = here.broker.store.run, asyncio.Event(), asyncio.Event()

    async def slowly(run_id: str) -> Run | None:
        found = await look(run_id)
        looked.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(here.broker.store, "run", slowly)
    second = asyncio.create_task(drawn(here, opened.token))
    await looked.wait()
    here.sts.release.set()
    await first
    go_on.set()
    assert (await second)["Token"] == "session-1"
    assert len(here.sts.asked) == 1


async def test_valid_credentials_are_served_while_sts_is_out(here: Platform) -> None:
    """Invariant 12, lesson 21: until they expire, and not a second longer."""
    opened = await here.open()
    await drawn(here, opened.token)
    here.sts.failure = NO_STS
    here.clock.now = NOW + 3599
    assert (await drawn(here, opened.token))["Token"] == "session-1"
    here.clock.now = NOW + 3600
    with pytest.raises(ValetkeyError) as caught:
        await hand_out(here.broker, opened.token, "tenant-data")
    assert caught.value.code == "aws-unreachable"
    assert "vend-failed" in await here.kinds()


async def test_a_hanging_sts_does_not_withhold_valid_credentials(here: Platform) -> None:
    """Invariant 12: botocore gives the endpoint two seconds."""
    opened = await here.open()
    await drawn(here, opened.token)
    here.sts.release = asyncio.Event()
    here.clock.now = NOW + 3000
    async with asyncio.timeout(1.8):
        assert (await drawn(here, opened.token))["Token"] == "session-1"
    here.sts.release.set()


async def test_the_next_caller_after_an_outage_gets_fresh_credentials(here: Platform) -> None:
    opened = await here.open()
    here.sts.failure = NO_STS
    with pytest.raises(ValetkeyError):
        await hand_out(here.broker, opened.token, "tenant-data")
    here.sts.failure = None
    here.clock.now += 2
    await drawn(here, opened.token)


async def test_a_broken_role_does_not_drive_sts_at_the_callers_pace(here: Platform) -> None:
    """One run's trouble must not get the account throttled for all."""
    opened = await here.open()
    here.sts.failure = NO_STS
    for _ in range(100):
        with pytest.raises(ValetkeyError) as caught:
            await hand_out(here.broker, opened.token, "tenant-data")
        assert caught.value.code == "aws-unreachable"
    assert len(here.sts.asked) == 1
    assert (await here.kinds()).count("vend-failed") == 1


async def test_an_unforeseen_failure_of_sts_withholds_nothing_valid(here: Platform) -> None:
    opened = await here.open()
    await drawn(here, opened.token)
    here.sts.changes = {"no_such_field": 1}
    here.clock.now = NOW + 3000
    assert (await drawn(here, opened.token))["Token"] == "session-1"
    assert (await here.audit())[-2] | {"at": 0} == {
        "kind": "vend-failed",
        "v": 1,
        "at": 0,
        "run": opened.run.id,
        "grant": "tenant-data",
        "role_arn": "arn:aws:iam::111122223333:role/agents/AgentTenantData",
        "code": "internal-error",
    }


async def test_a_clock_set_back_does_not_make_old_credentials_fresh(here: Platform) -> None:
    opened = await here.open()
    await drawn(here, opened.token)
    here.clock.now -= 7200
    await drawn(here, opened.token)
    assert len(here.sts.asked) == 2


async def test_a_rotation_elsewhere_is_known_at_the_next_hand_out(
    here: Platform, tmp_path: Path
) -> None:
    """Two brokers on one store: the new token is good at both, the old one at neither."""
    from valetkey.broker import Rotated, rotate_token

    opened = await here.open()
    await drawn(here, opened.token)
    async with platform(tmp_path) as other:
        rotated = await rotate_token(other.broker, opened.token)
        assert isinstance(rotated, Rotated)
    await drawn(here, rotated.token)
    here.clock.now += 60
    assert await denied(here, opened.token) == "run-token"
    await drawn(here, rotated.token)


async def test_what_a_broker_remembers_of_a_token_does_not_decide(here: Platform) -> None:
    from valetkey.broker import Rotated, rotate_token

    opened = await here.open()
    await drawn(here, opened.token)
    stale = here.broker.known[opened.run.id]
    rotated = await rotate_token(here.broker, opened.token)
    assert isinstance(rotated, Rotated)
    here.broker.known[opened.run.id] = stale
    here.clock.now += 61
    assert await denied(here, opened.token) == "run-token"
    await drawn(here, rotated.token)


@pytest.mark.parametrize(
    "change",
    [
        {"assumed_role_arn": "arn:aws:sts::111122223333:assumed-role/Admin/vk-x"},
        {"source_identity": None},
        {"source_identity": "r-someone-else"},
        {"expiration": NOW + 12 * 3600},
        {"expiration": NOW + 60},
        {"packed_policy_size": 101},
        {"session_token": Secret("")},
    ],
)
async def test_an_answer_that_is_not_what_was_asked_never_leaves(
    here: Platform, change: dict[str, object]
) -> None:
    """Invariant 5: issue, then check."""
    opened = await here.open()
    here.sts.changes = change
    with pytest.raises(ValetkeyError) as caught:
        await hand_out(here.broker, opened.token, "tenant-data")
    assert caught.value.code == "aws-answer-mismatch"
    assert "credentials-handed-out" not in await here.kinds()
    assert (await here.audit())[-1]["kind"] == "vend-failed"


async def test_revoked_means_revoked_even_with_credentials_held(here: Platform) -> None:
    """Invariant 6."""
    opened = await here.open()
    await drawn(here, opened.token)
    await revoke_run(here.broker, await operator(here), opened.run.id, because="stolen laptop")
    assert await denied(here, opened.token) == "run-revoked"
    assert (await here.kinds())[-2:] == ["run-revoked", "hand-out-refused"]
    assert (await here.audit())[-1]["code"] == "run-revoked"


async def test_revocation_by_another_process_is_seen_at_the_next_hand_out(
    here: Platform, tmp_path: Path
) -> None:
    opened = await here.open()
    await drawn(here, opened.token)
    async with platform(tmp_path) as other:
        await revoke_run(other.broker, await operator(other), opened.run.id, because="elsewhere")
    assert await denied(here, opened.token) == "run-revoked"


async def test_a_revocation_while_sts_is_asked_wins(here: Platform) -> None:
    opened = await here.open()
    here.sts.release = asyncio.Event()
    waiting = asyncio.create_task(hand_out(here.broker, opened.token, "tenant-data"))
    await here.sts.was_asked.wait()
    await revoke_run(here.broker, await operator(here), opened.run.id, because="in flight")
    here.sts.release.set()
    outcome = await waiting
    assert isinstance(outcome, Refusal)
    assert "credentials-handed-out" not in await here.kinds()


async def test_a_run_that_is_over_makes_no_sts_call(here: Platform) -> None:
    opened = await here.open()
    await end_own_run(here.broker, opened.token)
    assert await denied(here, opened.token) == "run-ended"
    assert here.sts.asked == []


async def test_an_expired_run_is_given_nothing(here: Platform) -> None:
    opened = await here.open(expires_in=60)
    await drawn(here, opened.token)
    here.clock.now += 60
    assert await denied(here, opened.token) == "run-expired"


async def test_a_grant_of_the_configuration_but_not_of_the_run_is_refused(here: Platform) -> None:
    opened = await here.open(grants=("tenant-data",))
    assert await denied(here, opened.token, "other") == "grant-not-of-run"
    assert here.sts.asked == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text + "\n",
        lambda text: text.replace("vkr_", "vkx_"),
        lambda text: f"vkr_r-{'a' * 26}_{'A' * 43}",
        lambda text: "é" + text,
    ],
)
async def test_a_token_that_is_not_the_runs_own_is_refused_and_recorded(
    here: Platform, change: Any
) -> None:
    opened = await here.open()
    assert await denied(here, Secret(change(opened.token.reveal()))) == "run-token"
    assert (await here.audit())[-1] | {"at": 0} == {
        "kind": "hand-out-refused",
        "v": 1,
        "at": 0,
        "code": "run-token",
        "grant": "tenant-data",
    }


async def test_one_runs_token_never_draws_anothers_credentials(here: Platform) -> None:
    """Lesson 9: nothing is global to the process."""
    alice, bob = await here.open("alice"), await here.open("bob")
    await drawn(here, alice.token)
    await drawn(here, bob.token)
    assert [asked.tags["user_id"] for asked in here.sts.asked] == ["alice", "bob"]
    mixed = Secret(f"vkr_{alice.run.id}_{bob.token.reveal().rsplit('_', 1)[1]}")
    assert await denied(here, mixed) == "run-token"


async def test_a_run_keeps_its_policy_over_a_restart(tmp_path: Path) -> None:
    """Invariant 7, lesson 30: the grant was tightened meanwhile; the run has its own version."""
    async with platform(tmp_path, grants=(grant(),)) as before:
        opened = await before.open()
    tightened = grant(duration=900, session_policy='{"Statement":[]}')
    async with platform(tmp_path, grants=(tightened,)) as after:
        await drawn(after, opened.token)
        assert after.sts.asked[0].duration == 3600
        newer = await after.open()
        await drawn(after, newer.token)
        assert after.sts.asked[1].duration == 900
        assert newer.run.policy_version != opened.run.policy_version


async def test_a_run_whose_policy_is_gone_is_not_served(here: Platform, tmp_path: Path) -> None:
    opened = await here.open()
    import sqlite3

    with sqlite3.connect(here.path) as file:
        file.execute("UPDATE policies SET document = replace(document, '3600', '7200')")
    file.close()
    async with platform(tmp_path, grants=(grant(duration=900),)) as after:
        assert await denied(after, opened.token) == "policy-version-gone"


async def test_a_changed_grant_is_not_served_from_the_cache_of_the_old_one(tmp_path: Path) -> None:
    """Lessons 22 and 27: whatever shapes the credentials is in the key."""
    from valetkey.credentials import assume_role_request, cache_key

    base = grant()
    variants = [
        base,
        grant(duration=900),
        grant(region="us-east-1"),
        grant(external_id="x-1"),
        grant(session_policy='{"Statement":[]}'),
        grant(profile="another"),
    ]
    keys = {cache_key(assume_role_request(g, run_id="r-1", tags={"u": "a"})) for g in variants}
    keys.add(cache_key(assume_role_request(base, run_id="r-2", tags={"u": "a"})))
    keys.add(cache_key(assume_role_request(base, run_id="r-1", tags={"u": "b"})))
    assert len(keys) == len(variants) + 2


async def test_900_second_sessions_do_not_call_sts_on_every_request(tmp_path: Path) -> None:
    """Lesson 20: such a session is inside the SDKs' window from its first second."""
    async with platform(tmp_path, grants=(grant(duration=900),)) as here:
        opened = await here.open()
        for second in range(120):
            here.clock.now = NOW + second
            await drawn(here, opened.token)
        assert len(here.sts.asked) <= 4


async def test_ended_and_revoked_are_told_apart_for_investigators(here: Platform) -> None:
    opened = await here.open()
    await end_own_run(here.broker, opened.token)
    stored = await here.store.run(opened.run.id)
    assert stored is not None
    assert stored.state is RunState.ENDED
    await revoke_run(here.broker, await operator(here), opened.run.id, because="after all")
    stored = await here.store.run(opened.run.id)
    assert stored is not None
    assert (stored.state, stored.because) == (RunState.REVOKED, "after all")


async def test_a_call_to_sts_that_is_broken_off_is_on_record(tmp_path: Path) -> None:
    """AWS may have issued a session that nobody will have: the log must say that it was asked."""
    async with platform(tmp_path) as here:
        opened = await here.open()
        here.sts.release = asyncio.Event()
        asking = asyncio.ensure_future(hand_out(here.broker, opened.token, "tenant-data"))
        await here.sts.was_asked.wait()
        await here.broker.holdings.stop()
        with pytest.raises((ValetkeyError, asyncio.CancelledError)):
            await asking
        (failed,) = [leaf for leaf in await here.audit() if leaf["kind"] == "vend-failed"]
        assert (failed["run"], failed["code"]) == (opened.run.id, "broker-stopped")


async def test_who_has_time_waits_longer_than_an_sdk_does(tmp_path: Path) -> None:
    async with platform(tmp_path) as here:
        opened = await here.open()
        here.sts.delay = 0.2
        with pytest.raises(ValetkeyError) as caught:
            await hand_out(here.broker, opened.token, "tenant-data", hope=0.01)
        assert caught.value.code == "aws-slow"
        assert isinstance(await hand_out(here.broker, opened.token, "tenant-data"), HandOut)
