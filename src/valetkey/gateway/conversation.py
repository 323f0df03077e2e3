"""Messages with a started server: whose is what arrives, and what nobody needs to be asked.

Both revisions. What a server says unasked goes to the latest call under way, else to who listens.
"""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Final

import msgspec

from valetkey.gateway.asked import PROGRESS, UNKNOWN_METHOD, Asked
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.incoming import progress_of, read_incoming, subscription_of
from valetkey.gateway.link import Incoming, Kind, MessageId
from valetkey.gateway.outgoing import write_answer, write_notification
from valetkey.gateway.patience import MOST_ANSWERS, MOST_MESSAGES, Patience
from valetkey.gateway.processes import Child
from valetkey.gateway.seat import Seat
from valetkey.gateway.trouble import floods, slow

log = logging.getLogger("valetkey.gateway")

MAX_WAITING: Final = 1_024
"""Messages that wait to be taken by one call or listener; what comes then is dropped."""
_SAY_SECONDS: Final = 5.0
_DIGITS: Final = 20
"""Ids are counted up: no longer one is ours."""
Waiting = asyncio.Queue[Incoming | GatewayError]


class Conversation:
    """All calls of one process. `asks_clients`: the client's capabilities were declared to it."""

    def __init__(self, seat: Seat, *, asks_clients: bool) -> None:
        self._seat = seat
        self._asks_clients = asks_clients
        self._ids = itertools.count(1)
        self._calls: dict[int, Waiting] = {}
        self._listeners: list[Waiting] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._child: Child | None = None
        self._answering = 0
        self._used = time.monotonic()
        self.ended: GatewayError | None = None

    def begin(self, child: Child) -> None:
        """Speak with `child` from now on."""
        self._child = child

    @property
    def idle(self) -> float:
        """Seconds since somebody last spoke with it; 0 while somebody does, or listens."""
        return 0.0 if self._calls or self._listeners else time.monotonic() - self._used

    def touch(self) -> None:
        """Take note that it is used."""
        self._used = time.monotonic()

    def next_id(self) -> int:
        """Return an id that no request here had."""
        return next(self._ids)

    async def ask(
        self, text: bytes, asked: Asked, patience: Patience
    ) -> AsyncGenerator[Incoming, None]:
        """Send a request and yield what is for it, its response last."""
        ours = asked.ours
        assert ours is not None  # noqa: S101 - a request has an id
        over = False
        waiting = self._calls[ours] = Waiting()
        try:
            await self.say(text, patience)
            for _ in range(MOST_MESSAGES):
                incoming = await _taken(waiting, patience)
                mine = asked.mine(incoming, self._seat)
                if mine is None:
                    continue
                patience.heard(asks=mine.kind is Kind.REQUEST)
                over = mine.kind is Kind.RESPONSE
                yield mine
                if over:
                    return
            raise floods()
        finally:
            del self._calls[ours]
            self.touch()
            if not over and self.ended is None:
                why = {"requestId": ours, "reason": "the client does not wait"}
                params = msgspec.json.encode(why)
                self.later(write_notification("notifications/cancelled", params))

    async def unasked(self) -> AsyncGenerator[Incoming, None]:
        """Yield what the server says while nothing is asked. Raises `server-stopped` at its end."""
        with self._listening() as waiting:
            while True:
                incoming = await waiting.get()
                if isinstance(incoming, GatewayError):
                    raise incoming
                yield incoming

    async def say(self, text: bytes, patience: Patience) -> None:
        """Send a message. Raises GatewayError."""
        if self.ended is not None:
            raise self.ended
        if self._child is not None:
            await self._child.write(text, patience)

    def later(self, text: bytes) -> None:
        """Send a message that nobody waits for."""
        self._later(self._say_quietly(text))

    def hear(self, line: bytes) -> None:
        """Take a line of the server's stdout. What is no message at all is its log, and dropped."""
        line = line.strip()
        if not line.startswith(b"{"):
            return
        try:
            incoming = read_incoming(line)
        except GatewayError as error:
            log.warning(error.message, extra={"server": self._seat.server.name, "code": error.code})
            for waiting in self._calls.values():
                waiting.put_nowait(error)
            return
        if incoming.kind is Kind.RESPONSE:
            answered = self._calls.get(incoming.id) if isinstance(incoming.id, int) else None
            if answered is not None:
                answered.put_nowait(incoming)  # else of a call that was cancelled
        elif incoming.kind is Kind.REQUEST:
            self._asked_of_us(incoming)
        else:
            self._told(incoming)

    def end(self, reason: GatewayError) -> None:
        """Tell everybody that the server is gone."""
        if self.ended is None:
            self.ended = reason
            for waiting in (*self._calls.values(), *self._listeners):
                waiting.put_nowait(reason)

    async def close(self) -> None:
        """Let nothing of it go on."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _later(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _asked_of_us(self, incoming: Incoming) -> None:
        if incoming.id is None:
            return
        if incoming.method == "ping":
            self._answer(incoming.id, None)
        elif not self._asks_clients or not self._passed(incoming):
            self._answer(incoming.id, UNKNOWN_METHOD)

    def _answer(self, asked: MessageId, error: bytes | None) -> None:
        """Answer, unless the server does not even take the answers that it has."""
        if self._answering < MOST_ANSWERS:
            self._answering += 1
            said = self._say_quietly(write_answer(asked, result=None, error=error))
            self._later(said).add_done_callback(self._answered)

    def _answered(self, _task: "asyncio.Task[None]") -> None:
        self._answering -= 1

    def _told(self, incoming: Incoming) -> None:
        try:
            progress = incoming.method == PROGRESS
            of = progress_of(incoming.params) if progress else subscription_of(incoming.params)
        except GatewayError:
            return
        if isinstance(of, str) and of.isascii() and of.isdigit() and len(of) < _DIGITS:
            of = int(of)
        if isinstance(of, int) or progress:
            waiting = self._calls.get(of) if isinstance(of, int) else None
            if waiting is not None:
                _put(waiting, incoming)
            return
        Asked(ours=None).mine(incoming, self._seat)  # it may say that the tools changed
        self._passed(incoming)

    def _passed(self, incoming: Incoming) -> bool:
        if self._calls:
            return _put(self._calls[next(reversed(self._calls))], incoming)
        if incoming.kind is Kind.REQUEST:
            return bool(self._listeners) and _put(self._listeners[0], incoming)
        for waiting in self._listeners:
            _put(waiting, incoming)
        return True

    async def _say_quietly(self, text: bytes) -> None:
        with contextlib.suppress(GatewayError):
            await self.say(text, Patience(_SAY_SECONDS))

    @contextlib.contextmanager
    def _listening(self) -> Iterator[Waiting]:
        waiting = Waiting()
        if self.ended is not None:
            waiting.put_nowait(self.ended)
        self._listeners.append(waiting)
        try:
            yield waiting
        finally:
            self._listeners.remove(waiting)


def _put(waiting: Waiting, incoming: Incoming) -> bool:
    if waiting.qsize() >= MAX_WAITING:
        return False
    waiting.put_nowait(incoming)
    return True


async def _taken(waiting: Waiting, patience: Patience) -> Incoming:
    try:
        async with patience.limit():
            incoming = await waiting.get()
    except TimeoutError:
        raise slow() from None
    if isinstance(incoming, GatewayError):
        raise incoming
    return incoming
