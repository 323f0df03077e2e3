"""Policy versions over open runs: what was activated binds every replica, and nobody in between."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.platform import Clock, Platform, grant, platform
from tests.fakes.tokens import BILLING, asked, token_platform
from tests.fakes.tools import BOUND, POLICIES, rule, source
from valetkey.broker import (
    BrokerError,
    HandOut,
    Opened,
    Policy,
    hand_out,
    make_policy,
    open_own_run,
    open_run,
)
from valetkey.broker.activate import BY_START, Activated, Running, activate
from valetkey.broker.exchange import Exchanged
from valetkey.broker.finish import MAX_REASON
from valetkey.broker.tool_access import ToolCaller
from valetkey.broker.tool_call import AllowedCall, DeniedCall, decide_call
from valetkey.identity import Refusal
from valetkey.tools import PolicyFile, document_of
from valetkey.tools.bundle import make_bundle

SHORT = make_policy((grant(duration=1800), grant("other")))
WITHOUT = make_policy((grant("other"),))


async def activated(
    here: Platform, policy: Policy, running: Running = Running.KEEP, because: str | None = "why"
) -> Activated:
    return await activate(
        here.store, policy, running=running, by="people:alice", because=because, now=here.clock()
    )


async def drawn(here: Platform, opened: Opened, name: str = "tenant-data") -> str | int:
    """How long the session was asked for, or why there is none."""
    outcome = await hand_out(here.broker, opened.token, name)
    return here.sts.asked[-1].duration if isinstance(outcome, HandOut) else outcome.code


async def test_new_runs_are_opened_under_what_was_activated_at_once(here: Platform) -> None:
    await activated(here, SHORT)
    opened = await here.open()
    assert opened.run.policy_version == opened.policy.version == SHORT.version
    assert await drawn(here, opened) == 1800
    kinds = [leaf["kind"] for leaf in await here.audit()]
    assert kinds[:2] == ["policy-activated", "run-opened"]


async def test_a_replica_that_has_not_heard_opens_nothing_under_the_old_version(
    here: Platform, tmp_path: Path
) -> None:
    async with platform(tmp_path) as other:
        await other.open("bob")
        await activated(here, SHORT)
        opened = await other.open("carol")
        assert opened.run.policy_version == SHORT.version
        await activated(here, other.broker.policy)
        assert (await other.open("dave")).run.policy_version == other.broker.policy.version


async def test_what_is_asked_for_is_looked_at_under_the_new_version(here: Platform) -> None:
    await activated(here, WITHOUT)
    with pytest.raises(BrokerError) as refused:
        await here.open(grants=("tenant-data",))
    assert refused.value.code == "grant-unknown"
    assert (await here.open()).run.grants == ("other",)
    assert len(await here.store.runs()) == 1


async def test_a_token_for_one_use_opens_a_run_though_the_policy_changed(here: Platform) -> None:
    request = here.request()
    await activated(here, SHORT)
    assert isinstance(await open_run(here.broker, request), Opened)
    opened = [leaf for leaf in await here.audit() if leaf["kind"] == "run-opened"]
    assert len(opened) == 1


async def test_an_active_version_that_cannot_be_read_opens_nothing(here: Platform) -> None:
    document = '{"format":99}'
    strange = replace(SHORT, version="9" * 32, document=document)
    await activated(here, strange)
    outcome = await open_run(here.broker, here.request())
    assert isinstance(outcome, Refusal)
    assert outcome.code == "policy-version-gone"
    assert await here.store.runs() == []


async def test_open_runs_keep_their_version_without_a_word(here: Platform) -> None:
    opened = await here.open()
    done = await activated(here, SHORT, Running.KEEP, None)
    assert (done.previous, done.rebound, done.revoked) == (None, (), ())
    assert await drawn(here, opened) == 3600


async def test_a_rebound_run_draws_under_the_new_version_at_its_next_request(
    here: Platform,
) -> None:
    opened = await here.open()
    assert await drawn(here, opened) == 3600
    done = await activated(here, SHORT, Running.REBIND)
    assert done.rebound == (opened.run.id,)
    assert await drawn(here, opened) == 1800
    records = [leaf for leaf in await here.audit() if leaf["kind"] == "run-rebound"]
    assert [(r["previous_version"], r["by"], r["because"]) for r in records] == [
        (opened.run.policy_version, "people:alice", "why")
    ]


async def test_a_rebound_run_has_no_grant_that_the_version_has_not(here: Platform) -> None:
    opened = await here.open()
    await activated(here, WITHOUT, Running.REBIND)
    assert await drawn(here, opened) == "grant-not-of-run"
    assert await drawn(here, opened, "other") == 3600


async def test_a_run_that_would_have_no_grant_is_revoked(here: Platform) -> None:
    opened = await here.open(grants=("tenant-data",))
    done = await activated(here, WITHOUT, Running.REBIND)
    assert (done.rebound, done.revoked) == ((), (opened.run.id,))
    assert await drawn(here, opened) == "run-revoked"


async def test_revoking_takes_every_run_under_another_version(here: Platform) -> None:
    opened = await here.open()
    await activated(here, SHORT, Running.REVOKE)
    assert await drawn(here, opened) == "run-revoked"
    record = next(leaf for leaf in await here.audit() if leaf["kind"] == "run-revoked")
    assert (record["run"], record["because"]) == (opened.run.id, "why")
    assert await drawn(here, await here.open("bob")) == 1800


async def test_tokens_follow_a_rebind_at_once(tmp_path: Path) -> None:
    async with token_platform(tmp_path) as here:
        opened = await here.open()
        assert isinstance(await asked(here, opened.token), Exchanged)
        narrow = make_policy((grant(),), (replace(BILLING, scopes=("read",)),))
        await activated(here, narrow, Running.REBIND)
        given = await asked(here, opened.token)
        assert isinstance(given, Exchanged)
        assert given.scope == "read"
        refused = await asked(here, opened.token, "search")
        assert isinstance(refused, Refusal)
        assert refused.code == "token-target-unknown"


@pytest.mark.parametrize("because", [None, "", "  ", "x" * (MAX_REASON + 1)])
async def test_nobody_touches_open_runs_without_a_reason(
    here: Platform, because: str | None
) -> None:
    opened = await here.open()
    for running in (Running.REBIND, Running.REVOKE):
        with pytest.raises(BrokerError) as refused:
            await activated(here, SHORT, running, because)
        assert refused.value.code == "reason-missing"
    assert await drawn(here, opened) == 3600


async def test_a_restart_with_the_same_policy_records_nothing_new(here: Platform) -> None:
    own = here.broker.policy
    for _ in range(2):
        await activate(
            here.store, own, running=Running.KEEP, by=BY_START, because=None, now=here.clock()
        )
    assert [leaf["by"] for leaf in await here.audit()] == [BY_START]


async def test_runs_of_the_own_account_follow_no_activation(here: Platform) -> None:
    await activated(here, SHORT)
    opened = await open_own_run(here.broker, "me", tags={"user_id": "me"})
    assert isinstance(opened, Opened)
    assert opened.run.policy_version == here.broker.policy.version


async def test_a_run_keeps_its_tool_policies_over_a_restart_with_others(tmp_path: Path) -> None:
    clock = Clock()
    async with platform(tmp_path, tools=BOUND, clock=clock) as here:
        opened = await here.open()
        before = opened.run.policy_version
    other = source(rule("permit", "search___search"))
    async with platform(tmp_path, tools=other, clock=clock) as here:
        policy = await here.broker.policy_of(opened.run)
    assert policy is not None
    assert policy.version == before
    assert policy.tools is not None
    assert document_of(policy.tools.source) == document_of(BOUND)


EMERGENCY = rule("forbid", "search___search", 'principal.hasTag("suspended")')


def with_forbid(*tags: str, here: Platform) -> Policy:
    """The tools' policies and one forbid more, over the tags there were and `tags`."""
    files = (PolicyFile("tools.cedar", POLICIES + (EMERGENCY if tags else "")),)
    bundle = make_bundle(replace(BOUND, policies=files, tags=(*BOUND.tags, *tags)))
    return make_policy(here.broker.policy.grants.values(), (), bundle)


