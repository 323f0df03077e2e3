"""Everything that one run has at one server: its seat, proof, links, processes, live tools."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from valetkey.gateway.backing import Backing
from valetkey.gateway.children import Children, StartedServer
from valetkey.gateway.discovering import GATEWAY, discover
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.http_door import HttpDoor
from valetkey.gateway.http_link import HttpLink
from valetkey.gateway.incoming import malformed
from valetkey.gateway.legacy_wire import LegacyWire
from valetkey.gateway.link import ClientSide
from valetkey.gateway.modern_link import ModernLink
from valetkey.gateway.opened import Opened, OpenedLink
from valetkey.gateway.proofs import Prover
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.gateway.stdio_link import StdioLink
from valetkey.tools.server import Reach

SESSION_IDLE_SECONDS: Final = 600.0
"""A process that only one session speaks with, unused for so long, is ended."""
_NOTHING: Final = b"{}"


@dataclass(frozen=True, slots=True)
class Revisions:
    """What servers were found to speak, by name; who is not there is asked.

    `newest` is what a server said it speaks; `shakes` whether one of 2026-07-28 takes 2025-11-25's
    handshake as well, which many do without saying so.
    """

    newest: dict[str, Revision] = field(default_factory=dict)
    shakes: dict[str, bool] = field(default_factory=dict)

    def forget(self, name: str) -> None:
        """Ask this server anew."""
        self.newest.pop(name, None)
        self.shakes.pop(name, None)


class Room:
    """One (run, server). Links are opened one at a time, so that none is opened twice."""

    def __init__(
        self,
        seat: Seat,
        backing: Backing,
        *,
        door: HttpDoor | None,
        children: Children,
        revisions: Revisions,
        clock: Callable[[], float],
    ) -> None:
        self.seat = seat
        self._door = door
        self._children = children
        self._revisions = revisions
        self._prover = Prover(backing, seat, clock=clock)
        self._opens = asyncio.Lock()
        self._opened: Opened | None = None
        self._discovered_at = 0
        self._links: dict[str | None, HttpLink] = {}
        self._started: dict[str | None, StartedServer] = {}
        self._starting: asyncio.Task[StartedServer] | None = None
        self._is_closed = False

    @property
    def has_processes(self) -> bool:
        """Say whether anything runs here that must end with the run."""
        return bool(self._started) or self._starting is not None

    async def link(self, session: str | None, client: ClientSide) -> OpenedLink:
        """Return a link: with equal revisions the session's own, else one that all share."""
        self.seat.touch()
        async with self._opens:
            if self._is_closed:
                raise _ended()
            try:
                with self.seat.in_trouble():
                    if self.seat.server.reach is Reach.STDIO:
                        return await self._stdio(session, client)
                    if self._door is not None:
                        return await self._http(self._door, session, client)
            except GatewayError:
                self._revisions.forget(self.seat.server.name)
                raise
        raise GatewayError(
            "server-not-reached",
            "the tools of this server are not called through the gateway",
            hint="ask for a decision at /v1/decisions",
        )

    async def end_session(self, session: str) -> None:
        """End what a session had of its own."""
        link = self._links.pop(session, None)
        if link is not None:
            await link.close()
        started = self._started.pop(session, None)
        if started is not None:
            await started.stop()

    async def reap(self) -> None:
        """Clear away processes that ended by themselves, and those of sessions long unused."""
        for key, started in list(self._started.items()):
            unused = started.is_of_session and started.idle >= SESSION_IDLE_SECONDS
            if (started.has_ended or unused) and self._started.get(key) is started:
                del self._started[key]
                await started.stop()

    async def close(self) -> None:
        """End everything here, and first of all what is only being started."""
        self._is_closed = True
        if self._starting is not None:
            self._starting.cancel()
        async with self._opens:
            links, self._links = list(self._links.values()), {}
            started, self._started = list(self._started.values()), {}
        for link in links:
            await link.close()
        await asyncio.gather(*(each.stop() for each in started))

    async def _http(self, door: HttpDoor, session: str | None, client: ClientSide) -> OpenedLink:
        if self._opened is not None and self._discovered_at != self.seat.changes:
            self._opened = None
            self._revisions.forget(self.seat.server.name)
        if self._opened is None and self._revision() is not Revision.LEGACY:
            self._discovered_at = self.seat.changes
            self._opened = await discover(door, self.seat, self._prover)
            self._note(Revision.LEGACY if self._opened is None else Revision.MODERN)
        key = session if client.revision is Revision.LEGACY else None
        if self._opened is None:
            return await self._shaken(door, key, client)
        if key is not None and self._may_shake():
            try:
                return await self._shaken(door, key, client)
            except GatewayError as error:
                if not _knows_no_handshake(error):
                    raise
                self._revisions.shakes[self.seat.server.name] = False
        told = _told(client, Revision.MODERN)
        return ModernLink(door, self.seat, self._prover, client=told, opened=self._opened)

    async def _shaken(self, door: HttpDoor, key: str | None, client: ClientSide) -> OpenedLink:
        link = self._links.get(key)
        if link is None or link.is_lost:
            told = _told(client if key is not None else GATEWAY, Revision.LEGACY)
            wire = LegacyWire(door, self._prover)
            link = HttpLink(wire, self.seat, told, shared=key is None)
            await link.open()
            self._links[key] = link
        return link

    async def _stdio(self, session: str | None, client: ClientSide) -> OpenedLink:
        key = session if client.revision is Revision.LEGACY else None
        if client.capabilities.strip() == _NOTHING or not self._may_shake():
            key = None  # nothing tells one session from another: one process for all
        started = self._started.get(key)
        if started is not None and started.has_ended:
            del self._started[key]
            await started.stop()
            started = None
        if started is None:
            told = _told(client if key is not None else GATEWAY, Revision.LEGACY)
            wanted = self._revision() if key is None else self._configured()
            started = await self._start(told, revision=wanted, shakes=key is not None)
            self._note(started.server.revision, shakes=key is not None)
            if started.server.revision is Revision.MODERN:
                key = None
            if (other := self._started.get(key)) is not None:
                await started.stop()
                started = other
            self._started[key] = started
            started.is_of_session = key is not None
        started.server.conversation.touch()
        return StdioLink(started.server, self.seat, _told(client, started.server.revision))

    async def _start(
        self, told: ClientSide, *, revision: Revision | None, shakes: bool
    ) -> StartedServer:
        """Return a new process, unless the room is closed before it has introduced itself."""
        starting = self._starting = asyncio.create_task(
            self._children.start(self.seat, told, revision=revision, shakes=shakes)
        )
        try:
            await asyncio.wait({starting})
            if starting.cancelled():
                raise _ended()
            return starting.result()
        except asyncio.CancelledError:  # of who asked
            starting.cancel()
            await asyncio.wait({starting})
            raise
        finally:
            self._starting = None

    def _configured(self) -> Revision | None:
        configured = self.seat.server.revision
        return None if configured is None else Revision(configured)

    def _revision(self) -> Revision | None:
        return self._configured() or self._revisions.newest.get(self.seat.server.name)

    def _may_shake(self) -> bool:
        """Say whether a session of 2025-11-25 may have its own at the server, as it wants to."""
        if self._configured() is not None:
            return self._configured() is Revision.LEGACY
        return self._revisions.shakes.get(self.seat.server.name, True)

    def _note(self, found: Revision, *, shakes: bool = False) -> None:
        """Remember what was found; `shakes`: the handshake was tried first."""
        if self._configured() not in {None, found}:
            raise malformed("it does not speak the configured revision")
        if shakes:
            self._revisions.shakes[self.seat.server.name] = found is Revision.LEGACY
        if not shakes or found is Revision.MODERN:
            self._revisions.newest[self.seat.server.name] = found


def _told(client: ClientSide, revision: Revision) -> ClientSide:
    """Return what a server is told of a client: between revisions, nothing that it could do."""
    if client.revision is revision:
        return client
    return replace(client, capabilities=_NOTHING)


def _ended() -> GatewayError:
    return GatewayError("run-not-served", "the run has ended meanwhile")


def _knows_no_handshake(error: GatewayError) -> bool:
    """Say whether a server refused the handshake as such; one in trouble, or a login, is not it."""
    if error.code == "server-failed":
        return not (error.detail or "").startswith("status 5")
    return error.code == "server-answer-malformed"
