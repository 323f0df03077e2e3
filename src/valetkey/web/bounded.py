"""HTTP/1.1 with a bound on the head of a request, in bytes and in seconds.

httptools parses a head of any size, and uvicorn waits for one for ever: without this, anybody on
the network could fill the memory or hold every connection, before any token is looked at.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 65_536
"""Request line and headers. A token of 16 kB fits four times."""
HEAD_SECONDS = 10.0
"""From the connection or the last answer's successor on, until the headers are complete."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools; a head beyond the bounds ends the connection."""

    _head_bytes: int | None = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._end_wait()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A further request on the connection has begun."""
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole: the body has bounds of its own."""
        self._head_bytes = None
        self._end_wait()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head."""
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES + len(data):
                self.transport.abort()
                return
        super().data_received(data)

    def _expect_head(self) -> None:
        self._head_bytes = 0
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _end_wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
