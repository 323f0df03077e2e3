"""The schema of policies, as Cedar itself takes it."""

import json
from typing import Any

import cedarpy
import pytest

from tests.tools.written import mapped
from valetkey.tools.arguments import Arguments
from valetkey.tools.mapping import MappedTool
from valetkey.tools.schema import cedar_schema

STRING = {"type": "string"}
EVERYTHING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "a-b": {"type": "integer"},
        'q"\\\n\0': {"type": "number"},
        "in": {"type": "boolean"},
        "": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        "edits": {
            "type": "array",
            "items": {"type": "object", "properties": {"old": {"type": "string"}}},
        },
        "free": {},
        "entity": {"type": "object", "properties": {"type": STRING, "id": STRING}},
        "extension": {"type": "object", "properties": {"fn": STRING, "arg": STRING}},
        "type": {"type": "object", "properties": {"type": {"type": "string"}}},
    },
    "required": ["text"],
}
VALUE: Any = {
    "text": 'x"\\\u0000😀',
    "a-b": -(2**53) + 1,
    'q"\\\n\0': 0.0001,
    "in": False,
    "": [[1, 0.5], []],
    "edits": [{"old": "a"}, {}],
    "free": {"__entity": {"type": "T", "id": "i"}, "n": None},
    "type": {"type": "x"},
    "entity": {"type": "AgentCore::OAuthUser", "id": "i"},
    "extension": {"fn": "decimal", "arg": "1.0"},
}


def decision(tool: MappedTool, context: str, policy: str, *, servers: tuple[str, ...]) -> str:
    """Return Cedar's decision of a call of `tool`, as it stands with our schema."""
    schema = cedarpy.Schema.from_json_str(cedar_schema([tool], servers))
    system = '{"now":{"__extn":{"fn":"datetime","arg":"2026-11-22T10:00:00Z"}}}'
    request = {
        "principal": {"type": "AgentCore::OAuthUser", "id": 'al"ice'},
        "action": {"type": "AgentCore::Action", "id": tool.definition.public_name},
        "resource": {"type": "AgentCore::Gateway", "id": "arn:aws:x"},
        "context": f'{{"input":{context},"system":{system}}}',
    }
    policies = cedarpy.PolicySet.from_str(policy)
    entities = cedarpy.Entities.from_json_str("[]", schema)
    answer = cedarpy.is_authorized(request, policies, entities, schema)
    assert not answer.diagnostics.errors, answer.diagnostics.errors
    return str(answer.decision.value)


def seen(tool: MappedTool, value: Any) -> str:
    found = tool.check(value, undeclared=False)
    assert isinstance(found, Arguments), found
    return found.context


@pytest.mark.parametrize(
    "condition",
    [
        'context.input.text == "x\\"\\\\\\0😀"',
        'context.input["a-b"] == -9007199254740991',
        'context.input["q\\"\\\\\\n\\0"] == decimal("0.0001")',
        'context.input["in"] == false',
        'context.input[""].contains([decimal("0.5"), decimal("1.0")])',
        'context.input.edits.contains({old: "a"})',
        'context.input.free like "*__entity*null*"',
        'context.input.type.type == "x"',
        'context.input.entity == {type: "AgentCore::OAuthUser", id: "i"}',
        'context.input.extension == {fn: "decimal", arg: "1.0"}',
        'context.system.now < datetime("2026-11-23")',
    ],
)
def test_policies_see_every_argument(condition: str) -> None:
    tool = mapped(EVERYTHING)
    has = "context.input has " + " && context.input has ".join(
        json.dumps(name).replace("\\u0000", "\\0") for name in VALUE
    )
    typed = f"{has} && context.input.type has type && {condition}"
    policy = f"permit(principal, action, resource) when {{ {typed} }};"
    assert decision(tool, seen(tool, VALUE), policy, servers=("srv",)) == "Allow"


@pytest.mark.parametrize("group", ["srv", "CallTool", "Mcp"])
def test_an_action_is_in_the_groups_of_its_server_and_of_all_tools(group: str) -> None:
    tool = mapped(EVERYTHING)
    policy = f'permit(principal, action in AgentCore::Action::"{group}", resource);'
    assert decision(tool, seen(tool, VALUE), policy, servers=("srv", "other")) == "Allow"


def test_an_action_is_not_in_the_group_of_another_server() -> None:
    tool = mapped(EVERYTHING)
    policy = 'permit(principal, action in AgentCore::Action::"other", resource);'
    assert decision(tool, seen(tool, VALUE), policy, servers=("srv", "other")) == "Deny"


@pytest.mark.parametrize(
    ("policy", "is_valid"),
    [
        ("when { context.input.text == principal.id }", True),
        ('when { principal.hasTag("d") && principal.getTag("d") == "x" }', True),
        ("when { context.input.txet == principal.id }", False),
        ("when { context.input.free }", False),
        ("when { context.output == 1 }", False),
        ("when { context.system.then == 1 }", False),
        ("when { context.input has free && context.input.free > 1 }", False),
    ],
)
def test_policies_are_validated_against_it(policy: str, is_valid: bool) -> None:
    schema = cedarpy.Schema.from_json_str(cedar_schema([mapped(EVERYTHING)], ["srv"]))
    action = 'AgentCore::Action::"srv___do"'
    text = f"permit(principal, action == {action}, resource) {policy};"
    assert bool(cedarpy.validate_policies(text, schema)) is is_valid


def test_a_server_without_tools_can_be_named() -> None:
    schema = cedarpy.Schema.from_json_str(cedar_schema([], ["srv"]))
    cedarpy.Entities.from_json_str("[]", schema)
    assert '"srv"' in cedar_schema([], ["srv"])


def test_equal_tools_make_equal_schemas_in_any_order() -> None:
    tools = [mapped(EVERYTHING, name=name) for name in ("a", "b", "c")]
    assert cedar_schema(tools, ["y", "x"]) == cedar_schema(tools[::-1], ["x", "y"])


def test_five_hundred_tools_load() -> None:
    tools = [mapped(EVERYTHING, name=f"tool-{number}") for number in range(500)]
    cedarpy.Schema.from_json_str(cedar_schema(tools, ["srv"]))


def test_the_deepest_record_loads_and_its_value_is_decided() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    value: Any = 7
    for level in range(28):
        schema = {"type": "object", "properties": {"d": schema}}
        value = {"d": value}
        if level % 2:
            schema = {"type": "object", "properties": {"d": {"type": "array", "items": schema}}}
            value = {"d": [value]}
    tool = mapped(schema)
    permit = "permit(principal, action, resource);"
    assert decision(tool, seen(tool, value), permit, servers=("srv",)) == "Allow"
