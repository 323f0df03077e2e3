"""What a coding agent's hook is asked, read strictly and turned into a question for a decision.

Which tool it is: the agent's own tools are those of one server of the configuration (by default
`claude-code` or `cursor`); a tool `mcp__x__y` is the tool `y` of the server `x`, and behind the
whole gateway, `mcp__valetkey__x___y`, as well. Imports nothing heavy.
"""

from _json import encode_basestring_ascii

from valetkey.sandbox.document import parse_document
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.text import plain

DEFAULT_SERVERS = {"claude": "claude-code", "cursor": "cursor"}
"""By agent: the server of the configuration that has the agent's own tools."""
_GATEWAY = "valetkey"  # as `mcp_config` names the whole gateway
_MCP = "mcp__"
_SEPARATOR = "___"
_LONGEST_NAME = 256
# Cursor's events that have a name of their own for what they ask: the tool, and its arguments.
_CURSOR_TOOLS = {
    "beforeShellExecution": ("Shell", ("command", "cwd")),
    "beforeReadFile": ("Read", ("file_path",)),
}


class Question:
    """May this tool be called so? `arguments` is a JSON value."""

    __slots__ = ("agent", "arguments", "event", "server", "tool")

    def __init__(
        self, agent: str, event: str, *, server: str, tool: str, arguments: dict[str, object]
    ) -> None:
        self.agent = agent
        self.event = event
        self.server = server
        self.tool = tool
        self.arguments = arguments

    def body(self) -> bytes:
        """Return the body of `POST /v1/decisions`."""
        members = {"server": self.server, "tool": self.tool, "arguments": self.arguments}
        return _text_of(members).encode("ascii")


def question_in(hook: bytes, *, agent: str, server: str) -> Question:
    """Return what the agent asks. Raises `hook-input-unreadable` for anything else."""
    try:
        document = parse_document(hook)
    except SandboxError:
        raise _unreadable("it is not one JSON object") from None
    event = _word(document, "hook_event_name")
    if agent == "claude":
        if event != "PreToolUse":
            raise _unreadable("it is not about a tool that is to be used")
        tool, arguments = _word(document, "tool_name"), document.get("tool_input")
    else:
        tool, arguments = _of_cursor(document, event)
    if not isinstance(arguments, dict):
        raise _unreadable("the tool's arguments are no object")
    server, tool = _place_of(tool, server)
    return Question(agent, event, server=server, tool=tool, arguments=arguments)


def _of_cursor(document: dict[str, object], event: str) -> tuple[str, object]:
    """Return the tool and its arguments in Cursor's form, where some events are tools."""
    if event in _CURSOR_TOOLS:
        tool, names = _CURSOR_TOOLS[event]
        return tool, {name: document[name] for name in names if name in document}
    if event not in ("beforeMCPExecution", "preToolUse"):
        raise _unreadable("it is not about a tool that is to be used")
    tool, arguments = _word(document, "tool_name"), document.get("tool_input")
    if isinstance(arguments, str):  # its MCP event has the arguments as text
        arguments = parse_document(arguments.encode("utf-8"))
    if tool.startswith("MCP:"):
        known = tool.removeprefix("MCP:").partition(":")
        tool = f"{_MCP}{known[0]}__{known[2]}"
    elif event == "beforeMCPExecution" and not tool.startswith(_MCP):
        # The event does not say which server it is: only the whole gateway's names tell it.
        tool = f"{_MCP}{_GATEWAY}__{tool}"
    return tool, arguments


def _place_of(tool: str, server: str) -> tuple[str, str]:
    """Return the server and the tool that an agent's name of a tool stands for."""
    if not tool.startswith(_MCP):
        return server, tool
    place, _, name = tool.removeprefix(_MCP).partition("__")
    if place == _GATEWAY:
        place, _, name = name.partition(_SEPARATOR)
    if not place or not name:
        raise _unreadable(f"`{plain(tool)}` names no server and tool")
    return place, name


def _word(document: dict[str, object], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        raise _unreadable(f"it has no `{name}`")
    return value


def _unreadable(why: str) -> SandboxError:
    return SandboxError(
        "hook-input-unreadable",
        f"this is not what a coding agent asks: {why}",
        hint="is `valetkey hook` the command of the right hook, and of the right agent?",
    )


def _text_of(value: object) -> str:
    """Return JSON text. Raises `hook-input-unreadable` for a number that JSON has not."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        if value - value != 0.0:  # an infinity: the text had an exponent beyond all numbers
            raise _unreadable("it has a number that is too large")
        return float.__repr__(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_text_of, value)) + "]"
    if isinstance(value, dict):
        members = (
            f"{encode_basestring_ascii(name)}:{_text_of(each)}" for name, each in value.items()
        )
        return "{" + ",".join(members) + "}"
    raise _unreadable("it has what JSON has not")
