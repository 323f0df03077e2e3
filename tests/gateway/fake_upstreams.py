"""Servers behind the gateway, without a wire: they log all that reaches them and say as told."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import ClientSide, Incoming, Kind, Link, MessageId
from valetkey.gateway.revisions import Revision
from valetkey.tools import Json

Said = list[Incoming]


@dataclass(frozen=True)
class Reached:
    """One thing that reached a server."""

    server: str
    run: str
    method: str
    params: Any
    name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def result(value: object) -> Incoming:
    return Incoming(kind=Kind.RESPONSE, result=json.dumps(value).encode())


def error(code: int, message: str = "theirs") -> Incoming:
    body = json.dumps({"code": code, "message": message}).encode()
    return Incoming(kind=Kind.RESPONSE, error=body)


def notification(method: str, params: object | None = None) -> Incoming:
    raw = None if params is None else json.dumps(params).encode()
    return Incoming(kind=Kind.NOTIFICATION, method=method, params=raw)


def request(method: str, message_id: int | str, params: object) -> Incoming:
    raw = json.dumps(params).encode()
    return Incoming(kind=Kind.REQUEST, method=method, id=message_id, params=raw)


TEXT = {"content": [{"type": "text", "text": "done"}], "isError": False}


@dataclass(eq=False)
class FakeLink:
    servers: "FakeServers"
    server: str
    run: str
    revision: Revision
    client: ClientSide
    session: str | None
    server_info: bytes = b'{"name":"fake","version":"1"}'
    instructions: str | None = "obey me"
    cancelled: int = 0
    answers: list[tuple[MessageId, bytes | None, bytes | None]] = field(default_factory=list)
    unasked: "asyncio.Queue[Incoming]" = field(default_factory=asyncio.Queue)

    @property
    def capabilities(self) -> Mapping[str, Json]:
        return self.servers.capabilities

    def _log(self, method: str, params: bytes | None, **more: Any) -> None:
        value = None if params is None else json.loads(params)
        self.servers.reached.append(Reached(self.server, self.run, method, value, **more))
        self.servers.raw.append(params)

    async def call(
        self,
        method: str,
        params: bytes | None,
        *,
        id: MessageId | None = None,
        name: str | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Incoming, None]:
        self._log(method, params, name=name, headers=extra_headers or {})
        await self.servers.move()
        say = self.servers.says.get(method)
        is_done = False
        try:
            said = say(self) if say else [result(TEXT)]
            for incoming in said:
                is_done = is_done or incoming.kind is Kind.RESPONSE
                yield incoming
                if incoming.kind is Kind.REQUEST:
                    await self.servers.answered.wait()
            if not said:
                await self.servers.released.wait()
                is_done = True
                yield result(TEXT)
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += not is_done
            raise

    async def notify(self, method: str, params: bytes | None) -> None:
        self._log(method, params)

    async def answer(
        self,
        id: MessageId,
        *,
        result: bytes | None = None,
        error: bytes | None = None,
    ) -> None:
        self.answers.append((id, result, error))
        self.servers.answered.set()

    async def listen(self, *, after: str | None = None) -> AsyncGenerator[Incoming, None]:
        del after
        while True:
            yield await self.unasked.get()

    async def close(self) -> None:
        return


@dataclass
class FakeServers:
    """`says` makes what a method is answered with; nothing said: silence until `released`."""

    revision: Revision = Revision.LEGACY
    capabilities: dict[str, Json] = field(default_factory=dict)
    says: dict[str, Callable[[FakeLink], Said]] = field(default_factory=dict)
    reached: list[Reached] = field(default_factory=list)
    raw: list[bytes | None] = field(default_factory=list)
    links: list[FakeLink] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    obstacles: dict[str, tuple[str, str]] = field(default_factory=dict)
    looked_at: list[tuple[str, str]] = field(default_factory=list)
    broken: dict[str, GatewayError] = field(default_factory=dict)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, count: int) -> None:
        """Wait until so much has reached a server."""
        async with asyncio.timeout(5), self.moved:
            await self.moved.wait_for(lambda: len(self.reached) >= count)

    async def until_linked(self) -> None:
        """Wait until there is a way to a server."""
        async with asyncio.timeout(5), self.moved:
            await self.moved.wait_for(lambda: bool(self.links))

    async def move(self) -> None:
        """Wake who waits for what has happened."""
        async with self.moved:
            self.moved.notify_all()

    async def link(
        self, caller: ToolCaller, server: str, *, session: str | None, client: ClientSide
    ) -> Link:
        if server in self.broken:
            raise self.broken[server]
        for link in self.links:
            if (link.server, link.run, link.session) == (server, caller.run.id, session):
                link.client = client
                return link
        link = FakeLink(self, server, caller.run.id, self.revision, client, session)
        self.links.append(link)
        await self.move()
        return link

    async def obstacle(
        self,
        caller: ToolCaller,
        server: str,
        tool: str,
        *,
        session: str | None,
        client: ClientSide,
    ) -> tuple[str, str] | None:
        del caller, session, client
        self.looked_at.append((server, tool))
        if server in self.broken:
            raise self.broken[server]
        return self.obstacles.get(tool)

    async def end_session(self, session: str) -> None:
        self.ended.append(session)
