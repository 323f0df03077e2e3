"""Started servers of all runs: how many there may be, and when one that fails is tried again."""

import logging
import time
from collections import Counter
from typing import Final

from valetkey.gateway.conversation import Conversation
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import ClientSide
from valetkey.gateway.process_credentials import ProcessCredentials
from valetkey.gateway.processes import Child, start_child
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.gateway.stdio_link import StdioServer, open_stdio
from valetkey.gateway.surroundings import AwsAccess, make_surroundings

log = logging.getLogger("valetkey.gateway")

MAX_PER_RUN: Final = 16
MAX_PROCESSES: Final = 256
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""Seconds between two starts of a server that ends by itself; they double."""
STEADY_SECONDS: Final = 60.0
"""A server that ran for so long has not failed to start."""


class Children:
    """Counts and paces; `Upstreams` says when one has to end."""

    def __init__(self, credentials: ProcessCredentials) -> None:
        self._credentials = credentials
        self._counts: Counter[str] = Counter()
        self._running: dict[str, set[StartedServer]] = {}
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}

    async def start(
        self, seat: Seat, client: ClientSide, *, revision: Revision | None, shakes: bool = False
    ) -> "StartedServer":
        """Return a new process that has introduced itself. Raises GatewayError.

        `shakes`: of None as revision, the handshake of 2025-11-25 is tried first. Where the run has
        as many processes as it may, the one of its longest idle session is ended.
        """
        run, name = seat.caller.run.id, seat.server.name
        if self._counts[run] >= MAX_PER_RUN:
            await self._end_idlest(run)
        self._check(run, name)
        self._counts[run] += 1
        access: AwsAccess | None = None
        try:
            if seat.server.grant is not None:
                access = await self._credentials.admit(seat)
            server = await self._opened(seat, client, access, revision=revision, shakes=shakes)
        except BaseException:
            self._leave(run, access)
            self._fail(run, name)
            raise
        started = StartedServer(self, server, run=run, name=name, access=access)
        self._running.setdefault(run, set()).add(started)
        return started

    def left(self, started: "StartedServer") -> None:
        """Take note that a process is no more."""
        self._leave(started.run, started.access)
        running = self._running[started.run]
        running.discard(started)
        if not running:
            del self._running[started.run]
        if started.has_failed and time.monotonic() - started.since < STEADY_SECONDS:
            self._fail(started.run, started.name)
        else:
            self._pauses.pop((started.run, started.name), None)

    def forget(self, run: str) -> None:
        """Forget which servers failed for a run that is over."""
        for key in [key for key in self._pauses if key[0] == run]:
            del self._pauses[key]

    async def _opened(
        self,
        seat: Seat,
        client: ClientSide,
        access: AwsAccess | None,
        *,
        revision: Revision | None,
        shakes: bool,
    ) -> StdioServer:
        async def started(conversation: Conversation) -> Child:
            return await start_child(
                seat.server.command,
                make_surroundings(seat.server, access),
                name=seat.server.name,
                most=seat.server.answer_bytes,
                on_line=conversation.hear,
                on_end=conversation.end,
            )

        return await open_stdio(seat, client, started, revision=revision, shakes=shakes)

    async def _end_idlest(self, run: str) -> None:
        """Clients seldom end their sessions: those before would lock out the next ones."""
        idle = [each for each in self._running.get(run, ()) if each.is_of_session and each.idle]
        if idle:  # its room starts another one when that session is heard of again
            await max(idle, key=lambda each: each.idle).stop()

    def _check(self, run: str, name: str) -> None:
        if self._counts[run] >= MAX_PER_RUN or self._counts.total() >= MAX_PROCESSES:
            raise GatewayError(
                "server-busy",
                "no more servers can be started for the run now",
                hint="wait until others are not needed any more",
            )
        _, until = self._pauses.get((run, name), (0.0, 0.0))
        if time.monotonic() < until:
            raise GatewayError(
                "server-stopped",
                "the server of this tool has stopped; it is started again in a while",
                hint="the gateway's log has what it said",
            )

    def _fail(self, run: str, name: str) -> None:
        pause, _ = self._pauses.get((run, name), (FIRST_PAUSE / 2, 0.0))
        pause = min(pause * 2, LONGEST_PAUSE)
        self._pauses[run, name] = pause, time.monotonic() + pause

    def _leave(self, run: str, access: AwsAccess | None) -> None:
        self._counts[run] -= 1
        if not self._counts[run]:
            del self._counts[run]
        if access is not None:
            self._credentials.withdraw(access)


class StartedServer:
    """A process that counts until `stop`."""

    def __init__(
        self,
        children: Children,
        server: StdioServer,
        *,
        run: str,
        name: str,
        access: AwsAccess | None,
    ) -> None:
        self._children = children
        self.server = server
        self.run = run
        self.name = name
        self.access = access
        self.since = time.monotonic()
        self.has_failed = False
        self.is_of_session = False
        """Only one session speaks with it."""
        self._is_counted = True
        self._is_told = False

    @property
    def has_ended(self) -> bool:
        """Say whether it serves no more, or is just being ended."""
        return not self._is_counted or self.server.has_ended

    @property
    def idle(self) -> float:
        """Seconds since it was last used; 0 while it is."""
        return self.server.conversation.idle

    async def stop(self) -> None:
        """End the process: no credentials any more, then no process."""
        self.has_failed = self.has_failed or self.server.has_ended
        if self._is_counted:
            self._is_counted = False
            self._children.left(self)
        await self.server.stop()
        if self.has_failed and not self._is_told:
            self._is_told = True
            status = self.server.child.exit_status
            fields = {"server": self.name, "run": self.run, "exit_status": status}
            log.warning("a started server has ended by itself", extra=fields)
