"""`tools.lock`: the definitions that a person accepted, as a file for version control.

Pretty JSON, one member a line, servers and tools in order: equal definitions give equal bytes, and
a change of one word is a change of few lines. It does not read files, and asks no server.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from valetkey.tools.definition import Json, ToolDefinition
from valetkey.tools.errors import ToolsError
from valetkey.tools.exact_json import MAX_DEPTH, read_definitions
from valetkey.tools.names import shown

MAX_LOCK: Final = 64 * 1024 * 1024
_LEVELS: Final = 4
"""Objects around a definition: what a server may say must not make the file unreadable."""
_FORMAT: Final = 1
_HINT: Final = "write it anew with `valetkey tools refresh`, and look at what it shows"


def write_lock(tools: Iterable[ToolDefinition]) -> str:
    """Return the text of the lock of `tools`, the same for the same tools in any order.

    No character in it would be obeyed or hidden by a terminal or a review page. Raises ToolsError
    `tools-lock-malformed` for two tools of one name.
    """
    servers: dict[str, dict[str, Any]] = {}
    for tool in sorted(tools, key=lambda each: (each.server, each.name)):
        entries = servers.setdefault(tool.server, {})
        if tool.name in entries:
            raise _malformed(f"tool `{shown(tool.public_name)}` is there twice")
        entries[tool.name] = {"definition": dict(tool.document), "digest": tool.digest}
    return pretty({"format": _FORMAT, "tools": servers}) + "\n"


def read_lock(text: str) -> tuple[ToolDefinition, ...]:
    """Return the definitions of a lock file.

    Raises ToolsError `tools-lock-malformed` for a text that `write_lock` did not write: other
    members, a member twice, another format, or a definition that is not of its digest.
    """
    try:
        lock = read_definitions(text.encode(), most=MAX_LOCK, depth=MAX_DEPTH + _LEVELS)
    except (ToolsError, UnicodeEncodeError) as error:
        raise _malformed("it is not strict JSON") from error
    if not isinstance(lock, dict) or lock.keys() != {"format", "tools"}:
        raise _malformed("it has not the members `format` and `tools`")
    if lock["format"] != _FORMAT:
        raise _malformed("it is of another version of valetkey")
    return tuple(
        _definition(server, name, entry)
        for server, entries in _object(lock["tools"], "`tools`").items()
        for name, entry in _object(entries, f"server `{shown(server)}`").items()
    )


def pretty(value: object) -> str:
    """Return readable JSON: members sorted, ASCII where a reader could be misled."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    if all(c.isprintable() or c == "\n" for c in text):
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _definition(server: str, name: str, entry: Json) -> ToolDefinition:
    what = f"tool `{shown(name)}` of server `{shown(server)}`"
    pinned = _object(entry, what)
    if pinned.keys() != {"definition", "digest"}:
        raise _malformed(f"{what} has not the members `definition` and `digest`")
    tool = ToolDefinition(server, name, _object(pinned["definition"], what))
    if tool.document.get("name") != name:
        raise _malformed(f"the definition of {what} is of another name")
    if tool.digest != pinned["digest"]:
        raise _malformed(f"the definition of {what} is not of its digest: somebody edited it")
    return tool


def _object(value: Json, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise _malformed(f"{what} is not an object")
    return value


def _malformed(what: str) -> ToolsError:
    return ToolsError("tools-lock-malformed", f"the tools' lock file: {what}", hint=_HINT)
