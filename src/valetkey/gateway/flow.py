"""How fast the stream of a server over HTTP is read: what arrives faster would cost other runs."""

import asyncio
import time
from collections.abc import Iterator
from typing import Final

MAX_LINES: Final = 10_000
MAX_BYTES: Final = 32 * 1024 * 1024
MAX_MESSAGES: Final = 1_000
"""A second of one stream. Each has its cost, also what is no message: every line is looked at, and
for a message of a stream that is held open the run's state is read.
"""
_PART: Final = 4_096


class Flow:
    """Counts what one stream says in each second."""

    def __init__(self) -> None:
        self._second = 0
        self._lines = self._bytes = self._messages = 0

    async def take(self, part: bytes) -> None:
        """Count bytes and lines; come back in the next second where that is too much."""
        self._begin()
        self._bytes += len(part)
        self._lines += _lines(part)
        if self._bytes > MAX_BYTES or self._lines > MAX_LINES:
            await _next_second()

    async def take_message(self) -> None:
        """Count one message, likewise."""
        self._begin()
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            await _next_second()

    def _begin(self) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._lines = self._bytes = self._messages = 0


def parts_of(piece: bytes) -> Iterator[bytes]:
    """Return `piece` whole, or where it has many lines in parts that are soon looked at."""
    if _lines(piece) <= _PART:
        yield piece
        return
    for start in range(0, len(piece), _PART):
        yield piece[start : start + _PART]


def _lines(part: bytes) -> int:
    return part.count(b"\n") + part.count(b"\r")


async def _next_second() -> None:
    await asyncio.sleep(1.0 - time.monotonic() % 1.0)
