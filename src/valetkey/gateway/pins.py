"""Is a tool still what it was when it was pinned? The server is asked, and believed for a while.

It is asked over the link that the call will go over, and anew over each that is opened, for behind
that there may be another server; also after any trouble with it and when it says that its tools are
others. A server without sessions may be another one unseen: it is believed for `seconds`.
"""

import asyncio
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import ClientSide
from valetkey.gateway.live_tools import read_tools
from valetkey.gateway.opened import Opened, OpenedLink
from valetkey.gateway.rooms import Room
from valetkey.gateway.telling import Telling
from valetkey.tools.definition import ToolDefinition

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of all definitions of a server."""
Obstacle = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Live:
    digests: Mapping[str, str]
    read_at: float
    news: int


class Pins:
    """One room's. What was read over a link is good for `seconds` at most."""

    def __init__(self, room: Room, *, seconds: float, telling: Telling) -> None:
        self._room = room
        self._seconds = seconds
        self._telling = telling
        self._live: MutableMapping[Opened, _Live] = WeakKeyDictionary()
        self._pinned: dict[str, tuple[ToolDefinition, str]] = {}
        self._reads = asyncio.Lock()

    async def obstacle(
        self, tool: str, *, session: str | None, client: ClientSide
    ) -> Obstacle | None:
        """Return code and sentence of why a tool must not be called; None if it is the pinned."""
        pinned = self._room.seat.definition(tool)
        if pinned is None:
            return "tool-changed", "the tool is not pinned"
        try:
            live = await self._fresh(await self._room.link(session, client))
        except GatewayError as error:
            self._telling.tell("a server's tools can't be compared with the pinned ones", error)
            return error.code, error.message
        found = live.digests.get(tool)
        if found is None:
            return "tool-changed", "the server of this tool does not have it any more"
        if found != self._digest_of(pinned):
            return (
                "tool-changed",
                "the tool is not what it was when it was accepted; an operator must look at it "
                "with `valetkey tools refresh`",
            )
        return None

    def _digest_of(self, pinned: ToolDefinition) -> str:
        known = self._pinned.get(pinned.name)
        if known is None or known[0] is not pinned:  # another policy version may pin another
            known = self._pinned[pinned.name] = (pinned, pinned.digest)
        return known[1]

    async def _fresh(self, link: OpenedLink) -> _Live:
        live = self._live.get(link.opened)
        if live is not None and self._is_good(live):
            return live
        async with self._reads:
            opened = link.opened  # the link may open itself anew while it is read over
            live = self._live.get(opened)
            if live is None or not self._is_good(live):
                live = self._live[opened] = await self._read(link)
            return live

    def _is_good(self, live: _Live) -> bool:
        age = time.monotonic() - live.read_at
        return age < self._seconds and live.news == self._room.seat.news

    async def _read(self, link: OpenedLink) -> _Live:
        news, began = self._room.seat.news, time.monotonic()
        tools = await read_tools(link, self._room.seat.server.name, most=MOST_BYTES)
        return _Live({tool.name: tool.digest for tool in tools}, began, news)
