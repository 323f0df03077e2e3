"""Tools that can be decided, and tools that are hidden with a reason."""

from typing import Any

import pytest

from tests.tools.written import hidden, mapped
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.mapping import MAX_SCHEMA, MappedTool, map_tool

REMOTE = {"type": "object", "properties": {"v": {"$ref": "https://example.com/x.json"}}}


@pytest.mark.parametrize(
    "schema",
    [
        None,
        True,
        [],
        "object",
        {"type": "string"},
        {"type": "array", "items": {}},
        {"$ref": "#"},
        {"$ref": "#/$defs/missing"},
        {"type": "nonsense"},
        {"type": "object", "properties": []},
        {"type": "object", "properties": {"v": {"pattern": "("}}},
        {"type": "object", "properties": {"v": {"minimum": "3"}}},
        {"$schema": "https://example.com/dialect", "type": "object"},
        REMOTE,
        {"type": "object", "properties": {"v": {"$ref": "file:///etc/passwd"}}},
        {"$id": "https://example.com/a", "type": "object", "properties": {"v": {"$ref": "b"}}},
        {"type": "object", "properties": {"__entity": {"type": "string"}}},
        {"type": "object", "properties": {"__extn": {}}},
        {"type": "object", "properties": {"__expr": {}}},
        {"type": "object", "required": ["__entity"]},
        {"type": "object", "properties": {"v": {"const": float("nan")}}},
        {"type": "object", "description": "\ud800"},
        {"type": "object", "description": "x" * MAX_SCHEMA},
    ],
)
def test_a_tool_whose_schema_cannot_be_held_is_hidden(schema: Any) -> None:
    reason = hidden({"inputSchema": schema}).reason
    assert reason
    assert reason.isprintable()
    assert "\n" not in reason


def test_a_schema_nested_without_end_is_hidden() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(400):
        schema = {"type": "object", "properties": {"d": schema}}
    assert "nested too deep" in hidden({"inputSchema": schema}).reason


def test_a_schema_that_multiplies_itself_is_hidden() -> None:
    definitions: dict[str, Any] = {
        f"d{depth}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/$defs/d{depth + 1}"} for side in "lr"},
        }
        for depth in range(20)
    }
    definitions["d20"] = {"type": "integer"}
    schema = {"type": "object", "properties": {"v": {"$ref": "#/$defs/d0"}}, "$defs": definitions}
    assert "schemas" in hidden({"inputSchema": schema}).reason


@pytest.mark.parametrize("server", ["srv", "s" * 32])
def test_a_public_name_has_at_most_64_characters(server: str) -> None:
    most = 64 - len(server) - 3
    mapped({"type": "object"}, name="n" * most, server=server)
    hidden({"inputSchema": {"type": "object"}}, name="n" * (most + 1), server=server)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "a\n", "a\x1b", 'a"', "a:b"])
def test_a_name_that_models_do_not_take_is_hidden(name: str) -> None:
    hidden({"inputSchema": {"type": "object"}}, name=name)


def test_names_that_mcp_allows_are_offered() -> None:
    for name in ("a", "A-b_c.D9", "get-sum"):
        mapped({"type": "object"}, name=name)


@pytest.mark.parametrize(
    ("more", "is_hidden"),
    [
        ({"execution": {"taskSupport": "required"}}, True),
        ({"execution": {"taskSupport": "optional"}}, False),
        ({"execution": {"taskSupport": "forbidden"}}, False),
        ({"execution": {}}, False),
        ({"name": "other"}, True),
    ],
)
def test_a_tool_that_cannot_be_called_plainly_is_hidden(
    more: dict[str, Any], is_hidden: bool
) -> None:
    document = {"name": "do", "inputSchema": {"type": "object"}, **more}
    tool = map_tool(ToolDefinition("srv", "do", document))
    assert isinstance(tool, MappedTool) is not is_hidden


def test_a_tool_is_its_definition() -> None:
    schema = {"type": "object", "properties": {"v": {"type": "string"}}}
    assert mapped(schema) == mapped(schema)
    assert mapped(schema) != mapped({**schema, "required": ["v"]})
