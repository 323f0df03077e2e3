"""Which names the gateway answers to, and which pages may call it: no DNS rebinding, no CSRF.

Tokens are not looked at here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from valetkey.gateway.headers import Head

_PORTS: Final = {"http": ":80", "https": ":443"}
_LOOPBACK: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Doors:
    """`host` of the public URL and the `origins` of pages, in lower case without default ports.

    `scheme` is the public one, which is another than ours where a proxy ends TLS.
    """

    host: str
    scheme: str
    origins: frozenset[str]

    def objection(self, head: Head, *, scheme: str, server: Sequence[object] | None) -> str | None:
        """Return the code of what is wrong with `Host` or `Origin`, or None.

        `server` is where the connection came in: that name is ours, whatever a page resolves.
        """
        hosts = head.fields.get(b"host", [])
        if len(hosts) != 1:
            return "host-unknown"
        host = hosts[0].decode("latin-1").lower()
        is_public = _without_port(host, self.scheme) == self.host
        if not is_public and _without_port(host, scheme) not in _own_names(server, scheme):
            return "host-unknown"
        origins = head.fields.get(b"origin")
        if origins is None:
            return None
        if len(origins) != 1 or not self.knows(origins[0], scheme=scheme, server=server):
            return "origin-unknown"
        return None

    def knows(self, origin: bytes, *, scheme: str, server: Sequence[object] | None) -> bool:
        """Say whether pages of `origin` may call."""
        shown = _origin(origin.decode("latin-1"))
        own = {f"{scheme}://{name}" for name in _own_names(server, scheme)}
        return shown is not None and (shown in self.origins or shown in own)


def make_doors(public_url: str, origins: Iterable[str]) -> Doors:
    """Return the doors of a gateway at `public_url`; its own pages may call as `origins` may."""
    split = urlsplit(public_url)
    known = {_origin(each) for each in (*origins, f"{split.scheme}://{split.netloc}")}
    host = _without_port(split.netloc.lower(), split.scheme)
    return Doors(host, split.scheme, frozenset(each for each in known if each))


def _own_names(server: Sequence[object] | None, scheme: str) -> frozenset[str]:
    if server is None or len(server) != 2 or server[1] is None:
        return frozenset()
    host, port = server
    names = ["127.0.0.1", "localhost", "[::1]"] if host in _LOOPBACK else [_in_url(str(host))]
    return frozenset(_without_port(f"{name}:{port}", scheme) for name in names)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _without_port(netloc: str, scheme: str) -> str:
    return netloc.removesuffix(_PORTS.get(scheme, ":"))


def _origin(text: str) -> str | None:
    scheme, separator, netloc = text.lower().partition("://")
    if not separator or not netloc or "/" in netloc:
        return None
    return f"{scheme}://{_without_port(netloc, scheme)}"
