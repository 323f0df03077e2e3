"""A tool call is decided by the run's own policies, and on record before anybody may make it."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.broker.exchanging import revoked
from tests.fakes.platform import Platform, platform
from tests.fakes.tools import BOUND, SEARCH, definition, of_department, rule, source
from valetkey.audit import Verified
from valetkey.broker import make_policy
from valetkey.broker.activate import Running, activate
from valetkey.broker.tool_access import ToolCaller
from valetkey.broker.tool_call import (
    AllowedCall,
    DeniedCall,
    decide_call,
    note_passed,
    tool_lists,
)
from valetkey.broker.tool_record import ATTEMPTS, MAX_KEPT, MAX_RULES
from valetkey.identity import Refusal
from valetkey.store import LogReader, StoreError
from valetkey.tools import Json, Kept, Mode, PolicyFile, Surface, Verdict
from valetkey.tools.bundle import make_bundle

SMALL: dict[str, Json] = {"order": "A-1", "amount": 500}
LARGE: dict[str, Json] = {"order": "A-1", "amount": 5_000}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(tmp_path, tools=BOUND) as made:
        yield made


async def called(
    here: Platform,
    caller: ToolCaller,
    arguments: Json,
    *,
    tool: str = "refund",
    server: str = "billing",
    **more: Any,
) -> AllowedCall | DeniedCall | Refusal:
    """Decide; whatever comes of it, exactly one record tells it."""
    before = len(await here.audit())
    outcome = await decide_call(here.broker, caller, server, tool, arguments, **more)
    records = (await here.audit())[before:]
    assert [record["kind"] for record in records] == ["tool-decided"]
    is_allowed = isinstance(outcome, AllowedCall)
    assert (records[0]["decision"] == "allow") is is_allowed
    return outcome


async def code_of(here: Platform, caller: ToolCaller, arguments: Json, **more: Any) -> str:
    outcome = await called(here, caller, arguments, **more)
    assert isinstance(outcome, DeniedCall), outcome
    return outcome.code


async def last(here: Platform) -> dict[str, Any]:
    return (await here.audit())[-1]


async def finance(here: Platform) -> ToolCaller:
    return await here.caller(department="finance")


async def moved_to(here: Platform, text: str, running: Running = Running.REBIND) -> str:
    """Activate other policies, beside the broker that runs; return their version."""
    policy = make_policy(
        here.broker.policy.grants.values(), (), make_bundle(replace(BOUND, policies=(_file(text),)))
    )
    await activate(here.store, policy, running=running, by="test", because="test", now=here.clock())
    return policy.version


def _file(text: str) -> PolicyFile:
    return PolicyFile("tools.cedar", text)


async def test_what_is_decided_is_what_is_recorded_and_what_may_be_sent(here: Platform) -> None:
    caller = await finance(here)
    outcome = await called(here, caller, {"order": "Ä", "amount": 500})
    assert isinstance(outcome, AllowedCall)
    text = '{"amount":500,"order":"Ä"}'.encode()
    assert outcome.arguments.text == text
    assert await last(here) == {
        "kind": "tool-decided",
        "v": 1,
        "at": int(here.clock() * 1000),
        "run": caller.run.id,
        "server": "billing",
        "tool": "refund",
        "decision": "allow",
        "code": "allowed",
        "via": "mcp",
        "mode": "enforce",
        "policy_version": caller.run.policy_version,
        "digest": hashlib.sha256(text).hexdigest(),
        "rules": ["tools.cedar#small-refunds"],
    }


async def test_finance_may_refund_500_and_not_5000_and_engineering_neither(here: Platform) -> None:
    assert isinstance(await called(here, await finance(here), SMALL), AllowedCall)
    assert await code_of(here, await finance(here), LARGE) == "tool-not-permitted"
    engineer = await here.caller("bob", department="engineering")
    assert isinstance(await called(here, engineer, {"order": "A-1"}, tool="look_up"), AllowedCall)


async def test_a_soft_rule_denies_until_a_person_can_be_asked(here: Platform) -> None:
    outcome = await called(here, await finance(here), {"order": "VIP-1", "amount": 1})
    assert isinstance(outcome, DeniedCall)
    assert outcome.code == "approval-needed"
    assert outcome.decision is not None
    assert outcome.decision.verdict is Verdict.ASK
    record = await last(here)
    assert (record["decision"], record["code"]) == ("ask", "approval-needed")
    assert record["rules"] == ["tools.cedar#vip"]


async def test_a_tool_that_nobody_may_see_is_as_unknown_as_none(here: Platform) -> None:
    guest = await here.caller()
    told = [
        await called(here, guest, SMALL),
        await called(here, guest, {"order": 7}),
        await called(here, guest, {}, tool="delete_all"),
        await called(here, guest, SMALL, obstacle=("tool-changed", "it is another one now")),
        await called(here, guest, {}, tool="nothing"),
        await called(here, guest, {}, server="nowhere"),
    ]
    assert len({repr(outcome) for outcome in told}) == 1
    assert isinstance(told[0], DeniedCall)
    assert (told[0].code, told[0].decision) == ("tool-unknown", None)
    codes = [record["code"] for record in await here.audit() if record["kind"] == "tool-decided"]
    assert codes == [
        *("tool-not-permitted", "tool-arguments-invalid", "tool-not-permitted", "tool-changed"),
        *("tool-unknown", "tool-unknown"),
    ]


async def test_a_server_that_is_no_grant_of_the_run_has_no_tools(here: Platform) -> None:
    opened = await here.open(grants=("billing",), subject_token=here.subject(department="finance"))
    caller = await here.caller(department="finance")
    narrow = replace(caller, run=opened.run, servers=("billing",))
    assert await code_of(here, narrow, {"query": "x"}, tool="search", server="search") == (
        "tool-unknown"
    )


async def test_a_name_is_no_way_to_another_servers_tool(tmp_path: Path) -> None:
    odd = definition("billing", "x___y", {})
    text = rule("permit", "billing___x___y")
    async with platform(tmp_path, tools=source(text, tools=(odd, SEARCH))) as here:
        caller = await here.caller()
        assert isinstance(await called(here, caller, {}, tool="x___y"), AllowedCall)
        assert await code_of(here, caller, {}, server="billing___x", tool="y") == "tool-unknown"


async def test_an_obstacle_denies_what_policies_would_allow(here: Platform) -> None:
    caller = await finance(here)
    outcome = await called(here, caller, SMALL, obstacle=("tool-changed", "it is another one"))
    assert isinstance(outcome, DeniedCall)
    assert (outcome.code, outcome.public) == ("tool-changed", "it is another one")


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        [],
        "text",
        {},
        {"order": "A-1"},
        {"order": "A-1", "amount": "500"},
        {"order": "A-1", "amount": 1.5},
        {"order": "A-1", "amount": 2**70},
        {"order": "A-1", "amount": 500, "more": 1},
        {"order": "\ud800", "amount": 500},
    ],
)
async def test_arguments_that_the_schema_does_not_take_are_denied(
    here: Platform, arguments: Json
) -> None:
    assert await code_of(here, await finance(here), arguments) == "tool-arguments-invalid"
    assert "digest" not in await last(here)


async def test_a_denial_of_arguments_names_the_place_and_never_the_value(here: Platform) -> None:
    outcome = await called(here, await finance(here), {"order": "A-1", "amount": "sesame"})
    assert isinstance(outcome, DeniedCall)
    assert "/amount" in outcome.public
    assert "sesame" not in outcome.public


async def test_a_policy_that_fails_denies_and_is_named(tmp_path: Path) -> None:
    text = rule("permit", "search___search") + rule(
        "forbid",
        "search___search",
        "9223372036854775807 + 1 == 0",
        notes='@id("overflows")\n',
    )
    async with platform(tmp_path, tools=source(text)) as here:
        caller = await here.caller()
        code = await code_of(here, caller, {"query": "x"}, tool="search", server="search")
        assert code == "policy-error"
        assert (await last(here))["errors"] == ["tools.cedar#overflows"]


async def test_log_only_lets_pass_and_says_so_in_each_record(tmp_path: Path) -> None:
    async with platform(tmp_path, tools=source(mode=Mode.LOG_ONLY)) as here:
        outcome = await called(here, await finance(here), LARGE)
        assert isinstance(outcome, AllowedCall)
        record = await last(here)
    assert (record["mode"], record["decision"], record["would"]) == ("log-only", "allow", "deny")


async def test_arguments_are_kept_whole_only_where_configured_and_not_too_long(
    tmp_path: Path,
) -> None:
    async with platform(tmp_path, tools=source(kept=Kept.WHOLE)) as here:
        caller = await here.caller()
        room = MAX_KEPT - len('{"query":""}')
        for length, is_kept in ((1, True), (room, True), (room + 1, False)):
            query: Json = {"query": "x" * length}
            await called(here, caller, query, tool="search", server="search")
            record = await last(here)
            text = json.dumps({"query": "x" * length}, separators=(",", ":"))
            assert record["digest"] == hashlib.sha256(text.encode()).hexdigest()
            assert record.get("arguments") == (text if is_kept else None)


async def test_hostile_arguments_are_recorded_in_a_form_no_terminal_obeys(tmp_path: Path) -> None:
    async with platform(tmp_path, tools=source(kept=Kept.WHOLE)) as here:
        caller = await here.caller()
        query = "\x1b[2J\x00\u202e" + '"\\' * 3_000
        await called(here, caller, {"query": query}, tool="search", server="search")
        record = await last(here)
    assert "\x1b" not in record["arguments"]
    assert json.loads(record["arguments"]) == {"query": query}


async def test_names_that_a_caller_makes_up_are_cut_and_always_recordable(here: Platform) -> None:
    caller = await here.caller()
    assert await code_of(here, caller, {}, server="s" * 9_999, tool="\ud800" * 9_999) == (
        "tool-unknown"
    )
    record = await last(here)
    assert len(record["server"]) == 128
    assert len(record["tool"]) <= 128 * 6


async def test_a_thousand_rules_do_not_keep_the_record_from_being_written(tmp_path: Path) -> None:
    rules = "".join(
        rule("permit", "search___search", notes=f'@id("{"long-" * 20}{number}")\n')
        for number in range(200)
    )
    async with platform(tmp_path, tools=source(rules)) as here:
        outcome = await called(
            here, await here.caller(), {"query": "x"}, tool="search", server="search"
        )
        assert isinstance(outcome, AllowedCall)
        record = await last(here)
    assert len(record["rules"]) == MAX_RULES + 1
    assert record["rules"][-1] == f"and {200 - MAX_RULES} more"


async def test_a_revoked_run_calls_nothing_more(here: Platform) -> None:
    caller = await finance(here)
    assert isinstance(await called(here, caller, SMALL), AllowedCall)
    await revoked(here, caller.run.id)
    outcome = await called(here, caller, SMALL)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "run-revoked"
    record = await last(here)
    assert (record["decision"], record["code"]) == ("deny", "run-revoked")
    assert "digest" not in record


async def test_an_expired_run_calls_nothing_more(here: Platform) -> None:
    caller = await finance(here)
    here.clock.now = caller.run.expires_at
    outcome = await called(here, caller, SMALL)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "run-expired"
    assert caller.run.id not in here.broker.known  # with all that it held


async def test_nothing_is_allowed_where_the_record_cannot_be_written(here: Platform) -> None:
    caller = await finance(here)
    await here.store.close()
    with pytest.raises(StoreError):
        await decide_call(here.broker, caller, "billing", "refund", SMALL)


async def test_an_emergency_forbid_reaches_an_open_run_at_its_next_call(here: Platform) -> None:
    caller = await finance(here)
    assert isinstance(await called(here, caller, SMALL), AllowedCall)
    version = await moved_to(here, rule("forbid", "billing___refund", of_department("finance")))
    outcome = await decide_call(here.broker, caller, "billing", "refund", SMALL)
    assert isinstance(outcome, DeniedCall)
    records = [r for r in await here.audit() if r["kind"] == "tool-decided"][-2:]
    assert [(r["decision"], r["code"]) for r in records] == [
        ("deny", "run-rebound"),
        ("deny", "tool-forbidden"),
    ]
    assert records[1]["policy_version"] == version


async def test_a_call_that_is_decided_anew_goes_out_under_the_new_version(here: Platform) -> None:
    caller = await here.caller(department="finance")
    version = await moved_to(here, rule("permit", "billing___refund"))
    outcome = await decide_call(here.broker, caller, "billing", "refund", LARGE)
    assert isinstance(outcome, AllowedCall)
    assert outcome.caller.run.policy_version == version


async def test_kept_runs_are_decided_under_their_own_version(here: Platform) -> None:
    caller = await finance(here)
    await moved_to(here, rule("forbid", "billing___refund"), Running.KEEP)
    assert isinstance(await called(here, caller, SMALL), AllowedCall)


async def test_a_run_that_moves_at_every_attempt_is_refused_in_the_end(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = await finance(here)
    real, turn = here.broker.store.use_run, 0

    async def moving(*arguments: Any, **more: Any) -> Any:
        nonlocal turn
        turn += 1
        await moved_to(here, rule("permit", "billing___refund") * turn)
        return await real(*arguments, **more)

    monkeypatch.setattr(type(here.store), "use_run", lambda self, *a, **m: moving(*a, **m))
    outcome = await decide_call(here.broker, caller, "billing", "refund", SMALL)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, turn) == ("run-rebound", ATTEMPTS)


async def test_a_surface_is_closed_until_the_policy_version_opens_it(here: Platform) -> None:
    caller = await here.caller()
    asked = {"method": "prompts/get", "about": "greeting\x1b[2J"}
    assert await note_passed(here.broker, caller, "search", Surface.PROMPTS, **asked) is None
    passed = await last(here)
    assert (passed["kind"], passed["decision"], passed["code"]) == (
        "mcp-passed",
        "allow",
        "allowed",
    )
    for server, surface, code in (
        ("search", Surface.RESOURCES, "surface-closed"),
        ("billing", Surface.PROMPTS, "surface-closed"),
        ("nowhere", Surface.PROMPTS, "server-unknown"),
    ):
        refusal = await note_passed(here.broker, caller, server, surface, **asked)
        assert isinstance(refusal, Refusal)
        assert refusal.code == code
        record = await last(here)
        assert (record["decision"], record["code"], record["server"]) == ("deny", code, server)


async def test_a_revoked_run_passes_nothing(here: Platform) -> None:
    caller = await here.caller()
    await revoked(here, caller.run.id)
    refusal = await note_passed(
        here.broker, caller, "search", Surface.PROMPTS, method="prompts/list", about=None
    )
    assert isinstance(refusal, Refusal)
    assert refusal.code == "run-revoked"
    assert (await last(here))["decision"] == "deny"


async def names(here: Platform, caller: ToolCaller, server: str | None = None) -> list[str]:
    tools = await tool_lists(here.broker, caller, server)
    assert not isinstance(tools, Refusal), tools
    return [tool.definition.public_name for tool in tools]


async def test_a_list_shows_what_policies_do_not_rule_out_sorted(here: Platform) -> None:
    assert await names(here, await finance(here)) == [
        *("billing___look_up", "billing___refund", "search___search")
    ]
    guest = await here.caller("bob")
    assert await names(here, guest) == ["search___search"]
    assert await names(here, guest, "search") == ["search___search"]
    assert await names(here, guest, "billing") == []


async def test_a_list_is_of_the_version_that_the_run_is_under_now(here: Platform) -> None:
    caller = await finance(here)
    await moved_to(here, rule("permit", "billing___delete_all"))
    assert await names(here, caller) == ["billing___delete_all"]


async def test_a_list_is_of_the_runs_own_servers_and_of_a_live_run(here: Platform) -> None:
    caller = await here.caller()
    unknown = await tool_lists(here.broker, caller, "nowhere")
    assert isinstance(unknown, Refusal)
    assert unknown.code == "server-unknown"
    await revoked(here, caller.run.id)
    over = await tool_lists(here.broker, caller, None)
    assert isinstance(over, Refusal)
    assert over.code == "run-revoked"


async def test_the_log_of_decisions_verifies(here: Platform) -> None:
    caller = await finance(here)
    for arguments in (SMALL, LARGE, {}):
        await called(here, caller, arguments)
    with LogReader(here.path) as reader:
        assert isinstance(reader.verify(), Verified)


async def test_a_run_token_that_was_rotated_away_elsewhere_decides_nothing(here: Platform) -> None:
    caller = await finance(here)
    for surely in (caller.run.token_digest, b"x" * 32):
        shown = replace(caller, digest=surely)
        outcome = await called(here, shown, SMALL)
        assert isinstance(outcome, AllowedCall) is (surely == caller.run.token_digest)
    assert (await last(here))["code"] == "run-token"
