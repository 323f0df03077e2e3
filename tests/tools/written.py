"""Cedar types written on one line, and tools made from a schema alone."""

from typing import Any

from valetkey.tools.cedar_types import CedarRecord, CedarSet, CedarType
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.mapping import HiddenTool, MappedTool, map_tool


def written(type_: CedarType) -> str:
    """Return the type as Cedar's own schema language writes it, `text` for text of JSON."""
    if isinstance(type_, CedarRecord):
        members = (
            f"{name}{'' if each.required else '?'}: {written(each.type)}"
            for name, each in type_.attributes.items()
        )
        return "{" + ", ".join(members) + "}"
    if isinstance(type_, CedarSet):
        return f"Set<{written(type_.element)}>"
    return type_.value


def mapped(schema: dict[str, Any], *, name: str = "do", server: str = "srv") -> MappedTool:
    """Return the tool of this input schema."""
    tool = map_tool(ToolDefinition(server, name, {"name": name, "inputSchema": schema}))
    assert isinstance(tool, MappedTool), tool
    return tool


def hidden(document: dict[str, Any], *, name: str = "do", server: str = "srv") -> HiddenTool:
    """Return the tool of this definition, which can't be offered."""
    tool = map_tool(ToolDefinition(server, name, {"name": name, **document}))
    assert isinstance(tool, HiddenTool), tool
    return tool