async def searched(here: Platform, caller: ToolCaller) -> str:
    """The code of a refused call, "allowed" for one that passes."""
    outcome = await decide_call(here.broker, caller, "search", "search", {"query": "x"})
    if isinstance(outcome, AllowedCall):
        return "allowed"
    assert isinstance(outcome, DeniedCall | Refusal)
    return outcome.code


async def test_a_run_is_not_rebound_to_a_version_that_asks_for_more_tags(tmp_path: Path) -> None:
    async with platform(tmp_path, tools=BOUND) as here:
        caller = await here.caller("mallory", department="finance", suspended="yes")
        assert await searched(here, caller) == "allowed"
        done = await activated(here, with_forbid("suspended", here=here), Running.REBIND)
        assert (done.rebound, done.revoked) == ((), (caller.run.id,))
        assert "`suspended`" in done.unfit[caller.run.id]
        assert await searched(here, caller) == "run-revoked"
        record = next(leaf for leaf in await here.audit() if leaf["kind"] == "run-revoked")
        assert record["because"] == f"why (not rebound: {done.unfit[caller.run.id]})"


async def test_a_run_is_rebound_to_a_version_that_asks_for_the_same_tags(tmp_path: Path) -> None:
    async with platform(tmp_path, tools=BOUND) as here:
        caller = await here.caller("mallory", department="finance")
        forbid = rule("forbid", "search___search", 'context.input.query == "x"')
        files = (PolicyFile("tools.cedar", POLICIES + forbid),)
        policy = make_policy(
            here.broker.policy.grants.values(), (), make_bundle(replace(BOUND, policies=files))
        )
        done = await activated(here, policy, Running.REBIND)
        assert (done.rebound, dict(done.unfit)) == ((caller.run.id,), {})
        assert await searched(here, caller) == "tool-forbidden"


