"""One HTTP answer to one message: JSON, unless something precedes it or it takes its time.

SSE per WHATWG HTML §9.2. It writes what it is given and knows no method.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from valetkey.gateway.faults import Fault, status_of
from valetkey.gateway.link import MessageId
from valetkey.gateway.revisions import Revision

Headers = Sequence[tuple[bytes, bytes]]
_JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = (b"cache-control", b"no-store")
_STREAM_HEADERS: Final = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)
_ALIVE: Final = b": ping\r\n\r\n"
MOMENT_SECONDS: Final = 1.0
"""How long a client that does not read may hold up what has to go on."""
_encode = msgspec.json.encode


def result_message(message_id: MessageId, result: bytes) -> bytes:
    """Return the response that is this raw result."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (_encode(message_id), result)


def error_message(message_id: MessageId | None, error: bytes) -> bytes:
    """Return the response that is this raw error; without an id where none could be read."""
    if message_id is None:
        return b'{"jsonrpc":"2.0","error":%b}' % error
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (_encode(message_id), error)


def asking_message(method: str, params: bytes | None, message_id: MessageId | None = None) -> bytes:
    """Return a request to the client, or a notification where it has no id."""
    head = b"" if message_id is None else b',"id":%b' % _encode(message_id)
    tail = b"" if params is None else b',"params":%b' % params
    return b'{"jsonrpc":"2.0"%b,"method":%b%b}' % (head, _encode(method), tail)


def error_of(fault: Fault) -> bytes:
    """Return a fault as JSON-RPC has it: the sentence, and our own code in `data`."""
    data: dict[str, object] = {**(fault.data or {}), "code": fault.code}
    if fault.hint is not None:
        data["hint"] = fault.hint
    return _encode({"code": fault.number, "message": fault.message, "data": data})


class Answer:
    """The answer to one request. Several tasks may write to it; it never mixes two messages."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._lock = asyncio.Lock()
        self.is_stream = False
        self.is_over = False

    async def event(self, message: bytes) -> None:
        """Send what precedes the response; from then on this is a stream."""
        async with self._lock:
            if not self.is_over:
                await self._write(_frame(message))

    async def alive(self) -> None:
        """Say that somebody still works on it. It waits for no reader: whoever says this has to
        look at the run again, and a client that reads nothing must not keep it from that.
        """
        if self._lock.locked():  # something is being said, which is a sign of life
            return
        saying = asyncio.create_task(self._say_alive())
        done, _ = await asyncio.wait({saying}, timeout=MOMENT_SECONDS)
        for task in done:
            task.result()

    async def open(self) -> None:
        """Begin a stream before there is anything to say."""
        async with self._lock:
            await self._write(b"")

    async def respond(self, message: bytes, *, status: int = 200, headers: Headers = ()) -> None:
        """Send the response and end. A stream that began has its status already."""
        async with self._lock:
            if self.is_over:
                return
            self.is_over = True
            if not self.is_stream:
                await send_whole(self._send, status, message, (_JSON, _NO_STORE, *headers))
                return
            await self._send(_part(_frame(message), more=False))

    async def result(self, message_id: MessageId, result: bytes, *, headers: Headers = ()) -> None:
        """Send a raw result and end."""
        await self.respond(result_message(message_id, result), headers=headers)

    async def refuse(self, message_id: MessageId | None, fault: Fault, revision: Revision) -> None:
        """Send a fault and end."""
        status = fault.status if fault.status is not None else status_of(fault.number, revision)
        await self.respond(error_message(message_id, error_of(fault)), status=status)

    async def end(self) -> None:
        """End a stream without a response; what was not begun is answered with nothing, for ASGI
        wants an answer even where nobody is left to read it. A client that does not read is not
        waited for: its stream breaks off.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOMENT_SECONDS), self._lock:
                if self.is_over:
                    return
                self.is_over = True
                if self.is_stream:
                    await self._send(_part(b"", more=False))
                else:
                    await send_whole(self._send, 400, b"", ())
        self.is_over = True

    async def empty(self, status: int) -> None:
        """Answer without a body."""
        async with self._lock:
            self.is_over = True
            await send_whole(self._send, status, b"", ())

    async def _say_alive(self) -> None:
        async with self._lock:
            if not self.is_over:
                await self._write(_ALIVE)

    async def _write(self, frame: bytes) -> None:
        if not self.is_stream:
            self.is_stream = True
            start = {"type": "http.response.start", "status": 200, "headers": [*_STREAM_HEADERS]}
            await self._send(start)
        if frame:
            await self._send(_part(frame, more=True))


async def send_whole(send: Any, status: int, body: bytes, headers: Headers) -> None:
    """Send an answer that is all there."""
    length = (b"content-length", b"%d" % len(body))
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _frame(message: bytes) -> bytes:
    """Return an event. A line break in JSON is white space, but would end the line here."""
    if b"\n" in message or b"\r" in message:
        message = message.replace(b"\r", b" ").replace(b"\n", b" ")
    return b"event: message\r\ndata: %b\r\n\r\n" % message


def _part(frame: bytes, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": frame, "more_body": more}
