"""HTTP/1.1 with bounds on the head of a request, and on how long an answer may stay unread.

httptools parses a head of any size, and uvicorn waits for one for ever: without this, anybody on
the network could fill the memory or hold every connection, before any token is looked at. And a
client that reads nothing would hold its connection, and all behind it, for as long as TCP lives.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 65_536
"""Request line and headers. A token of 16 kB fits four times."""
HEAD_SECONDS = 10.0
"""From the connection or the last answer's successor on, until the headers are complete."""
READ_SECONDS = 60.0
READ_BYTES = 65_536
"""What of an answer has to be read in READ_SECONDS, unless less is left of it."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools; a head beyond the bounds ends the connection."""

    _head_bytes: int | None = 0
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # so that any rest is told, however small
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._end_wait()
        self._end_unread()
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

    def pause_writing(self) -> None:
        """A part of an answer is not read yet: give the client its time for it."""
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """All that was written has been read."""
        self._end_unread()
        super().resume_writing()

    def _expect_reading(self) -> None:
        self._end_unread()
        size = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(READ_SECONDS, self._look_at_reading, size)

    def _look_at_reading(self, before: int) -> None:
        if self.transport.get_write_buffer_size() > before - READ_BYTES:
            self.transport.abort()
        else:
            self._expect_reading()

    def _end_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _expect_head(self) -> None:
        self._head_bytes = 0
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _end_wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
