"""Policies as CloudFormation for AgentCore: its rules kept, and no moment with fewer forbids."""

import json
import re
from dataclasses import replace
from typing import Any

import cedarpy
import pytest

from tests.fakes.tools import BOUND, GATEWAY, REFUND, definition, rule, source
from valetkey.tools import (
    BundleSource,
    Json,
    Mode,
    PolicyFile,
    PrincipalForm,
    ServerRules,
    ToolsError,
)
from valetkey.tools.agentcore import Export, export
from valetkey.tools.agentcore_names import MAX_NAME, policy_name
from valetkey.tools.bundle import make_bundle

POLICY = "AWS::BedrockAgentCore::Policy"
ALL = "principal, action, resource is AgentCore::Gateway"
STOP = f'@id("stop") forbid({ALL}) when {{ principal.getTag("run") == "r-1" }};\n'.replace(
    "when {", 'when { principal.hasTag("run") &&'
)


def exported(made: BundleSource = BOUND, **changes: Any) -> Export:
    terms: dict[str, Any] = {"engine": "valetkey", "claims": frozenset({"department"}), **changes}
    return export(make_bundle(made), **terms)


def policies(template: Any) -> dict[str, Any]:
    found = template["Resources"].items()
    return {name: each for name, each in found if each["Type"] == POLICY}


def by_effect(template: Any, effect: str) -> dict[str, Any]:
    return {
        name: each
        for name, each in policies(template).items()
        if each["Properties"]["Definition"]["Cedar"]["Statement"].startswith(effect)
    }


def code_of(made: BundleSource, **changes: Any) -> str:
    with pytest.raises(ToolsError) as caught:
        exported(made, **changes)
    return caught.value.code


@pytest.mark.slow
def test_the_template_passes_cfn_lint() -> None:
    lint = pytest.importorskip("cfnlint.api")
    config = pytest.importorskip("cfnlint.config").ManualArgs(regions=["eu-west-1"])
    text = json.dumps(exported().template)
    assert lint.lint(text, config=config) == []
    broken = text.replace('"ENFORCE"', '"ENFORCED"')
    assert lint.lint(broken, config=config) != []


def test_a_policy_is_one_statement_without_what_only_valetkey_reads() -> None:
    made = policies(exported().template)
    assert len(made) == len(make_bundle(BOUND).policies)
    for each in made.values():
        text = each["Properties"]["Definition"]["Cedar"]["Statement"]
        parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        assert [policy.get("annotations", {}) for policy in parsed.values()] == [{}]
        assert 35 <= len(text) <= 10_000


def test_a_statement_decides_as_the_policy_it_was() -> None:
    for policy in make_bundle(BOUND).policies:
        (text,) = [
            each["Properties"]["Definition"]["Cedar"]["Statement"]
            for each in policies(exported().template).values()
            if each["Properties"]["Description"].endswith(policy.id)
        ]
        (now,) = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
        assert now == {name: each for name, each in policy.est.items() if name != "annotations"}


def test_every_permit_waits_for_every_forbid_and_the_gateway_for_all() -> None:
    template = exported(source(BOUND.policies[0].text + STOP)).template
    forbids, permits = by_effect(template, "forbid"), by_effect(template, "permit")
    assert len(forbids) == 2
    assert permits
    assert all("DependsOn" not in each for each in forbids.values())
    assert all(set(each["DependsOn"]) == set(forbids) for each in permits.values())
    gateway = template["Resources"]["Gateway"]
    assert set(gateway["DependsOn"]) == set(forbids) | set(permits)
    assert gateway["Properties"]["PolicyEngineConfiguration"] == {
        "Arn": {"Fn::GetAtt": ["PolicyEngine", "PolicyEngineArn"]},
        "Mode": "ENFORCE",
    }


def test_names_are_those_that_agentcore_takes_unique_and_stable() -> None:
    made = [each["Properties"]["Name"] for each in policies(exported().template).values()]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,47}", name) for name in made)
    assert exported().template == exported().template
    for rule_id in ("a.cedar#" + "x" * 200, "9.cedar#-", "é#ü", "_#1"):
        name = policy_name(rule_id, forbids="said")
        assert re.fullmatch(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_NAME - 1}}}", name)
    assert policy_name("a#x-y", forbids=None) != policy_name("a#x_y", forbids=None)


def test_an_edited_forbid_is_another_policy_and_an_edited_permit_the_same_one() -> None:
    text = BOUND.policies[0].text
    before = exported().template
    after = exported(source(text.replace("VIP-*", "VI*").replace("<= 500", "<= 600"))).template
    assert set(by_effect(before, "permit")) == set(by_effect(after, "permit"))
    assert not set(by_effect(before, "forbid")) & set(by_effect(after, "forbid"))
    logged = exported(source(text.replace("@tier", '@mode("log-only") @tier'))).template
    assert not set(by_effect(before, "forbid")) & set(by_effect(logged, "forbid"))


def test_a_stale_forbid_stays_until_all_else_is_done() -> None:
    text = BOUND.policies[0].text
    before = exported(source(text + STOP)).template
    made = exported(previous=before)
    assert made.afterwards == exported().template
    (stale,) = set(by_effect(before, "forbid")) - set(by_effect(made.afterwards, "forbid"))
    assert policies(made.template)[stale] == policies(before)[stale]
    extra = set(policies(made.template)) - set(policies(made.afterwards))
    assert extra == {stale}
    again = exported(previous=made.afterwards)
    assert again.afterwards is None


def test_a_stale_permit_goes_at_once() -> None:
    text = BOUND.policies[0].text
    more = rule("permit", "billing___delete_all", notes='@id("delete")\n')
    made = exported(previous=exported(source(text + more)).template)
    assert made.afterwards is None


