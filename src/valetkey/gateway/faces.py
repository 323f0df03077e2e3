"""The two ways in: the whole gateway with every server's tools, and one server by itself."""

from dataclasses import dataclass

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.metadata import ENDPOINT
from valetkey.tools import SEPARATOR, Surface, public_name


@dataclass(frozen=True, slots=True)
class Face:
    """`server` None is the whole gateway, at `/mcp`: names there have their server's before them.

    A server's name has no underscore (settings see to it), so the first separator is the one.
    """

    server: str | None

    @property
    def path(self) -> str:
        """Where it stands."""
        return ENDPOINT if self.server is None else f"{ENDPOINT}/{self.server}"

    def is_of(self, caller: ToolCaller) -> bool:
        """Say whether the caller has anything here."""
        return self.server is None or self.server in caller.servers

    def split(self, name: str) -> tuple[str, str]:
        """Return server and own name; without a separator the server is empty, which none is."""
        if self.server is not None:
            return self.server, name
        server, separator, own = name.partition(SEPARATOR)
        return (server, own) if separator else ("", name)

    def shown(self, server: str, name: str) -> str:
        """Return the name by which a server's tool or prompt is known here."""
        return name if self.server is not None else public_name(server, name)

    def servers(self, caller: ToolCaller) -> tuple[str, ...]:
        """Return the caller's servers that are seen from here."""
        return caller.servers if self.server is None else (self.server,)

    def opening(self, caller: ToolCaller, surface: Surface) -> tuple[str, ...]:
        """Return those of them that open `surface`, under the caller's own policy version."""
        open_ones = {rules.name for rules in caller.bundle.source.servers if surface in rules.opens}
        return tuple(name for name in self.servers(caller) if name in open_ones)
