"""Eyes on a request while a server works on it: is the client there, is the run still open?"""

import asyncio
from typing import Any, Final

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.answers import Answer
from valetkey.gateway.faults import NotServed
from valetkey.gateway.limits import QUIET_SECONDS
from valetkey.gateway.served import Core, still_served

BEGIN_SECONDS: Final = 0.05
"""Most servers answer before: a call that is over so soon is spared a task of its own."""


class ClientLeft(Exception):  # noqa: N818 - nobody is left to be told
    """The client closed the stream of its answer."""


class Watch:
    """Stops `work` when its client is gone or its run is over; `why` says so.

    `stays`: a client that hangs up does not mean to cancel (2025-11-25), so work goes on.
    """

    def __init__(self, core: Core, caller: ToolCaller, answer: Answer, *, stays: bool) -> None:
        self._core = core
        self._caller = caller
        self._answer = answer
        self._stays = stays
        self._is_there = True
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.why: Exception | None = None

    def begin(self, receive: Any, work: "asyncio.Task[Any]") -> None:
        """Watch from BEGIN_SECONDS on; who has left by then is seen then."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(BEGIN_SECONDS, self._start, receive, work)

    def end(self) -> None:
        """Stop watching: the work is done."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _start(self, receive: Any, work: "asyncio.Task[Any]") -> None:
        self._task = asyncio.create_task(self._run(receive, work))

    async def _run(self, receive: Any, work: "asyncio.Task[Any]") -> None:
        """Watch until `work` has to stop."""
        try:
            while True:
                if await self._is_quiet(receive):
                    self._caller = await still_served(self._core, self._caller)
                    if self._is_there:
                        await self._answer.alive()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody watches any more
            self.why = error
            work.cancel()

    async def _is_quiet(self, receive: Any) -> bool:
        """Return whether nothing was heard for a while. Raises ClientLeft."""
        if not self._is_there:
            await asyncio.sleep(QUIET_SECONDS)
            return True
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                message = await receive()
        except TimeoutError:
            return True
        if message["type"] == "http.disconnect":
            self._is_there = False
            if not self._stays:
                raise ClientLeft
        return False


def is_over(error: Exception | None) -> bool:
    """Say whether a watch ended because the run is not served any more."""
    return isinstance(error, NotServed)
