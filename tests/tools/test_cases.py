"""Cases beside policies: the shape of Cedar's own tests, and no slip that looks like a denial."""

import json
from typing import Any

import pytest

from tests.fakes.tools import GATEWAY
from tests.tools.asking import NOW, bundle, policy, tool
from valetkey.tools import Mode, ToolsError
from valetkey.tools.cases import CaseResult, read_cases, run_case

PAY = "s___pay"
LONG = "s___" + "x" * 64
MADE = bundle(
    policy(
        "permit",
        PAY,
        'principal.hasTag("role") && principal.getTag("role") == "clerk"'
        ' && context.input.amount.lessThan(decimal("100.00"))',
        notes='@rule_id("clerks")',
    )
    + policy("forbid", PAY, 'context.input.to like "VIP*"', notes='@id("vip") @tier("soft")')
    + policy("forbid", PAY, 'context.system.now > datetime("2030-01-01")', notes='@id("late")'),
    tool(PAY, amount="n", to="s"),
    tool(LONG),
    mode=Mode.LOG_ONLY,
)
WHO = 'AgentCore::OAuthUser::"bob"'


def case(**changes: Any) -> dict[str, Any]:
    request = {
        "principal": WHO,
        "action": f'AgentCore::Action::"{PAY}"',
        "resource": f'AgentCore::Gateway::"{GATEWAY}"',
        "context": {"input": {"amount": 9.5, "to": "A"}},
    }
    of_request = {name: changes.pop(name) for name in list(changes) if name in request}
    entity = {
        "uid": {"type": "AgentCore::OAuthUser", "id": "bob"},
        "attrs": {"id": "bob"},
        "tags": {"role": "clerk"},
        "parents": [],
    }
    whole = {"name": "n", "request": {**request, **of_request}, "entities": [entity]}
    return {**whole, "decision": "allow", "reason": [], "num_errors": 0, **changes}


def run(**changes: Any) -> CaseResult:
    (found,) = read_cases("p.cases.json", json.dumps([case(**changes)]))
    return run_case(MADE, found, now=NOW)


def given(**arguments: Any) -> dict[str, Any]:
    return {"context": {"input": {"amount": 9.5, "to": "A", **arguments}}}


LATE = {"now": {"__extn": {"fn": "datetime", "arg": "2030-01-02T00:00:00Z"}}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reason": ["clerks"]},
        {"reason": ["p.cedar#clerks"]},
        {"principal": {"type": "AgentCore::OAuthUser", "id": "bob"}},
        {"principal": {"__entity": {"type": "AgentCore::OAuthUser", "id": "bob"}}},
        {"principal": 'AgentCore::OAuthUser::"b\\u{6f}b"'},
        given(amount={"__extn": {"fn": "decimal", "arg": "99.99"}}),
        {**given(amount=100), "decision": "deny"},
        {**given(to="VIP1"), "decision": "ask", "reason": ["vip"]},
        {"entities": [], "decision": "deny"},
        {"context": {**given()["context"], "system": LATE}, "decision": "deny", "reason": ["late"]},
        {"context": {**given()["context"], "system": {"now": "2029-12-31"}}},
    ],
)
def test_a_case_that_is_as_expected_passes(changes: dict[str, Any]) -> None:
    assert run(**changes).differences == ()


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"decision": "deny"}, "expected deny, got allow"),
        ({**given(to="VIP1"), "decision": "deny"}, "expected deny, got ask"),
        ({"reason": ["vip"]}, "`vip` is not among"),
        ({"num_errors": 1}, "expected 1 errors"),
        ({"action": 'AgentCore::Action::"s___pya"', "decision": "deny"}, "no tool `s___pya`"),
        ({"action": f'AgentCore::Action::"{LONG}"', "decision": "deny"}, "is hidden"),
        ({"action": f'Other::Action::"{PAY}"', "decision": "deny"}, "no tool"),
        ({"resource": 'AgentCore::Gateway::"x"', "decision": "deny"}, "not this gateway"),
        ({"principal": 'AgentCore::IamEntity::"x"', "decision": "deny"}, "`AgentCore::IamEntity`"),
        ({**given(amuont=1), "decision": "deny"}, "amuont"),
        ({**given(amount="5"), "decision": "deny"}, "amount"),
    ],
)
def test_a_case_that_differs_or_slips_says_where(changes: dict[str, Any], difference: str) -> None:
    found = run(**changes)
    assert not found.passed
    assert any(difference in each for each in found.differences), found.differences


def test_a_tag_that_nobody_has_fails_the_case() -> None:
    entity = {"uid": {"type": "AgentCore::OAuthUser", "id": "bob"}, "tags": {"rol": "clerk"}}
    assert "no principal has a tag `rol`" in run(entities=[entity], decision="deny").differences


@pytest.mark.parametrize(
    "changes",
    [
        {"decision": "Allow"},
        {"decision": None},
        {"resaon": []},
        {"reason": [1]},
        {"entities": {}},
        {"entities": [1]},
        {"principal": "bob"},
        {"principal": 'AgentCore::OAuthUser::"b\\q"'},
        {"action": None},
        {"context": []},
        {"context": {"system": {"now": "today"}}},
        {"entities": [{"uid": WHO, "attrs": {"id": "eve"}}]},
        {"entities": [{"uid": WHO, "attrs": {"role": "clerk"}}]},
        {"entities": [{"uid": WHO, "parents": [WHO]}]},
        {"entities": [{"uid": WHO, "tags": {"role": 1}}]},
    ],
)
def test_a_case_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ToolsError) as caught:
        run(**changes)
    assert caught.value.code == "cases-format"
    assert "p.cases.json: case `n`" in caught.value.message or "resaon" in caught.value.message


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"name": "a", "name": "b"}]', "[NaN]"])
def test_a_file_that_is_no_array_of_cases_is_refused(text: str) -> None:
    with pytest.raises(ToolsError) as caught:
        read_cases("p.cases.json", text)
    assert caught.value.code == "cases-format"
