"""A connection to the broker, read for as long as somebody waits for what comes."""

import select
import socket
from contextlib import suppress
from ssl import SSLContext, SSLWantReadError, SSLWantWriteError
from typing import Final

from valetkey.sandbox.address import Address
from valetkey.sandbox.connecting import connect, unreachable
from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.exchange import CONNECT_SECONDS

_SEND_SECONDS: Final = 30.0
_PIECE: Final = 65_536
_PROBE: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 4))
"""A broker whose machine is gone is found within about a minute, however silent it may be."""


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class Wire:
    """A connection to the broker, watched together with the client that waits behind it."""

    def __init__(
        self, connection: socket.socket, *, client: socket.socket | None, seconds: float
    ) -> None:
        self._connection = connection
        self._client = client
        self._seconds = seconds
        self._pending = getattr(connection, "pending", lambda: 0)  # what TLS has decoded already

    def send(self, request: bytes) -> None:
        """Send all of it."""
        try:
            self._connection.settimeout(_SEND_SECONDS)
            self._connection.sendall(request)
            self._connection.setblocking(False)
        except OSError:
            raise lost() from None

    def read(self) -> bytes:
        """Return what has come, empty at the end.

        Raises `broker-slow`, `broker-lost` and ClientGoneError.
        """
        while True:
            self._wait()
            try:
                return self._connection.recv(_PIECE)
            except (BlockingIOError, SSLWantReadError, SSLWantWriteError):
                continue  # TLS has had words of its own, or half a record
            except OSError:
                raise lost() from None

    def shut(self) -> None:
        """End it, also under a thread that waits for it."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it; the broker learns that nobody waits."""
        self._connection.close()

    def _wait(self) -> None:
        while not self._pending():
            poll = select.poll()
            poll.register(self._connection, select.POLLIN)
            if self._client is not None:
                poll.register(self._client, select.POLLIN)
            ready = {descriptor for descriptor, _ in poll.poll(self._seconds * 1000)}
            if not ready:
                raise BrokerUnavailableError(
                    "broker-slow",
                    "the broker did not answer in time",
                    hint="ask again; if it stays, look at the broker's /readyz",
                )
            if self._client is not None and self._client.fileno() in ready:
                self._look_at_client(self._client)
            if self._connection.fileno() in ready:
                return

    def _look_at_client(self, client: socket.socket) -> None:
        try:
            more = client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            raise ClientGoneError
        self._client = None  # it sends on after its request: never read, so not to be waited for


def connected(address: Address, tls: SSLContext | None) -> socket.socket:
    """Return a connection that sends at once and notices a dead peer. Raises as `connect` does."""
    raw = connect(address, CONNECT_SECONDS, tls)
    connection = raw if isinstance(raw, socket.socket) else socket.socket(fileno=raw.detach())
    try:
        connection.settimeout(_SEND_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _PROBE:
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    except OSError as error:
        connection.close()
        raise unreachable(address, error) from None
    return connection


def lost() -> BrokerUnavailableError:
    """Return what a connection that broke is told as."""
    return BrokerUnavailableError(
        "broker-lost",
        "the connection to the broker broke: whether it took the request is not known",
        hint="look before you ask for the same thing again",
    )
