"""One HTTP request whose answer is read piece by piece, for as long as somebody waits for it.

Beside `exchange`, which takes whole, small answers: a stream of events has no size and no end that
a clock could know. So there is a limit on silence alone. It follows no redirect.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final

from valetkey.sandbox.address import Address
from valetkey.sandbox.streamed_answer import StreamedAnswer, read_head
from valetkey.sandbox.wire import Wire, connected

SILENT_SECONDS: Final = 3_700.0
"""A tool may think for an hour before its first word; the gateway gives up on it before we do."""


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A request: `target` is below the address's path, `fields` all of its own header fields."""

    method: str
    target: str
    fields: Sequence[tuple[str, str]]
    body: bytes | None = None

    def text(self, address: Address) -> bytes:
        """Return what goes over the wire."""
        lines = [
            f"{self.method} {address.path + self.target} HTTP/1.1",
            f"Host: {address.authority}",
            *(f"{name}: {value}" for name, value in self.fields),
            "Connection: close",
        ]
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + (self.body or b"")


def open_stream(
    address: Address,
    request: StreamRequest,
    *,
    client: socket.socket | None = None,
    tls: SSLContext | None = None,
    silent_seconds: float = SILENT_SECONDS,
) -> StreamedAnswer:
    """Send `request` and return the answer as soon as its head is here; who calls closes it.

    `client` is the connection that the answer is for. Raises BrokerUnavailableError with
    `broker-unreachable` (nothing was sent), `broker-lost` (the request may have arrived),
    `broker-slow`, `broker-tls-refused`, `broker-answer-unreadable`; or ClientGoneError.
    """
    wire = Wire(connected(address, tls), client=client, seconds=silent_seconds)
    try:
        wire.send(request.text(address))
        return read_head(wire)
    except BaseException:
        wire.close()
        raise
