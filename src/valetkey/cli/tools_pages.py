"""Definitions of tools out of a file, for a server that can't be asked from here."""

from pathlib import Path

from valetkey.errors import ValetkeyError
from valetkey.tools import Json, ToolDefinition, ToolsError
from valetkey.tools.exact_json import read_definitions

MAX_PAGE_BYTES = 16 * 1024 * 1024


def read_page(server: str, path: Path) -> tuple[ToolDefinition, ...]:
    """Return the tools of a `tools/list` result, bare or in its JSON-RPC answer, or a list of them.

    Raises ValetkeyError `tools-page` for anything else, and a tool that is there twice.
    """
    try:
        with path.open("rb") as file:
            found = read_definitions(file.read(MAX_PAGE_BYTES + 1), most=MAX_PAGE_BYTES)
    except OSError as error:
        raise ValetkeyError(
            "file-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    except ToolsError as error:
        raise ValetkeyError("tools-page", f"`{path}`: {error.message}") from None
    for name in ("result", "tools"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    tools = [_definition(server, path, each) for each in found] if isinstance(found, list) else []
    if not tools or len({tool.name for tool in tools}) != len(tools):
        raise ValetkeyError(
            "tools-page",
            f"`{path}` is not a list of tools, each there once",
            hint='what a server answers to `tools/list`: `{"tools": [{"name": …}]}`',
        )
    return tuple(tools)


def _definition(server: str, path: Path, found: Json) -> ToolDefinition:
    name = found.get("name") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(name, str) or not name:
        raise ValetkeyError("tools-page", f"`{path}` has a tool without a name")
    return ToolDefinition(server, name, found)
