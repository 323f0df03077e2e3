"""How long a server may be silent, and how long all of a call may take."""

import asyncio
from typing import Final

CONNECT_SECONDS: Final = 5.0
MOST_SECONDS: Final = 3_600.0
"""A server that never ends but always says something is cut off here."""
CLIENT_SECONDS: Final = 600.0
"""How long a server's question may wait for a person at the client."""
MOST_MESSAGES: Final = 10_000
"""Messages that may belong to one call."""
MOST_ANSWERS: Final = 8
"""Answers of ours that may be on their way to one server of a run: what it asks besides waits."""


class Patience:
    """Ends `seconds` after the last whole message: bytes that trickle in buy no time."""

    def __init__(self, seconds: float, *, most: float = MOST_SECONDS) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._end = self._loop.time() + most
        self._until = min(self._loop.time() + seconds, self._end)

    def heard(self, *, asks: bool = False) -> None:
        """Begin anew after a message; longer after one that `asks` the client something."""
        more = CLIENT_SECONDS if asks else self._seconds
        self._until = min(self._loop.time() + more, self._end)

    def limit(self) -> asyncio.Timeout:
        """Return a block that raises TimeoutError when patience ends."""
        return asyncio.timeout_at(self._until)
