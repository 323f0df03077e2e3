"""What a policy version says of tools, as it is written down and stored with the runs it binds.

It is text and definitions, nothing compiled: `bundle` makes something that decides out of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from valetkey.tools.decision import Mode
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.errors import ToolsError
from valetkey.tools.server import Surface

_FORMAT: Final = 1
"""Rises when the same text would be decided otherwise: a stored version then serves nobody."""


class PrincipalForm(Enum):
    """What the id of a principal is in policies: its subject, or with its issuer's name before."""

    SUB = "sub"
    ISSUER_SUB = "issuer:sub"


class Kept(Enum):
    """What the record of a call keeps of its arguments besides their digest."""

    DIGEST = "digest"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file of Cedar policies: its name within the folder, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ServerRules:
    """What a version says of one server; its address and secrets are not in it."""

    name: str
    opens: frozenset[Surface] = frozenset()
    undeclared_arguments: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSource:
    """Policies, pinned tools and the rest that decides. `gateway` is the ARN that policies name.

    `tags` are the names of all tags that a principal may have; a policy that asks for another is
    mistaken.
    """

    gateway: str
    policies: tuple[PolicyFile, ...]
    servers: tuple[ServerRules, ...]
    tools: tuple[ToolDefinition, ...]
    tags: tuple[str, ...]
    principal: PrincipalForm = PrincipalForm.SUB
    mode: Mode = Mode.ENFORCE
    kept: Kept = Kept.DIGEST


def document_of(source: BundleSource) -> dict[str, Any]:
    """Return the JSON value that is stored; equal sources give equal values."""
    return {
        "format": _FORMAT,
        "gateway": source.gateway,
        "mode": source.mode.value,
        "principal": source.principal.value,
        "kept": source.kept.value,
        "tags": sorted(source.tags),
        "policies": {file.name: file.text for file in source.policies},
        "servers": {
            rules.name: {
                "opens": sorted(surface.value for surface in rules.opens),
                "undeclared_arguments": rules.undeclared_arguments,
            }
            for rules in source.servers
        },
        "tools": {
            server.name: {
                tool.name: dict(tool.document)
                for tool in source.tools
                if tool.server == server.name
            }
            for server in source.servers
        },
    }


def source_of(document: Mapping[str, Any]) -> BundleSource:
    """Read a stored value back. Raises ToolsError `tools-format` for one of another format."""
    if document.get("format") != _FORMAT:
        raise ToolsError(
            "tools-format", "the stored tool policies are of another version of valetkey"
        )
    return BundleSource(
        gateway=document["gateway"],
        policies=tuple(PolicyFile(name, text) for name, text in document["policies"].items()),
        servers=tuple(
            ServerRules(
                name,
                frozenset(Surface(each) for each in rules["opens"]),
                rules["undeclared_arguments"],
            )
            for name, rules in document["servers"].items()
        ),
        tools=tuple(
            ToolDefinition(server, name, tool)
            for server, tools in document["tools"].items()
            for name, tool in tools.items()
        ),
        tags=tuple(document["tags"]),
        principal=PrincipalForm(document["principal"]),
        mode=Mode(document["mode"]),
        kept=Kept(document["kept"]),
    )
