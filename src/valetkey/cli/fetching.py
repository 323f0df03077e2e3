"""One bounded HTTP request of a command, to a broker or to an issuer. It follows no redirect.

No proxy of the environment is asked and no cookie is kept: a token goes where it was sent, or
nowhere. `sandbox.exchange` does the same for a run, with less to import.
"""

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from valetkey.errors import ValetkeyError
from valetkey.secret import Secret

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_ANSWER = 262_144
"""Bytes: discovery documents and tokens have at most 20 kB."""
SECONDS = 10.0
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a whole body."""

    status: int
    body: bytes


def fetch(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    bearer: Secret | None = None,
    most: int = MAX_ANSWER,
    seconds: float = SECONDS,
) -> Answer:
    """Return what `url` answers to a GET, or to a POST of `form`. `url` was checked to be safe.

    Raises `server-slow`, `server-unreachable`, `server-tls-refused` or `server-answer-unreadable`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    deadline = time.monotonic() + seconds
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        connection = http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=seconds)
    try:
        headers = {"Accept": "application/json", "Connection": "close"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer.reveal()}"
        body = None if form is None else urlencode(form)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if body is None else "POST", target, body, headers)
        bounded = _Wire(connection.sock, deadline)
        connection.response_class = bounded.response  # type: ignore[assignment]
        with contextlib.closing(connection.getresponse()) as response:
            return Answer(response.status, _read(response, most=most))
    except ssl.SSLError as error:
        raise ValetkeyError(
            "server-tls-refused",
            f"`{host}` did not prove its name",
            hint="name your own certificate authority in SSL_CERT_FILE",
            detail=str(error),
        ) from None
    except TimeoutError:
        raise ValetkeyError("server-slow", f"`{host}` did not answer in time") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ValetkeyError(
            "server-unreachable", f"nobody answers at `{parts.netloc}` ({reason})"
        ) from None
    except (http.client.HTTPException, ValueError):
        raise _unreadable(host) from None
    finally:
        connection.close()


class _Wire(io.RawIOBase):
    """What a socket receives until the deadline, however slowly the head or the body drips."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire = wire
        self._raw = wire.makefile("rb", buffering=0)  # keeps the socket open until it is closed
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._wire.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(self)

    def response(self, _: socket.socket, **named: Any) -> http.client.HTTPResponse:
        """Stand in for `HTTPResponse`, which asks its socket for a file and for nothing else."""
        return http.client.HTTPResponse(self, **named)  # type: ignore[arg-type]


def _read(response: http.client.HTTPResponse, *, most: int) -> bytes:
    """Read the whole body."""
    body = bytearray()
    while piece := response.read1(_PIECE):
        body += piece
        if len(body) > most:
            raise http.client.HTTPException
    if response.length:
        raise http.client.HTTPException  # it was cut off
    return bytes(body)


def _unreadable(host: str) -> ValetkeyError:
    return ValetkeyError("server-answer-unreadable", f"what `{host}` answers is not what was asked")
