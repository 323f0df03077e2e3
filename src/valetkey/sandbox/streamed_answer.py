"""An HTTP answer read as it comes: its head first, then its body piece by piece.

RFC 9112 sections 6 (body length) and 7.1 (chunked).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.exchange import CHUNKED, framing, is_number
from valetkey.sandbox.wire import Wire, lost

_PIECE: Final = 65_536
_MAX_HEAD_BYTES: Final = 32_768
_MAX_LINE_BYTES: Final = 1_024  # of a chunk's size, or of one trailer field
_MOST_TRAILERS: Final = 16
_BODILESS: Final = frozenset({204, 304})


class StreamedAnswer:
    """An answer whose head is here. `length` is the body's, None where its own framing ends it."""

    def __init__(self, wire: Wire, head: "_Head", begun: bytes) -> None:
        self.status = head.status
        self.fields = head.fields
        self.length = head.length
        self._is_chunked = head.is_chunked
        self._wire = wire
        self._held = bytearray(begun)

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes.

        Raises `broker-answer-unreadable` where it was cut off, `broker-slow`, ClientGoneError.
        """
        if self._is_chunked:
            yield from self._chunks()
        elif self.length is not None:
            yield from self._exactly(self.length)
        else:
            while piece := self._some(_PIECE):
                yield piece

    def shut(self) -> None:
        """End it from another thread."""
        self._wire.shut()

    def close(self) -> None:
        """Read no more."""
        self._wire.close()

    def _exactly(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self._some(left)
            if not piece:
                raise _unreadable()
            left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield from self._exactly(size)
            if self._line():
                raise _unreadable()
        for _ in range(_MOST_TRAILERS):
            if not self._line():
                return
        raise _unreadable()

    def _chunk_size(self) -> int:
        digits = self._line().partition(b";")[0].strip(b" \t")
        if not 0 < len(digits) <= 8 or digits.strip(b"0123456789abcdefABCDEF"):
            raise _unreadable()
        return int(digits, 16)

    def _line(self) -> bytes:
        while b"\r\n" not in self._held:
            piece = self._wire.read() if len(self._held) < _MAX_LINE_BYTES else b""
            if not piece:
                raise _unreadable()
            self._held += piece
        line, _, rest = bytes(self._held).partition(b"\r\n")
        self._held = bytearray(rest)
        return line

    def _some(self, most: int) -> bytes:
        if not self._held:
            self._held += self._wire.read()
        piece = bytes(self._held[:most])
        del self._held[:most]
        return piece


def read_head(wire: Wire) -> StreamedAnswer:
    """Return the answer that comes over `wire`, as soon as its head is here.

    Raises `broker-answer-unreadable`, and as `Wire.read` does.
    """
    held = b""
    while b"\r\n\r\n" not in held:
        piece = wire.read() if len(held) < _MAX_HEAD_BYTES else b""
        if not piece:
            raise _unreadable() if held else lost()
        held += piece
    head, _, begun = held.partition(b"\r\n\r\n")
    return StreamedAnswer(wire, _parse_head(head), begun)


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    fields: tuple[tuple[str, str], ...]
    length: int | None
    is_chunked: bool


def _parse_head(head: bytes) -> _Head:
    lines = head.decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    status = rest.partition(" ")[0]
    if version not in ("HTTP/1.1", "HTTP/1.0") or not is_number(status, least=3, most=3):
        raise _unreadable()
    ending = framing(lines)
    is_chunked = ending == [CHUNKED]
    length = None
    if int(status) in _BODILESS:
        length, is_chunked = 0, False
    elif ending and not is_chunked:
        [(name, value), *more] = ending
        if name != "content-length" or more or not is_number(value, least=1, most=10):
            raise _unreadable()
        length = int(value)
    fields = (line.partition(":") for line in lines[1:])
    told = tuple((name.lower(), value.strip(" \t")) for name, _, value in fields)
    return _Head(int(status), told, length, is_chunked)


def _unreadable() -> BrokerUnavailableError:
    return BrokerUnavailableError(
        "broker-answer-unreadable",
        "the answer broke off, or is not one that a broker gives",
        hint="look before you ask for the same thing again",
    )
