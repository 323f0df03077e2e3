"""A bundle of policies and a call of a tool, each said in one line."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.tools import GATEWAY
from valetkey.tools import (
    BundleSource,
    Mode,
    PolicyFile,
    ServerRules,
    ToolDecision,
    ToolDefinition,
    ToolPrincipal,
)
from valetkey.tools.arguments import Arguments
from valetkey.tools.bundle import ToolBundle, make_bundle
from valetkey.tools.deciding import decide

NOW = 1_795_000_000.0
WHO = "principal is AgentCore::OAuthUser"
WHERE = f'resource == AgentCore::Gateway::"{GATEWAY}"'
TYPES: dict[str, dict[str, Any]] = {
    "s": {"type": "string"},
    "i": {"type": "integer"},
    "n": {"type": "number"},
    "b": {"type": "boolean"},
}


def tool(public_name: str, **properties: str | dict[str, Any]) -> ToolDefinition:
    """A tool; a property is a letter of `TYPES`, with `?` if it may be left out, or a schema."""
    server, _, name = public_name.partition("___")
    schemas = {
        each: TYPES[kind[0]] if isinstance(kind, str) else kind for each, kind in properties.items()
    }
    needed = [
        each for each, kind in properties.items() if isinstance(kind, str) and kind[-1] != "?"
    ]
    schema: Any = {"type": "object", "properties": schemas, "required": needed}
    return ToolDefinition(server, name, {"name": name, "inputSchema": schema})


def policy(effect: str, actions: str, when: str = "", *, notes: str = "", more: str = "") -> str:
    """A statement over `actions`: a name, several apart by `|`, `in <group>`, or `*`."""
    quoted = [f'AgentCore::Action::"{each}"' for each in actions.removeprefix("in ").split("|")]
    scope = f"action == {quoted[0]}"
    if actions == "*":
        scope = "action"
    elif actions.startswith("in "):
        scope = f"action in {quoted[0]}"
    elif len(quoted) > 1:
        scope = f"action in [{', '.join(quoted)}]"
    where = "resource is AgentCore::Gateway" if actions == "*" else WHERE
    clause = f" when {{ {when} }}" if when else ""
    return f"{notes}{effect}({WHO}, {scope}, {where}){clause}{more};\n"


def bundle(
    text: str,
    *tools: ToolDefinition,
    tags: tuple[str, ...] = ("role", "department"),
    mode: Mode = Mode.ENFORCE,
) -> ToolBundle:
    """The bundle of one policy file, `p.cedar`, over tools."""
    servers = tuple(ServerRules(name) for name in sorted({each.server for each in tools}))
    return make_bundle(
        BundleSource(
            gateway=GATEWAY,
            policies=(PolicyFile("p.cedar", text),),
            servers=servers,
            tools=tools,
            tags=tags,
            mode=mode,
        )
    )


def decided(
    made: ToolBundle,
    name: str,
    arguments: dict[str, Any] | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    now: float = NOW,
) -> ToolDecision:
    """What the bundle says of a call by someone with these tags."""
    mapped = made.tools[name]
    checked = mapped.check(arguments or {}, undeclared=False)
    assert isinstance(checked, Arguments), checked
    return decide(made, ToolPrincipal("someone", tags or {}), mapped, checked, now=now)
