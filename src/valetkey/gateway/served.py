"""One request of a client while it is served, and what serving stands on. Values alone."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from valetkey.broker import Broker
from valetkey.broker.tool_access import ToolCaller, look_again
from valetkey.gateway.answers import Answer
from valetkey.gateway.bodies import Turns
from valetkey.gateway.ending import UnderWay
from valetkey.gateway.faces import Face
from valetkey.gateway.faults import NotServed
from valetkey.gateway.headers import Head
from valetkey.gateway.link import ClientSide, Link, MessageId
from valetkey.gateway.loads import Loads
from valetkey.gateway.ports import Servers
from valetkey.gateway.request import Message
from valetkey.gateway.revisions import Revision
from valetkey.gateway.sessions import Session, Sessions
from valetkey.gateway.telling import Telling
from valetkey.identity import Refusal
from valetkey.tools import Json


@dataclass(frozen=True, slots=True)
class Core:
    """What every request needs. `program` is our own name and version, as MCP has them.

    `stopping` is set when the process is told to stop.
    """

    broker: Broker
    servers: Servers
    sessions: Sessions
    calls: Loads
    streams: Loads
    turns: Turns
    program: dict[str, Json]
    stopping: asyncio.Event
    telling: Telling = field(default_factory=Telling)
    under_way: UnderWay = field(default_factory=UnderWay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request, who sent it, and where its answer goes. `session` is 2025-11-25's alone."""

    core: Core
    caller: ToolCaller
    face: Face
    head: Head
    message: Message
    client: ClientSide
    session: Session | None
    answer: Answer
    receive: Any

    @property
    def revision(self) -> Revision:
        """The revision that the client speaks."""
        return self.client.revision

    @property
    def id(self) -> MessageId:
        """The request's id."""
        return self.message.id if self.message.id is not None else ""

    async def link(self, caller: ToolCaller, server: str) -> Link:
        """Return the way to a server. Raises GatewayError."""
        name = None if self.session is None else self.session.id
        link = await self.core.servers.link(caller, server, session=name, client=self.client)
        if self.session is not None:
            self.session.links[server] = link
        return link


async def still_served(core: Core, caller: ToolCaller) -> ToolCaller:
    """Return the caller as its run is now. Raises NotServed where the run is over."""
    found = await look_again(core.broker, caller)
    if isinstance(found, Refusal):
        raise not_served(found)
    return found


def not_served(refusal: Refusal) -> NotServed:
    """Return what ends a request whose run is over."""
    return NotServed(refusal.code, refusal.public)
