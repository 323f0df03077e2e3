"""Server-sent events as they arrive (HTML, 9.2.6): bytes in, whole events out, within a limit."""

from dataclasses import dataclass

from valetkey.gateway.errors import GatewayError

MAX_EVENT_ID = 1_024
"""Characters of an id that is kept to go on from; a longer one is not kept."""


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is None for an event that only says from where to go on."""

    data: bytes | None
    id: str | None
    retry: int | None = None  # milliseconds


class EventReader:
    """Takes what arrives in pieces. `most` is how many bytes one event may have."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rest = bytearray()
        self._scanned = 0
        self._ended_in_cr = False
        self._data: list[bytes] = []
        self._size = 0
        self._id: str | None = None
        self._retry: int | None = None
        self._said = False

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that are whole now. Raises `server-answer-too-large`."""
        if not piece:
            return []
        if self._ended_in_cr and piece.startswith(b"\n"):
            piece = piece[1:]
        self._ended_in_cr = piece.endswith(b"\r")
        self._rest += piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        events: list[Event] = []
        start = 0
        while (end := self._rest.find(b"\n", max(start, self._scanned))) >= 0:
            event = self._line(bytes(self._rest[start:end]))
            start = end + 1
            if event is not None:
                events.append(event)
        del self._rest[:start]
        self._scanned = len(self._rest)
        if self._size + len(self._rest) > self._most:
            raise too_large(self._most)
        return events

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._end()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + 1
            if self._size > self._most:
                raise too_large(self._most)
        elif name == b"id" and b"\0" not in value and len(value) <= MAX_EVENT_ID:
            self._id = value.decode(errors="replace")
            self._said = True
        elif name == b"retry" and value.isdigit() and len(value) <= 9:
            self._retry = int(value)
            self._said = True
        return None

    def _end(self) -> Event | None:
        if not self._data and not self._said:
            return None  # comments alone
        data = b"\n".join(self._data)
        event = Event(data or None, self._id, self._retry)
        self._data, self._size, self._retry, self._said = [], 0, None, False
        return event


def too_large(most: int) -> GatewayError:
    """Say that a server's message is longer than its configuration lets it be."""
    return GatewayError(
        "server-answer-too-large",
        f"the server of this tool answered with more than {most} bytes",
        hint="ask for less; the operator's `answer_bytes` of this server is the limit",
    )
