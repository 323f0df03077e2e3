"""Where servers may be met: over TLS, or on this machine."""

import contextlib
import ipaddress

from yarl import URL

from valetkey.gateway.errors import GatewayError


def check_address(url: URL) -> None:
    """Raise GatewayError `server-plain-http` for plain http to another machine."""
    if url.scheme == "https":
        return
    host = url.host or ""
    with contextlib.suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    raise GatewayError(
        "server-plain-http",
        f"`{host}` would be met over plain http, where everybody on the way reads along",
        hint="use https; http is for this machine alone",
    )
