"""One HTTP request and its answer, with a limit on size, on connecting and on all of the time.

A small HTTP/1.1 client over a socket: `http.client` costs 28 ms to import, which is three times
of what `credential_process` needs in all, and its time limit is one per read, so that an answer
that drips never ends. It follows no redirect: a run token goes to the broker or nowhere.
RFC 9112 sections 6 (body length) and 7.1 (chunked).
"""

import _socket
import time

from valetkey.sandbox.address import Address
from valetkey.sandbox.connecting import connect, unreachable
from valetkey.sandbox.errors import BrokerUnavailableError, SandboxError
from valetkey.sandbox.text import is_header_value

MAX_ANSWER_BYTES = 65_536  # credentials are 2 kB, a run with fifty grants 15 kB
_MAX_HEAD_BYTES = 16_384
CHUNKED = ("transfer-encoding", "chunked")
CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 10.0


class Deadline:
    """The instant by which all must be done, on the monotonic clock."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, above 0. Raises `broker-slow` when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise BrokerUnavailableError(
                "broker-slow",
                "the broker did not answer in time",
                hint="ask again; if it stays, look at the broker's /readyz",
            )
        return left


def exchange(
    address: Address,
    target: str,
    *,
    authorization: str | None,
    method: str = "GET",
    body: bytes | None = None,
    media_type: str = "application/json",
    connect_seconds: float = CONNECT_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
) -> tuple[int, bytes]:
    """Send one request for `target` below the address's path; return the status and the body.

    `authorization` None sends no such header; `media_type` is the body's.

    Raises `token-illegal` where `authorization` could split the header, and
    BrokerUnavailableError with `broker-unreachable`, `broker-slow`, `broker-tls-refused`,
    `broker-answer-too-large` or `broker-answer-unreadable`.
    """
    if authorization is not None and not all(map(is_header_value, authorization.split(" "))):
        raise SandboxError("token-illegal", "the token has characters that no token has")
    deadline = Deadline(total_seconds)
    connection = connect(address, min(connect_seconds, total_seconds))
    try:
        proof = "" if authorization is None else f"Authorization: {authorization}\r\n"
        head = (
            f"{method} {address.path + target or '/'} HTTP/1.1\r\nHost: {address.authority}\r\n"
            f"{proof}Accept: application/json\r\nConnection: close\r\n"
        )
        if body is not None:
            head += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        connection.settimeout(deadline.left())
        connection.sendall(head.encode("ascii") + b"\r\n" + (body or b""))
        return _parse(_read_all(connection, deadline))
    except TimeoutError:
        raise BrokerUnavailableError(
            "broker-slow",
            "the broker did not answer in time",
            hint="ask again; if it stays, look at the broker's /readyz",
        ) from None
    except OSError as error:
        raise unreachable(address, error) from None
    finally:
        connection.close()


def _read_all(connection: _socket.socket, deadline: Deadline) -> bytes:
    """Return what the other side sends until it closes, as it was asked to, or all is there."""
    received = bytearray()
    while True:
        connection.settimeout(deadline.left())
        piece = connection.recv(MAX_ANSWER_BYTES)
        if not piece:
            return bytes(received)
        received += piece
        if len(received) > MAX_ANSWER_BYTES + _MAX_HEAD_BYTES:
            raise BrokerUnavailableError(
                "broker-answer-too-large",
                f"the answer is longer than {MAX_ANSWER_BYTES} bytes",
                hint="is this address a broker?",
            )
        if _is_whole(bytes(received)):
            return bytes(received)


def _is_whole(received: bytes) -> bool:
    """Say whether all is there by the answer's own words: what is in between may close late."""
    head, blank, body = received.partition(b"\r\n\r\n")
    ending = framing(head.decode("latin-1").split("\r\n")) if blank else []
    if ending != [CHUNKED]:
        return bool(ending) and _is_length(ending, body)
    if not body.endswith(b"0\r\n\r\n"):
        return False  # a look at the end costs nothing
    try:
        _unchunk(body)
    except BrokerUnavailableError:
        return False
    return True


def _unreadable() -> BrokerUnavailableError:
    return BrokerUnavailableError(
        "broker-answer-unreadable",
        "the answer is not one that a broker gives",
        hint="is this address a broker?",
    )


def _parse(received: bytes) -> tuple[int, bytes]:
    """Split an HTTP answer into its status and its whole body."""
    head, blank, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    status = rest.partition(" ")[0]
    if (
        not blank
        or version not in ("HTTP/1.1", "HTTP/1.0")
        or not is_number(status, least=3, most=3)
    ):
        raise _unreadable()
    ending = framing(lines)
    if ending == [CHUNKED]:
        return int(status), _unchunk(body)
    if ending and not _is_length(ending, body):
        raise _unreadable()
    return int(status), body


def framing(lines: list[str]) -> list[tuple[str, str]]:
    """Return the fields of a head that say where its body ends, in lower case."""
    fields = [line.partition(":") for line in lines[1:]]
    return [
        (name.lower(), value.strip(" \t").lower())
        for name, _, value in fields
        if name.lower() in ("content-length", "transfer-encoding")
    ]


def _is_length(ending: list[tuple[str, str]], body: bytes) -> bool:
    """Say whether `ending` is the length of `body` and nothing else.

    Of two fields, which one is right would depend on who reads them. A body that is shorter was
    cut off on the way: half a secret is worse than none.
    """
    [(name, value), *more] = ending
    is_one = name == "content-length" and not more and is_number(value, least=1, most=10)
    return is_one and int(value) == len(body)


def is_number(digits: str, *, least: int, most: int) -> bool:
    # `isdigit` alone lets superscripts through, which `int` does not take.
    return least <= len(digits) <= most and digits.isascii() and digits.isdigit()


def _unchunk(body: bytes) -> bytes:
    """Join the chunks; an answer without its last, empty chunk was cut off and is refused."""
    joined = b""
    while True:
        size_line, _, rest = body.partition(b"\r\n")
        digits = size_line.partition(b";")[0].strip(b" \t")
        if not 0 < len(digits) <= 8 or digits.strip(b"0123456789abcdefABCDEF"):
            raise _unreadable()
        size = int(digits, 16)
        if rest[size : size + 2] != b"\r\n":
            raise _unreadable()
        if size == 0:
            return joined
        joined += rest[:size]
        body = rest[size + 2 :]
