"""The end of what is under way when the process is told to stop: each client is told, in MCP."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from valetkey.gateway.faults import SERVER_FAILED, Fault

GRACE_SECONDS: Final = 8.0
"""For requests under way to be answered; `valetkey serve` waits 10 for all of them."""


class UnderWay:
    """The requests that are being served."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended: set[asyncio.Task[Any]] = set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Have the task's request among them for the length of a block.

        Raises Fault `broker-stopping` if it was ended meanwhile.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - every coroutine runs in one
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            task.uncancel()
            raise _stopping() from None
        finally:
            self._tasks.discard(task)
            self._ended.discard(task)

    async def end(self, stopping: asyncio.Event, *, after: float = GRACE_SECONDS) -> None:
        """Wait until `stopping` is set and `after` seconds more; end what is not over by then."""
        await stopping.wait()
        await asyncio.sleep(after)
        for task in self._tasks - self._ended:
            self._ended.add(task)
            task.cancel()


def _stopping() -> Fault:
    return Fault(
        SERVER_FAILED,
        "broker-stopping",
        "valetkey is stopping; it is not known whether the call was made",
        hint="look before you call again",
    )