async def test_a_run_without_tools_is_rebound_whatever_they_ask_for(tmp_path: Path) -> None:
    async with platform(tmp_path, tools=BOUND) as here:
        opened = await here.open(grants=("tenant-data",))
        done = await activated(here, with_forbid("suspended", here=here), Running.REBIND)
        assert done.rebound == (opened.run.id,)


async def test_a_role_that_became_a_server_is_no_way_around_that(tmp_path: Path) -> None:
    async with platform(tmp_path, grants=(grant("search"), grant("other"))) as here:
        opened = await here.open()
        between = make_policy(
            (grant("search"),),
            (),
            make_bundle(
                replace(
                    BOUND,
                    servers=BOUND.servers[:1],
                    tools=BOUND.tools[:1],
                    tags=(*BOUND.tags, "suspended"),
                    policies=(),
                )
            ),
        )
        assert (await activated(here, between, Running.REBIND)).rebound == (opened.run.id,)
        after = make_policy(
            (),
            (),
            make_bundle(
                replace(
                    BOUND,
                    policies=(),
                    tags=(*BOUND.tags, "suspended"),
                )
            ),
        )
        done = await activated(here, after, Running.REBIND)
        assert "`search` is a server of tools now" in done.unfit[opened.run.id]


async def test_a_broker_that_runs_opens_no_run_that_asks_for_what_it_does_not_look_up(
    tmp_path: Path,
) -> None:
    async with platform(tmp_path, tools=BOUND) as here:
        await activated(here, with_forbid("suspended", here=here), Running.REVOKE)
        outcome = await open_run(here.broker, here.request("mallory"))
        assert isinstance(outcome, Refusal)
        assert outcome.code == "facts-unasked"
        assert await here.store.runs() == []
