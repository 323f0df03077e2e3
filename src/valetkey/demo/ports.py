"""Free ports of loopback, for servers whose address must be known before they start."""

import socket


def free_port() -> int:
    """Return a port that nobody listens on: an issuer's URL must be known before the broker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
