"""Where the broker listens: a URL, parsed strictly, with plain http for loopback alone.

Written without `urllib.parse` and dataclasses: this runs in `credential_process`, where the two
would double the start-up time.
"""

from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.text import plain

_MAX_URL = 8_000  # what RFC 9110 section 4.1 wants to be taken at least


class Address:
    """A parsed URL. `host` has no brackets; `path` begins with `/` or is empty."""

    __slots__ = ("host", "is_tls", "path", "port")

    def __init__(self, host: str, port: int, *, path: str, is_tls: bool) -> None:
        self.host = host
        self.port = port
        self.path = path
        self.is_tls = is_tls

    @property
    def authority(self) -> str:
        """The `Host` header's value: bracketed where it is IPv6, with the port always."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine by its spelling alone; no name is looked up."""
    if host in ("localhost", "::1"):
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(map(_is_octet, parts))


def parse_address(url: str) -> Address:
    """Return the address in `url`, fit to send a run token to.

    Raises `broker-url-invalid` as `split_url` does, and `broker-url-insecure` for plain http to
    another machine.
    """
    address = split_url(url)
    if not address.is_tls and not is_loopback(address.host):
        raise SandboxError(
            "broker-url-insecure",
            f"plain http to `{plain(address.host)}` would show the run token to the network",
            hint="use https, or a broker on this machine's loopback address",
        )
    return address


def split_url(url: str) -> Address:
    """Return the parts of `url`, its path without a final slash.

    Raises `broker-url-invalid` where it is not `http(s)://host[:port][/path]`: no name and
    password, no query, no fragment.
    """
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, port_text = _split_authority(authority)
    legal = (
        separator
        and scheme in ("http", "https")
        and host
        and url.isascii()
        and url.isprintable()
        and len(url) <= _MAX_URL
        and not any(c in url for c in " @?#\\\"'<>")
        and (not port_text or _is_port(port_text))
    )
    if not legal:
        raise SandboxError(
            "broker-url-invalid",
            f"`{plain(url)}` is not a URL that can be used here",
            hint="write http(s)://host[:port], without a name, a query or a fragment",
        )
    port = int(port_text) if port_text else (443 if scheme == "https" else 80)
    return Address(host, port, path=(slash + path).rstrip("/"), is_tls=scheme == "https")


def _is_octet(digits: str) -> bool:
    # No leading zero: resolvers read `010` as 8, and look `09` up as a name (RFC 3986, 3.2.2).
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= 3
    return is_number and int(digits) < 256 and str(int(digits)) == digits


def _is_port(digits: str) -> bool:
    return digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536


def _split_authority(authority: str) -> tuple[str, str]:
    """Return host and port text; an empty host means that it has neither form."""
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        if not bracket or ":" not in host or (rest and not rest.startswith(":")):
            return "", ""
        return host, rest[1:]
    host, _, port = authority.partition(":")
    return host, port
