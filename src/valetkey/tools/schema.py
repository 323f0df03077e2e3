"""The schema that policies are validated against: AgentCore's shapes (design §5), our tools."""

import json
from collections.abc import Iterable
from typing import Any, Final

from valetkey.tools.cedar_types import Scalar, schema_of
from valetkey.tools.mapping import MappedTool

NAMESPACE: Final = "AgentCore"
PRINCIPAL: Final = "OAuthUser"
RESOURCE: Final = "Gateway"
CALL_TOOL: Final = "CallTool"
MCP: Final = "Mcp"

_STRING: Final = schema_of(Scalar.STRING)
_SYSTEM: Final = {
    "type": "Record",
    "attributes": {"now": {"type": "EntityOrCommon", "name": "__cedar::datetime"}},
}


def cedar_schema(tools: Iterable[MappedTool], servers: Iterable[str]) -> str:
    """Return the schema in Cedar's JSON format, equal for equal tools in whatever order.

    An action per tool, by its public name, in the group of its server, in `CallTool`, in `Mcp`.
    A principal has the attribute `id` and tags that are Strings; a context is exactly `input` and
    `system.now`. A server without tools is a group too, so that policies may name it.
    """
    actions: dict[str, Any] = {MCP: {}, CALL_TOOL: {"memberOf": [{"id": MCP}]}}
    for server in sorted(servers):
        actions[server] = {"memberOf": [{"id": CALL_TOOL}]}
    for tool in sorted(tools, key=lambda each: each.definition.public_name):
        actions[tool.definition.public_name] = _action(tool)
    shape = {"type": "Record", "attributes": {"id": _STRING}}
    return json.dumps(
        {
            NAMESPACE: {
                "commonTypes": {},
                "entityTypes": {PRINCIPAL: {"shape": shape, "tags": _STRING}, RESOURCE: {}},
                "actions": actions,
            }
        }
    )


def _action(tool: MappedTool) -> dict[str, Any]:
    context = {"input": schema_of(tool.input), "system": _SYSTEM}
    return {
        "memberOf": [{"id": tool.definition.server}],
        "appliesTo": {
            "principalTypes": [PRINCIPAL],
            "resourceTypes": [RESOURCE],
            "context": {"type": "Record", "attributes": context},
        },
    }
