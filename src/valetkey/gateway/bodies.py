"""Large messages: a run's are taken in and read one after another, so that others' are not late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from valetkey.gateway.faults import SERVER_FAILED, Fault
from valetkey.gateway.limits import BODY_SECONDS, LARGE_BODY, MAX_LARGE
from valetkey.gateway.request import Message, read_message


class Turns:
    """Who takes in a large body: one request of a run, and few of all."""

    def __init__(self) -> None:
        self._of_runs: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._all = asyncio.Semaphore(MAX_LARGE)

    @asynccontextmanager
    async def one(self, run_id: str) -> AsyncIterator[None]:
        """Hold a turn for as long as the block lasts. Raises Fault `too-many-requests`."""
        lock = self._of_runs.get(run_id)
        if lock is None:
            lock = self._of_runs[run_id] = asyncio.Lock()
        try:
            await asyncio.wait_for(lock.acquire(), BODY_SECONDS)
        except TimeoutError:
            raise _late() from None
        try:
            try:
                await asyncio.wait_for(self._all.acquire(), BODY_SECONDS)
            except TimeoutError:
                raise _late() from None
            try:
                yield
            finally:
                self._all.release()
        finally:
            lock.release()


async def parsed(body: bytes) -> Message:
    """Return the message that `body` is; a large one is read beside the event loop."""
    if len(body) <= LARGE_BODY:
        return read_message(body)
    return await asyncio.to_thread(read_message, body)


def _late() -> Fault:
    told = "too many large messages are on their way; try again in a while"
    return Fault(SERVER_FAILED, "too-many-requests", told, status=429)