def test_what_is_not_surely_a_permit_is_kept_as_a_forbid() -> None:
    before = json.loads(json.dumps(exported().template))
    definition_ = {"Policy": {"Statement": "suppressOutput(principal, action, resource)"}}
    before["Resources"]["Odd"] = {"Type": POLICY, "Properties": {"Definition": definition_}}
    assert "Odd" in exported(previous=before).template["Resources"]


@pytest.mark.parametrize("previous", [{}, {"Resources": []}, {"Resources": {"PolicyEngine": {}}}])
def test_another_engines_template_is_no_previous_one(previous: Any) -> None:
    assert code_of(BOUND, previous=previous) == "agentcore-previous"


@pytest.mark.parametrize("name", ["", "9x", "a-b", "é", "x" * 49])
def test_an_engine_has_a_name_that_agentcore_takes(name: str) -> None:
    assert code_of(BOUND, engine=name) == "agentcore-name"


@pytest.mark.parametrize(
    "text",
    [
        f'permit(principal, action, resource == AgentCore::Gateway::"{GATEWAY}");',
        "permit(principal, action, resource);",
        'permit(principal, action == AgentCore::Action::"billing___refund", resource);',
        'permit(principal, action in AgentCore::Action::"billing", resource);',
        'permit(principal, action in AgentCore::Action::"billing",'
        " resource is AgentCore::Gateway);",
    ],
)
def test_scopes_that_agentcore_does_not_pair_are_refused(text: str) -> None:
    assert code_of(source(text)) == "agentcore-scope"


def test_scopes_that_agentcore_pairs_are_taken() -> None:
    text = (
        f'permit(principal, action in AgentCore::Action::"billing",'
        f' resource == AgentCore::Gateway::"{GATEWAY}");'
        f"permit({ALL}) when {{ true }};"
    )
    assert len(policies(exported(source(text)).template)) == 2


def test_a_statement_is_not_longer_than_agentcore_takes() -> None:
    long = "x" * 10_000
    text = rule("permit", "billing___refund", f'context.input.order == "{long}"')
    assert code_of(source(text)) == "agentcore-statement"


def test_policies_together_are_not_more_than_agentcore_takes() -> None:
    assert code_of(source("")) == "agentcore-limit"
    many = "".join(rule("permit", "search___search") for _ in range(491))
    assert code_of(source(many)) == "agentcore-limit"
    wide = f'context.input.query == "{"x" * 7_000}"'
    large = "".join(rule("permit", "search___search", wide) for _ in range(30))
    assert code_of(source(large)) == "agentcore-limit"


def test_a_server_has_a_name_that_a_target_can_have() -> None:
    tool = definition("a--b", "refund", {})
    made = source(rule("permit", "a--b___refund"), servers=(ServerRules("a--b"),), tools=(tool,))
    assert code_of(made) == "agentcore-name"


@pytest.mark.parametrize(
    "text",
    [
        'permit(principal == AgentCore::OAuthUser::"people:alice", action,'
        " resource is AgentCore::Gateway);",
        f'permit({ALL}) when {{ principal.id == "people:alice" }};',
        f'permit({ALL}) when {{ principal == AgentCore::OAuthUser::"people:alice" }};',
    ],
)
def test_a_principal_that_is_called_otherwise_there_is_refused(text: str) -> None:
    made = source(text)
    assert policies(exported(made).template)
    assert code_of(replace(made, principal=PrincipalForm.ISSUER_SUB)) == "agentcore-principal"


def test_a_policy_in_log_only_mode_is_one_there_too() -> None:
    made = exported(source(rule("permit", "search___search", notes='@mode("log-only")')))
    (policy,) = policies(made.template).values()
    assert policy["Properties"]["EnforcementMode"] == "LOG_ONLY"
    assert any("LOG_ONLY" in note for note in made.notes)
    loose = exported(replace(BOUND, mode=Mode.LOG_ONLY))
    gateway = loose.template["Resources"]["Gateway"]["Properties"]
    assert gateway["PolicyEngineConfiguration"]["Mode"] == "LOG_ONLY"


def test_what_is_decided_otherwise_there_is_said() -> None:
    notes = "\n".join(exported(claims=frozenset()).notes)
    assert "tools.cedar#vip" in notes
    assert "absolute" in notes
    assert "department" in notes
    assert "department" not in "\n".join(exported().notes)


def test_an_argument_that_is_json_text_here_is_said() -> None:
    order: Json = {"type": ["string", "integer"]}
    free = definition("billing", "refund", {"order": order, "amount": {"type": "integer"}})
    tools = tuple(free if tool == REFUND else tool for tool in BOUND.tools)
    assert "`order` of billing___refund" in "\n".join(exported(replace(BOUND, tools=tools)).notes)


def test_two_files_may_call_their_rules_alike() -> None:
    text = rule("permit", "search___search", notes='@id("same")\n')
    twice = tuple(PolicyFile(name, text) for name in ("a.cedar", "b.cedar"))
    try:
        made = exported(replace(BOUND, policies=twice))
    except ToolsError as error:
        assert error.code == "policy-duplicate"
    else:
        assert len(policies(made.template)) == 2


def test_comments_and_annotations_are_no_part_of_a_statement() -> None:
    text = (
        '// @id("no")\n@id("a") // "one"\n@description("; forbid")\n'
        f'permit( // two ;\n{ALL})\n// three\nwhen {{ "// four" == "// four" }};'
    )
    (policy,) = policies(exported(source(text)).template).values()
    said = policy["Properties"]["Definition"]["Cedar"]["Statement"]
    assert said.startswith("permit( ")
    assert said.split() == f'permit( {ALL}) when {{ "// four" == "// four" }};'.split()
