"""For whom a tool is called, as policies see it. Made from a run, never from a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ToolPrincipal:
    """`AgentCore::OAuthUser::"<id>"` with its attribute `id` and its tags, all of them text."""

    id: str
    tags: Mapping[str, str] = field(default_factory=dict)
