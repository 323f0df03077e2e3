"""All servers behind the gateway, for all runs: who has what there, and when it ends.

A server's connections are its own, a run's links and processes are its own: what is bad of one does
not reach another.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Self

from valetkey.broker.broker import Broker
from valetkey.broker.ports import RequestSigner
from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.backing import BrokerBacking
from valetkey.gateway.children import Children
from valetkey.gateway.discovering import GATEWAY
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.http_door import HttpDoor
from valetkey.gateway.link import ClientSide, Link
from valetkey.gateway.pins import Pins
from valetkey.gateway.process_credentials import ProcessCredentials
from valetkey.gateway.rooms import Revisions, Room
from valetkey.gateway.seat import Seat
from valetkey.gateway.telling import Telling
from valetkey.tools.server import Reach, ToolServer

log = logging.getLogger("valetkey.gateway")

CHECK_SECONDS: Final = 300
"""How long a server's list of tools is believed."""
SWEEP_SECONDS: Final = 4.0
"""How often it is looked whether a run with processes is over."""
PROCESS_IDLE_SECONDS: Final = 600.0
LINK_IDLE_SECONDS: Final = 1_800.0


class Upstreams:
    """An asynchronous context manager: at its end no connection and no process is left."""

    def __init__(
        self,
        servers: Sequence[ToolServer],
        *,
        broker: Broker,
        signer: RequestSigner,
        check_seconds: float = CHECK_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._servers = {server.name: server for server in servers}
        self._backing = BrokerBacking(broker, signer)
        self._check_seconds = check_seconds
        self._clock = clock
        self._doors = {
            server.name: HttpDoor(server) for server in servers if server.reach is Reach.HTTP
        }
        self._credentials = ProcessCredentials(self._backing)
        self._children = Children(self._credentials)
        self._revisions = Revisions()
        self._rooms: dict[str, dict[str, Room]] = {}
        self._pins: dict[Room, Pins] = {}
        self._telling = Telling()
        self._sessions: dict[str, set[Room]] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._sweeper = asyncio.create_task(self._sweep_on())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End everything."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        await _all(self.end_run(run_id) for run_id in list(self._rooms))
        await self._credentials.close()
        await _all(door.close() for door in self._doors.values())

    async def link(
        self, caller: ToolCaller, server: str, *, session: str | None, client: ClientSide
    ) -> Link:
        """Return a way to a server for a run. Raises GatewayError.

        A session has an upstream session of its own where its revision is the server's; all else of
        a run shares one, which is told of nothing that a client could do. The link may be another
        one at the next call: ask for it each time.
        """
        room = self._room(caller, server)
        if session is not None:
            self._sessions.setdefault(session, set()).add(room)
        return await room.link(session, client)

    async def obstacle(
        self,
        caller: ToolCaller,
        server: str,
        tool: str,
        *,
        session: str | None = None,
        client: ClientSide = GATEWAY,
    ) -> tuple[str, str] | None:
        """Return code and sentence of why a tool must not be called now, None if nothing is.

        `session` and `client` are those of the call: the server is looked at over its link.
        """
        try:
            room = self._room(caller, server)
        except GatewayError as error:
            return error.code, error.message
        pins = self._pins.get(room)
        if pins is None:
            pins = self._pins[room] = Pins(room, seconds=self._check_seconds, telling=self._telling)
        if session is not None:
            self._sessions.setdefault(session, set()).add(room)
        return await pins.obstacle(tool, session=session, client=client)

    async def end_session(self, session: str) -> None:
        """End what a session of a client has at servers."""
        await _all(room.end_session(session) for room in self._sessions.pop(session, ()))

    async def end_run(self, run_id: str) -> None:
        """End what a run has at servers, its processes first of all."""
        rooms = self._rooms.pop(run_id, {})
        await _all(self._close(room) for room in rooms.values())
        self._children.forget(run_id)

    async def sweep(self) -> None:
        """Look once after processes and idle links: what the sweeper does by itself."""
        await _all(self._look_after(run_id, rooms) for run_id, rooms in list(self._rooms.items()))

    async def _look_after(self, run_id: str, rooms: dict[str, Room]) -> None:
        await self._end_idle(run_id, rooms)
        busy = [room for room in rooms.values() if room.has_processes]
        if not busy:
            return
        try:
            caller = await self._backing.look(busy[0].seat.caller)
        except GatewayError as error:
            fields = {"run": run_id, "code": error.code}
            log.info("a run is over; its servers are stopped", extra=fields)
            await self.end_run(run_id)
            return
        for room in busy:
            room.seat.admit(caller)
            await room.reap()

    def _room(self, caller: ToolCaller, name: str) -> Room:
        server = self._servers.get(name)
        if server is None or name not in caller.servers:
            raise GatewayError("server-unknown", "the run has no such server of tools")
        rooms = self._rooms.setdefault(caller.run.id, {})
        room = rooms.get(name)
        if room is None:
            room = rooms[name] = Room(
                Seat(caller, server, clock=time.monotonic),
                self._backing,
                door=self._doors.get(name),
                children=self._children,
                revisions=self._revisions,
                clock=self._clock,
            )
        room.seat.admit(caller)
        return room

    async def _end_idle(self, run_id: str, rooms: dict[str, Room]) -> None:
        for name, room in list(rooms.items()):
            most = PROCESS_IDLE_SECONDS if room.has_processes else LINK_IDLE_SECONDS
            if room.seat.idle >= most:
                del rooms[name]
                await self._close(room)
        if not rooms and self._rooms.get(run_id) is rooms:
            del self._rooms[run_id]

    async def _close(self, room: Room) -> None:
        self._pins.pop(room, None)
        for session in [key for key, rooms in self._sessions.items() if room in rooms]:
            self._sessions[session].discard(room)
        await room.close()

    async def _sweep_on(self) -> None:
        """Sweep on time: one that waits for a stubborn process holds up no other."""
        async with asyncio.TaskGroup() as sweeps:
            while True:
                await asyncio.sleep(SWEEP_SECONDS)
                sweeps.create_task(self.sweep())


async def _all(works: Iterable[Awaitable[None]]) -> None:
    """Do all of it; what fails is told in the log and holds up nothing else."""
    for outcome in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.error("looking after servers failed; it goes on", exc_info=outcome)
