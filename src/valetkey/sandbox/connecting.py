"""A connection to the broker, TLS where its address says so.

Without `typing`, as all that `credential_process` imports.
"""

import _socket

from valetkey.sandbox.address import Address, is_loopback
from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ssl import SSLContext


def connect(address: Address, seconds: float, tls: "SSLContext | None" = None) -> _socket.socket:
    """Return a connected socket, TLS where the address says so, by `tls` or a new context."""
    try:
        if address.is_tls:
            return _connect_tls(address, seconds, tls or tls_context())
        hosts = ("127.0.0.1", "::1") if address.host == "localhost" else (address.host,)
        for host in hosts:
            family = _socket.AF_INET6 if ":" in host else _socket.AF_INET
            plain_socket = _socket.socket(family, _socket.SOCK_STREAM)
            plain_socket.settimeout(seconds)
            try:
                plain_socket.connect((host, address.port))
            except OSError:
                plain_socket.close()
                if host == hosts[-1]:
                    raise
            else:
                return plain_socket
        raise AssertionError("an address has at least one host")
    except OSError as error:
        raise unreachable(address, error) from None


def tls_context() -> "SSLContext":
    """Return what a peer's proof is checked by: the machine's authorities, TLS 1.2 at least."""
    import ssl  # noqa: PLC0415 - only https pays for it: 25 ms

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _connect_tls(address: Address, seconds: float, context: "SSLContext") -> _socket.socket:
    """Return a socket whose peer has proved its name; a failed proof is `broker-tls-refused`."""
    import socket  # noqa: PLC0415 - as above
    import ssl  # noqa: PLC0415

    bare = socket.create_connection((address.host, address.port), timeout=seconds)
    try:
        return context.wrap_socket(bare, server_hostname=address.host)
    except ssl.SSLError as error:
        bare.close()
        raise BrokerUnavailableError(
            "broker-tls-refused",
            f"`{plain(address.authority)}` did not prove that it is the broker",
            hint="name your own certificate authority in SSL_CERT_FILE",
            detail=str(error),
        ) from None


def unreachable(address: Address, error: OSError) -> BrokerUnavailableError:
    """Return what a failed connection to the broker is told as."""
    return BrokerUnavailableError(
        "broker-unreachable",
        f"no broker answers at `{plain(address.authority)}`"
        f" ({plain(error.strerror or type(error).__name__)})",
        hint="is the run, or `valetkey serve`, still there?"
        if is_loopback(address.host)
        else "is `valetkey serve` running there, and is the address right?",
    )
