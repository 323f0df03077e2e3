"""`POST /v1/decisions`: the same engine for tools that agents call by themselves."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.platform import platform
from tests.fakes.tools import BOUND, GATEWAY_URI, POLICIES, rule, source
from tests.web.calling import Answer, Api, api
from valetkey.broker import make_policy
from valetkey.broker.activate import Running, activate
from valetkey.secret import Secret
from valetkey.tools import Mode
from valetkey.web.decisions import MAX_CALL


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Api]:
    async with platform(tmp_path, tools=BOUND) as made:
        yield api(made)


async def run_token(here: Api, **claims: Any) -> Secret:
    subject = here.platform.subject(**claims)
    return (await here.platform.open(subject_token=subject)).token


async def decided(here: Api, token: Secret, body: object = None, **more: Any) -> Answer:
    return await here.call("POST", "/v1/decisions", token, body=body, **more)


def refund(amount: object, order: str = "A-1") -> dict[str, object]:
    return {"server": "billing", "tool": "refund", "arguments": {"order": order, "amount": amount}}


async def test_log_only_does_not_say_that_policies_allow_what_they_deny(tmp_path: Path) -> None:
    async with platform(tmp_path, tools=replace(BOUND, mode=Mode.LOG_ONLY)) as made:
        here = api(made)
        answer = await decided(here, await run_token(here), refund(9_000))
    assert answer.json["decision"] == "allow"
    assert "log-only" in answer.json["reason"]


async def test_every_decision_is_an_answer_with_its_reasons(here: Api) -> None:
    token = await run_token(here, department="finance")
    answers = [await decided(here, token, refund(500))]
    answers.append(await decided(here, token, refund(5_000)))
    answers.append(await decided(here, token, refund(1, "VIP-1")))
    answers.append(await decided(here, token, refund("much")))
    assert [answer.status for answer in answers] == [200] * 4
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert [(a.json["decision"], a.json["code"], a.json["rules"]) for a in answers] == [
        ("allow", "allowed", ["tools.cedar#small-refunds"]),
        ("deny", "tool-not-permitted", []),
        ("ask", "approval-needed", ["tools.cedar#vip"]),
        ("deny", "tool-arguments-invalid", []),
    ]
    assert "much" not in answers[3].body.decode()


async def test_each_decision_is_on_record_as_one_of_the_api(here: Api) -> None:
    token = await run_token(here, department="finance")
    await decided(here, token, refund(500))
    record = (await here.platform.audit())[-1]
    assert (record["kind"], record["via"], record["decision"]) == ("tool-decided", "api", "allow")


async def test_a_tool_may_be_named_as_policies_name_it(here: Api) -> None:
    token = await run_token(here, department="finance")
    body = {"action": "billing___refund", "arguments": {"order": "A-1", "amount": 1}}
    assert (await decided(here, token, body)).json["decision"] == "allow"


async def test_unknown_and_invisible_tools_are_answered_alike(here: Api) -> None:
    token = await run_token(here)
    bodies: list[Any] = [
        refund(1),
        refund("much"),
        {"action": "billing___nothing", "arguments": {}},
        {"action": "nowhere___x", "arguments": {}},
    ]
    answers = {(await decided(here, token, body)).body for body in bodies}
    assert len(answers) == 1
    assert json.loads(answers.pop())["code"] == "tool-unknown"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"arguments": {}}',
        b'{"server": "billing", "arguments": {}}',
        b'{"server": "billing", "tool": "refund"}',
        b'{"server": "billing", "tool": "refund", "arguments": []}',
        b'{"server": "billing", "tool": "refund", "arguments": null}',
        b'{"server": 1, "tool": "refund", "arguments": {}}',
        b'{"action": "billing", "arguments": {}}',
        b'{"action": "a___b", "tool": "b", "arguments": {}}',
        b'{"action": "a___b", "arguments": {}, "more": 1}',
        b'{"action": "a___b", "arguments": {"x": 1, "x": 2}}',
        b'{"action": "a___b", "action": "c___d", "arguments": {}}',
        b'{"action": "a___b", "arguments": {"x": NaN}}',
        b'{"action": "a___b", "arguments": {"x": 9007199254740993}}',
        b'{"action": "a___b", "arguments": {"x": "\\ud800"}}',
        b'{"action": "a___b", "arguments": {"x": "\xff"}}',
        b'{"action": "a___b", "arguments": ' + b'{"x":' * 200 + b"1" + b"}" * 201,
    ],
)
async def test_what_two_readers_could_read_differently_is_not_decided(
    here: Api, raw: bytes
) -> None:
    token = await run_token(here)
    before = len(await here.platform.audit())
    answer = await decided(here, token, raw=raw)
    assert (answer.status, answer.code) == (400, "request-malformed")
    assert len(await here.platform.audit()) == before


async def test_a_body_may_hold_a_file_and_no_more(here: Api) -> None:
    token = await run_token(here)
    body = {"action": "search___search", "arguments": {"query": "x" * 100_000}}
    assert (await decided(here, token, body)).json["decision"] == "allow"
    answer = await decided(here, token, raw=b" " * (MAX_CALL + 1))
    assert (answer.status, answer.code) == (413, "body-too-large")


async def test_a_gateway_token_decides_nothing_here(here: Api) -> None:
    token = await here.platform.gateway_token(await run_token(here))
    assert (await decided(here, token, refund(1))).code == "run-token"


async def test_a_run_that_is_over_is_refused_and_that_is_on_record(here: Api) -> None:
    token = await run_token(here)
    assert (await here.call("DELETE", "/v1/runs/self", token)).status == 204
    answer = await decided(here, token, refund(1))
    assert (answer.status, answer.code) == (403, "run-ended")
    record = (await here.platform.audit())[-1]
    assert (record["kind"], record["decision"], record["code"]) == (
        *("tool-decided", "deny"),
        "run-ended",
    )


async def test_a_rotated_run_token_decides_nothing_more(here: Api) -> None:
    token = await run_token(here)
    await here.call("POST", "/v1/runs/self/token", token)
    here.platform.clock.now += 3_600
    assert (await decided(here, token, refund(1))).code == "run-token"


async def test_a_run_without_tools_is_told_so_and_that_is_on_record(here: Api) -> None:
    opened = await here.platform.open(grants=("tenant-data",))
    answer = await decided(here, opened.token, refund(1))
    assert (answer.status, answer.code) == (404, "tools-not-configured")
    record = (await here.platform.audit())[-1]
    assert (record["kind"], record["run"]) == ("request-refused", opened.run.id)


async def test_an_emergency_forbid_reaches_the_api_at_once(here: Api) -> None:
    token = await run_token(here, department="finance")
    made = here.platform
    without = make_policy(made.broker.policy.grants.values())
    assert (await decided(here, token, refund(1))).json["decision"] == "allow"
    await activate(
        made.store, without, running=Running.REBIND, by="t", because="t", now=made.clock()
    )
    answer = await decided(here, token, refund(1))
    assert answer.code == "tools-not-configured"


async def test_a_run_is_told_where_its_tools_are(here: Api) -> None:
    token = await run_token(here)
    shown = (await here.call("GET", "/v1/runs/self", token)).json
    assert (shown["servers"], shown["mcp_url"]) == (["billing", "search"], GATEWAY_URI)
    assert shown["token_url"].endswith("/oauth/token")
    assert [grant["name"] for grant in shown["grants"]] == ["tenant-data", "other"]


async def test_a_run_without_tools_is_told_of_none(here: Api) -> None:
    opened = await here.platform.open(grants=("tenant-data",))
    shown = (await here.call("GET", "/v1/runs/self", opened.token)).json
    assert (shown["servers"], shown["mcp_url"], shown["token_url"]) == ([], None, None)


async def test_a_policy_that_failed_is_named_and_no_other(tmp_path: Path) -> None:
    overflow = "context.input.amount * 9223372036854775807 > 0"
    text = POLICIES + rule("forbid", "billing___refund", overflow, notes='@id("fails")\n')
    async with platform(tmp_path, tools=source(text)) as made:
        here = api(made)
        token = await run_token(here, department="finance")
        answer = await decided(here, token, refund(400))
    assert (answer.json["code"], answer.json["rules"]) == ("policy-error", ["tools.cedar#fails"])
