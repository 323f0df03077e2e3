"""What differs between pinned tools and those that servers have: for people, and for programs."""

from collections.abc import Iterator
from typing import Any

from valetkey.cli.output import StyledLine
from valetkey.tools import ToolDefinition
from valetkey.tools.lock_diff import LockDiff, PartChange, parts_of
from valetkey.tools.mapping import HiddenTool, map_tool
from valetkey.tools.names import shown

_STYLES = {"+": "green", "-": "red"}


def difference_lines(difference: LockDiff) -> Iterator[StyledLine]:
    """Yield the lines of all that differs: of a new tool everything, of a changed one its parts."""
    for tool in difference.added:
        yield StyledLine("bold green", f"{shown(tool.public_name)}: new")
        yield from _hidden(tool)
        yield from _parts(parts_of(tool))
    for change in difference.changed:
        yield StyledLine("bold yellow", f"{shown(change.new.public_name)}: changed")
        yield from _hidden(change.new)
        yield from _parts(change.parts)
    for tool in difference.removed:
        yield StyledLine("bold red", f"{shown(tool.public_name)}: gone")


def difference_document(difference: LockDiff) -> dict[str, Any]:
    """Return the same as a JSON value, definitions whole."""
    return {
        "added": [_tool(tool) for tool in difference.added],
        "removed": [_tool(tool) for tool in difference.removed],
        "changed": [
            {
                "tool": change.new.public_name,
                "parts": [part.part for part in change.parts],
                "old": dict(change.old.document),
                "new": dict(change.new.document),
            }
            for change in difference.changed
        ],
    }


def _tool(tool: ToolDefinition) -> dict[str, Any]:
    return {"tool": tool.public_name, "definition": dict(tool.document)}


def _hidden(tool: ToolDefinition) -> Iterator[StyledLine]:
    mapped = map_tool(tool)
    if isinstance(mapped, HiddenTool):
        yield StyledLine("bold", f"  would be hidden: {mapped.reason}")


def _parts(parts: tuple[PartChange, ...]) -> Iterator[StyledLine]:
    for part in parts:
        yield StyledLine("bold", f"  {part.part}")
        for line in part.lines:
            yield StyledLine(_STYLES.get(line[:1], ""), f"    {line}")
