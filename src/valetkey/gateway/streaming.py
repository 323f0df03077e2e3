"""A stream that the client holds open to hear what changes; it asks for nothing by itself.

It ends when the client hangs up, its session is over, its run is over, its token's time is, or the
process is told to stop.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from typing import Any

from valetkey.broker.tool_access import ToolCaller
from valetkey.errors import ValetkeyError
from valetkey.gateway.answers import MOMENT_SECONDS, Answer
from valetkey.gateway.faces import Face
from valetkey.gateway.faults import NotServed
from valetkey.gateway.limits import QUIET_SECONDS
from valetkey.gateway.link import Incoming
from valetkey.gateway.served import Core, still_served

Deliver = Callable[[Incoming], Awaitable[None]]


class Stream:
    """One open stream. `changed` is what to do when the run's policy version became another."""

    def __init__(
        self,
        core: Core,
        caller: ToolCaller,
        answer: Answer,
        *,
        face: Face,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        self._core = core
        self.caller = caller
        """As its run is now: what may be delivered is judged by it."""
        self._face = face
        self._answer = answer
        self._changed = changed
        self._telling: asyncio.Future[None] | None = None

    async def hold(
        self,
        receive: Any,
        events: AsyncGenerator[Incoming, None] | None,
        deliver: Deliver,
    ) -> None:
        """Deliver what a server says until the stream has to end. A silent server is no reason."""
        ends = {
            asyncio.create_task(_hung_up(receive)),
            asyncio.create_task(self._core.stopping.wait()),
        }
        pumps = set() if events is None else {asyncio.create_task(self._pump(events, deliver))}
        try:
            while await self._stays(ends):
                await self._look()
                await self._answer.alive()
        except NotServed:
            pass  # its next request is told why
        finally:
            tasks: list[asyncio.Future[Any]] = [*ends, *pumps]
            if self._telling is not None:
                tasks.append(self._telling)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._answer.end()

    async def _look(self) -> None:
        """Raises NotServed where the run is over or has lost the server. It waits for no reader."""
        before = self.caller.policy.version
        self.caller = await still_served(self._core, self.caller)
        if not self._face.is_of(self.caller):
            raise NotServed("server-unknown", "the run has no such server")
        if self.caller.policy.version != before:
            if self._telling is None or self._telling.done():  # else it is being told
                self._telling = asyncio.ensure_future(self._changed())
            await asyncio.wait({self._telling}, timeout=MOMENT_SECONDS)

    async def _stays(self, ends: Collection["asyncio.Task[Any]"]) -> bool:
        """Return True after a quiet while, False as soon as one of `ends` came."""
        done, _ = await asyncio.wait(
            ends, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        return not done and not self._answer.is_over

    async def _pump(self, events: AsyncGenerator[Incoming, None], deliver: Deliver) -> None:
        try:
            async with aclosing(events):
                async for incoming in events:
                    await self._look()
                    await deliver(incoming)
        except NotServed:
            await self._answer.end()
        except ValetkeyError:
            return  # the server is in trouble: the stream stays for what is ours to say


async def _hung_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
