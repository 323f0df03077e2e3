"""`valetkey tools list`: pinned tools, as policies see them."""

import json
from collections.abc import Iterator
from typing import Any

from valetkey.cli.check_tools import server_line
from valetkey.cli.output import print_table, printable, tell
from valetkey.settings import Settings
from valetkey.settings.values import ToolsSettings
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.cedar_types import CedarRecord, CedarSet, CedarType, Scalar
from valetkey.tools.names import shown

_COLUMNS = ("tool", "arguments", "policies")


def print_tools(
    settings: Settings, tools: ToolsSettings, bundle: ToolBundle, *, as_json: bool
) -> None:
    """Print each tool with its arguments' types and the policies whose head takes it in."""
    rows = list(_rows(bundle))
    if as_json:
        servers = [{"server": each.name, "reach": each.reach.value} for each in tools.servers]
        print(json.dumps({"servers": servers, "tools": rows}, indent=2))
        return
    print_table(_COLUMNS, [_cells(row) for row in rows])
    for server in tools.servers:
        tell(f"valetkey: {printable(server_line(server, bundle))}")
    if not tools.is_pinned:
        tell(f"valetkey: {printable(str(tools.lock))} is not there: `valetkey tools refresh`")


def _rows(bundle: ToolBundle) -> Iterator[dict[str, Any]]:
    for name, tool in bundle.tools.items():
        yield {
            "tool": name,
            "digest": tool.definition.digest,
            "arguments": {
                member: {"type": type_text(each.type), "required": each.required}
                for member, each in tool.input.attributes.items()
            },
            "policies": [policy.id for policy in bundle.index.applicable(name)],
            "hidden": None,
        }
    for name, hidden in bundle.hidden.items():
        digest = hidden.definition.digest
        yield {
            "tool": name,
            "digest": digest,
            "arguments": {},
            "policies": [],
            "hidden": hidden.reason,
        }


def _cells(row: dict[str, Any]) -> tuple[str, str, str]:
    if row["hidden"] is not None:
        return shown(row["tool"]), f"hidden: {row['hidden']}", ""
    arguments = ", ".join(
        f"{shown(name)}{'' if each['required'] else '?'}: {each['type']}"
        for name, each in row["arguments"].items()
    )
    return shown(row["tool"]), arguments or "none", ", ".join(row["policies"]) or "none: denied"


def type_text(type_: CedarType) -> str:
    """Return a type as Cedar's schema writes it; `?` is after what need not be there."""
    if isinstance(type_, CedarRecord):
        members = (
            f"{shown(name)}{'' if each.required else '?'}: {type_text(each.type)}"
            for name, each in type_.attributes.items()
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(type_, CedarSet):
        return f"Set<{type_text(type_.element)}>"
    return "String (JSON text)" if type_ is Scalar.TEXT else type_.value
