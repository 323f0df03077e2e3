"""What the gateway's side towards clients needs of its side towards servers."""

from typing import Protocol

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.link import ClientSide, Link


class Servers(Protocol):
    """Every server behind the gateway, for every run. `upstreams.Upstreams` is it."""

    async def link(
        self, caller: ToolCaller, server: str, *, session: str | None, client: ClientSide
    ) -> Link: ...

    async def obstacle(
        self,
        caller: ToolCaller,
        server: str,
        tool: str,
        *,
        session: str | None,
        client: ClientSide,
    ) -> tuple[str, str] | None:
        """Return code and sentence of why the tool must not be called now, whatever is decided."""
        ...

    async def end_session(self, session: str) -> None: ...
