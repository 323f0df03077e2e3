"""Our types are those of Cedar's own generator for MCP (see `official/README.md`)."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from valetkey.tools.cedar_types import schema_of
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.mapping import MappedTool, map_tool

HERE = Path(__file__).parent / "official"
TOOLS: list[dict[str, Any]] = json.loads((HERE / "tools.json").read_text())["result"]["tools"]
RECORDED: dict[str, Any] = json.loads((HERE / "schema.json").read_text())


def in_line(official: dict[str, Any], type_: dict[str, Any]) -> dict[str, Any]:
    """Return a type of the generator with its common types written out, as ours are."""
    if type_["type"] == "Set":
        return {"type": "Set", "element": in_line(official, type_["element"])}
    if type_["type"] == "Record":
        return {
            "type": "Record",
            "attributes": {
                name: {**in_line(official, each), "required": each.get("required", True)}
                for name, each in type_["attributes"].items()
            },
        }
    namespace, _, name = type_.get("name", type_["type"]).rpartition("::")
    common = official.get(namespace or "AgentCore", {}).get("commonTypes", {})
    if name in common and (namespace or name.endswith("Input")):
        return in_line(official, common[name])
    assert name in {"String", "Long", "Bool", "decimal"}, name
    return {"type": "EntityOrCommon", "name": f"__cedar::{name}"}


def compare(official: dict[str, Any], document: dict[str, Any]) -> None:
    tool = map_tool(ToolDefinition("t", document["name"], document))
    assert isinstance(tool, MappedTool)
    action = official["AgentCore"]["actions"][document["name"]]
    context = action["appliesTo"]["context"]["attributes"]
    assert schema_of(tool.input) == in_line(official, context["input"])


@pytest.mark.parametrize("document", TOOLS, ids=lambda document: str(document["name"]))
def test_our_types_are_the_generators(document: dict[str, Any]) -> None:
    compare(RECORDED, document)


@pytest.mark.skipif("VALETKEY_CEDAR_GENERATOR" not in os.environ, reason="needs the generator")
def test_the_generator_still_says_what_is_recorded() -> None:
    program = os.environ["VALETKEY_CEDAR_GENERATOR"]
    flags = ["--output-format", "json", "--objects-as-records", "--encode-numbers-as-decimal"]
    command = [program, "generate", str(HERE / "stub.cedarschema"), str(HERE / "tools.json")]
    answer = subprocess.run([*command, *flags], capture_output=True, check=True)
    assert json.loads(answer.stdout) == RECORDED
