"""What a server is shown: the run's own session or token, on record first, and never another's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.broker.exchanging import Signing, revoked
from tests.fakes.own_issuer import OWN_URL
from tests.fakes.platform import Platform, grant, platform, web_grant
from tests.fakes.tokens import accepted_by
from tests.fakes.tools import BOUND, GATEWAY_URI
from valetkey.broker import make_policy
from valetkey.broker.activate import Running, activate
from valetkey.broker.tool_credentials import SERVER_TOKEN_SECONDS, session_for, token_for
from valetkey.broker.tool_terms import HeldToken, ToolMemory
from valetkey.credentials import AssumedRole
from valetkey.identity import Refusal
from valetkey.secret import Secret
from valetkey.store import StoreError
from valetkey.tools import Proof, Reach, ToolServer

AUDIENCE = "https://billing.internal/mcp"
SERVER = ToolServer(
    name="billing", reach=Reach.HTTP, url=AUDIENCE, proof=Proof.TOKEN, audience=AUDIENCE
)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(tmp_path, tools=BOUND) as made:
        yield made


async def moved_to(here: Platform, *grants: str) -> None:
    kept = tuple(grant(name, duration=1800) for name in grants)
    policy = make_policy(kept, (), here.broker.policy.tools)
    await activate(
        here.store, policy, running=Running.REBIND, by="t", because="t", now=here.clock()
    )


async def test_a_servers_token_is_of_the_run_for_that_server_alone(here: Platform) -> None:
    caller = await here.caller(department="finance")
    token = await token_for(here.broker, caller, SERVER)
    assert isinstance(token, Secret)
    claims = (await accepted_by(here, token, AUDIENCE)).all
    assert (claims["iss"], claims["sub"], claims["aud"]) == (OWN_URL, "alice", AUDIENCE)
    assert claims["valetkey_run"] == caller.run.id
    assert claims["exp"] == int(here.clock()) + SERVER_TOKEN_SECONDS
    record = (await here.audit())[-1]
    assert (record["kind"], record["holder"], record["grant"]) == (
        *("token-issued", "gateway"),
        "billing",
    )
    assert record["jti"] == claims["jti"]


async def test_a_servers_token_is_given_again_for_half_its_life(here: Platform) -> None:
    caller, signing = await here.caller(), Signing(here)
    first = await token_for(here.broker, caller, SERVER)
    assert isinstance(first, Secret)
    here.clock.now += SERVER_TOKEN_SECONDS / 2 - 1
    assert await token_for(here.broker, caller, SERVER) is first
    here.clock.now += 1
    assert await token_for(here.broker, caller, SERVER) is not first
    assert signing.count == 2


async def test_no_run_gets_another_runs_token(here: Platform) -> None:
    alice, bob = await here.caller("alice"), await here.caller("bob")
    tokens = [await token_for(here.broker, caller, SERVER) for caller in (alice, bob)]
    subjects = []
    for token in tokens:
        assert isinstance(token, Secret)
        subjects.append((await accepted_by(here, token, AUDIENCE)).subject)
    assert subjects == ["alice", "bob"]


async def test_another_audience_of_a_server_is_another_token(here: Platform) -> None:
    caller = await here.caller()
    first = await token_for(here.broker, caller, SERVER)
    other = replace(SERVER, audience="https://other.internal")
    assert await token_for(here.broker, caller, other) is not first


async def test_a_forgotten_run_has_no_held_token(here: Platform) -> None:
    caller = await here.caller()
    first = await token_for(here.broker, caller, SERVER)
    here.broker.forget(caller.run.id)
    assert await token_for(here.broker, caller, SERVER) is not first


async def test_a_revoked_run_gets_no_token_and_that_is_on_record(here: Platform) -> None:
    caller = await here.caller()
    await revoked(here, caller.run.id)
    outcome = await token_for(here.broker, caller, SERVER)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "run-revoked"
    record = (await here.audit())[-1]
    assert (record["kind"], record["code"]) == ("token-refused", "run-revoked")


async def test_a_token_for_sts_or_for_ourselves_or_for_no_server_is_none(tmp_path: Path) -> None:
    taken = (web_grant(audience="https://taken.example"),)
    async with platform(tmp_path, tools=BOUND, grants=taken) as here:
        caller = await here.caller()
        for server, code in (
            (replace(SERVER, audience="sts.amazonaws.com"), "token-target-of-sts"),
            (replace(SERVER, audience="https://taken.example"), "token-target-of-sts"),
            (replace(SERVER, audience=GATEWAY_URI), "token-target-of-gateway"),
            (replace(SERVER, audience=None), "server-unknown"),
            (replace(SERVER, name="nowhere"), "server-unknown"),
        ):
            outcome = await token_for(here.broker, caller, server)
            assert isinstance(outcome, Refusal)
            assert outcome.code == code


async def test_no_token_leaves_before_its_record(here: Platform) -> None:
    caller = await here.caller()
    await here.store.close()
    with pytest.raises(StoreError):
        await token_for(here.broker, caller, SERVER)
    assert here.broker.tool_memory.held == {}


async def test_a_caller_gets_its_own_runs_session_and_the_record_says_who_holds_it(
    here: Platform,
) -> None:
    caller = await here.caller()
    session = await session_for(here.broker, caller, "tenant-data", holder="gateway")
    assert isinstance(session, AssumedRole)
    assert session.source_identity == caller.run.id
    record = (await here.audit())[-1]
    assert (record["kind"], record["holder"], record["fresh"]) == (
        *("credentials-handed-out", "gateway"),
        "yes",
    )
    assert await session_for(here.broker, caller, "tenant-data") == session
    again = (await here.audit())[-1]
    assert (again["holder"], again["fresh"]) == ("gateway", "no")
    assert len(here.sts.asked) == 1


async def test_a_session_of_a_grant_that_the_run_has_not_is_refused(here: Platform) -> None:
    caller = await here.caller()
    for name, code in (("nothing", "grant-not-of-run"), ("billing", "grant-without-role")):
        outcome = await session_for(here.broker, caller, name)
        assert isinstance(outcome, Refusal)
        assert outcome.code == code


async def test_a_revoked_run_gets_no_session(here: Platform) -> None:
    caller = await here.caller()
    await session_for(here.broker, caller, "tenant-data")
    await revoked(here, caller.run.id)
    outcome = await session_for(here.broker, caller, "tenant-data")
    assert isinstance(outcome, Refusal)
    assert outcome.code == "run-revoked"


async def test_a_rebound_run_draws_by_the_new_version_at_once(here: Platform) -> None:
    caller = await here.caller()
    await session_for(here.broker, caller, "tenant-data")
    await moved_to(here, "tenant-data")
    assert isinstance(await session_for(here.broker, caller, "tenant-data"), AssumedRole)
    assert [request.duration for request in here.sts.asked] == [3600, 1800]
    outcome = await session_for(here.broker, caller, "other")
    assert isinstance(outcome, Refusal)
    assert outcome.code == "grant-not-of-run"


async def test_a_token_is_not_made_for_a_version_that_the_run_has_left(here: Platform) -> None:
    caller = await here.caller()
    await moved_to(here, "tenant-data")
    outcome = await token_for(here.broker, caller, SERVER)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "run-rebound"
    known = await here.broker.run(caller.run.id)
    assert known is not None
    moved = replace(caller, run=known.run)
    assert isinstance(await token_for(here.broker, moved, SERVER), Secret)


def test_a_token_that_one_server_did_not_take_is_dropped_alone() -> None:
    memory = ToolMemory()
    for server in ("billing", "search"):
        memory.hold("r-1", (server, "https://x", "v"), HeldToken(Secret(server), 1.0))
    memory.drop("r-1", "billing")
    memory.drop("r-2", "billing")
    assert list(memory.held["r-1"]) == [("search", "https://x", "v")]
