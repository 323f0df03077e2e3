"""A server of tools as the configuration names it. Values alone: nothing is started or asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from valetkey.secret import Secret

SEPARATOR = "___"
"""Between a server's name and a tool's: AgentCore's own (design §5)."""
MAX_NAME = 64
"""Characters of a whole tool name: what the models' APIs take."""
DEFAULT_SECONDS = 60
MAX_SECONDS = 3600
DEFAULT_CALLS = 16
DEFAULT_ANSWER_BYTES = 4 * 1024 * 1024
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)


class Surface(Enum):
    """What a server may offer besides tools. Closed until the configuration opens it."""

    PROMPTS = "prompts"
    RESOURCES = "resources"
    COMPLETION = "completion"


class Reach(Enum):
    """How a server is reached. `NONE`: its tools are judged for agents that call them elsewhere."""

    HTTP = "http"
    STDIO = "stdio"
    NONE = "none"


class Proof(Enum):
    """What goes to a server instead of the caller's token, which never does."""

    NOTHING = "nothing"
    TOKEN = "token"  # noqa: S105 - a token of ours for the server's audience
    HEADERS = "headers"  # fixed ones, of the configuration
    SIGV4 = "sigv4"  # signed with the run's own session


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolServer:
    """One server. Where `reach` is HTTP, `url` is there; where it is STDIO, `command`.

    `audience` is of a TOKEN; `grant` the grant whose session signs (SIGV4, with `service` and
    `region`) or that a STDIO server's own AWS calls use. `seconds` is how long a call may take,
    `calls` how many a run may have under way at once, `answer_bytes` the longest message it may
    send. `revision` None: it is asked which MCP revisions it speaks.
    """

    name: str
    reach: Reach
    url: str | None = None
    command: tuple[str, ...] = ()
    environment: Mapping[str, Secret] = field(default_factory=dict)
    proof: Proof = Proof.NOTHING
    audience: str | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    grant: str | None = None
    service: str | None = None
    region: str | None = None
    revision: str | None = None
    opens: frozenset[Surface] = frozenset()
    undeclared_arguments: bool = False
    seconds: int = DEFAULT_SECONDS
    calls: int = DEFAULT_CALLS
    answer_bytes: int = DEFAULT_ANSWER_BYTES


def is_header_name(text: str) -> bool:
    """Say whether `text` is a field name (RFC 9110 §5.1)."""
    return _HEADER.fullmatch(text) is not None


def public_name(server: str, tool: str) -> str:
    """Return the name of a server's tool at the whole gateway, and as an action of policies."""
    return f"{server}{SEPARATOR}{tool}"
