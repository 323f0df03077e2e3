"""The policy a run keeps: the grants as they were when it was opened, under a version.

The version is a digest of the text, so two replicas with one configuration agree on it, and an
edited configuration can't pass for the old one.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from valetkey.credentials import Algorithm, Grant, GrantSource, TokenGrant, parse_role_arn
from valetkey.tools import BundleSource, ToolsError, document_of, source_of

if TYPE_CHECKING:
    from valetkey.tools.bundle import ToolBundle

Compile: TypeAlias = Callable[[BundleSource], "ToolBundle"]
"""Makes what decides out of a stored source. Given by who serves tools: Cedar would slow the start
of every command that never asks it."""

_FORMAT = 1
_FORMAT_WITH_TOOLS = 2
"""A program that knows no tools does not read such a document: it would leave them out."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What runs of one version may draw, by the grant's name."""

    version: str
    document: str
    grants: Mapping[str, Grant]
    tokens: Mapping[str, TokenGrant] = field(default_factory=dict)
    tools: "ToolBundle | None" = None

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the tool servers, each a grant as well."""
        if self.tools is None:
            return ()
        return tuple(server.name for server in self.tools.source.servers)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all grants: roles, then tokens, then tool servers."""
        return (*self.grants, *self.tokens, *self.servers)

    def tags_asked(self, grants: Iterable[str]) -> tuple[str, ...]:
        """Return the tags that may be asked of the principal of a run with these grants."""
        if self.tools is None or set(grants).isdisjoint(self.servers):
            return ()
        return self.tools.source.tags


def make_policy(
    grants: Iterable[Grant],
    tokens: Iterable[TokenGrant] = (),
    tools: "ToolBundle | None" = None,
) -> Policy:
    """Write the grants down as the document that is stored with their runs."""
    by_name = {grant.name: grant for grant in grants}
    tokens_by_name = {grant.name: grant for grant in tokens}
    content: dict[str, Any] = {
        "format": _FORMAT,
        "grants": {name: _write(g) for name, g in by_name.items()},
    }
    if tokens_by_name:
        content["tokens"] = {name: _write_token(g) for name, g in tokens_by_name.items()}
    if tools is not None:
        content["format"] = _FORMAT_WITH_TOOLS
        content["tools"] = document_of(tools.source)
    document = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return Policy(version_of(document), document, by_name, tokens_by_name, tools)


def version_of(document: str) -> str:
    """Return the version of a policy document: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(document.encode()).hexdigest()[:32]


def read_policy(version: str, document: str, compile_tools: Compile | None = None) -> Policy | None:
    """Read a stored document back; None if it is not one that `version` names and we can keep.

    Without `compile_tools` that is one without tools.
    """
    if version_of(document) != version:
        return None
    content = json.loads(document)
    if content.get("format") not in (_FORMAT, _FORMAT_WITH_TOOLS):
        return None
    tools = None
    if "tools" in content:
        if compile_tools is None:
            return None
        try:
            tools = compile_tools(source_of(content["tools"]))
        except ToolsError:  # of a version of valetkey that decides otherwise
            return None
    return Policy(
        version,
        document,
        {n: _read(n, g) for n, g in content["grants"].items()},
        {n: _read_token(n, g) for n, g in content.get("tokens", {}).items()},
        tools,
    )


def _write(grant: Grant) -> dict[str, Any]:
    written = {
        "role": str(grant.role),
        "source": grant.source.value,
        "duration": grant.duration,
        "region": grant.region,
        "external_id": grant.external_id,
        "session_policy": grant.session_policy,
        "endpoint_url": grant.endpoint_url,
    }
    # Only where there is one: the version of every policy before it stays what it was.
    later = {
        "profile": grant.profile,
        "audience": grant.audience,
        "token_to_sandbox": grant.token_to_sandbox or None,
        "algorithm": _text(grant.algorithm),
    }
    return written | {name: value for name, value in later.items() if value is not None}


def _read(name: str, content: Mapping[str, Any]) -> Grant:
    return Grant(
        name=name,
        role=parse_role_arn(content["role"]),
        source=GrantSource(content["source"]),
        duration=content["duration"],
        region=content["region"],
        external_id=content["external_id"],
        session_policy=content["session_policy"],
        endpoint_url=content["endpoint_url"],
        profile=content.get("profile"),
        audience=content.get("audience"),
        token_to_sandbox=content.get("token_to_sandbox", False),
        algorithm=_algorithm(content.get("algorithm")),
    )


def _write_token(grant: TokenGrant) -> dict[str, Any]:
    return {
        "audience": grant.audience,
        "scopes": list(grant.scopes),
        "duration": grant.duration,
        "algorithm": _text(grant.algorithm),
    }


def _read_token(name: str, content: Mapping[str, Any]) -> TokenGrant:
    return TokenGrant(
        name=name,
        audience=content["audience"],
        scopes=tuple(content["scopes"]),
        duration=content["duration"],
        algorithm=_algorithm(content["algorithm"]),
    )


def _text(algorithm: Algorithm | None) -> str | None:
    return None if algorithm is None else algorithm.value


def _algorithm(text: str | None) -> Algorithm | None:
    return None if text is None else Algorithm(text)
