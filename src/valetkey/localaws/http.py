"""One HTTP request, decoded once and strictly, and one answer.

Decisions and storage both read these values; nobody looks at the raw text again.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BARE = re.compile(r"[^!-~]")  # what must not stand unescaped in a target: controls, space, 8 bit


class TargetError(ValueError):
    """The request target or headers can be read in two ways, so they are not read at all."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it arrived: `path` and `query` decoded once, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    source_ip: str

    def header(self, name: str) -> str | None:
        """Return the one header of this lower-case name."""
        return self.headers.get(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, headers, the whole body.

    Where there is `work`, its answer goes back instead: it may take long, or call the local AWS
    itself, so the server runs it while it serves others.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    work: "Callable[[], Answer] | None" = None


def decode_percent(text: str) -> str:
    """Return `text` with each `%XX` decoded once, as strict UTF-8.

    Raises TargetError on a stray `%`, on what is not UTF-8 and on unescaped controls or spaces.
    """
    if _PERCENT.search(text) or _BARE.search(text):
        raise TargetError("malformed percent encoding")
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise TargetError("not UTF-8 after percent decoding") from error


def encode_percent(text: str, *, keep: str = "") -> str:
    """Return `text` encoded as RFC 3986 unreserved characters, `%XX` and those in `keep`."""
    return quote(text, safe=f"-_.~{keep}")


def decode_query(text: str) -> dict[str, str]:
    """Return the decoded parameters of a query string.

    A parameter that comes twice is refused, and a bare `+`, which some decoders read as a space.
    """
    pairs: dict[str, str] = {}
    for part in text.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if "+" in part:
            raise TargetError("write `+` in a query string as %2B or %20")
        decoded = decode_percent(name)
        if decoded in pairs:
            raise TargetError(f"query parameter `{decoded}` comes twice")
        pairs[decoded] = decode_percent(value)
    return pairs


def decode_headers(items: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name; a header that comes twice is refused."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in items:
        name = raw_name.decode("latin-1").lower()
        if name in headers:
            raise TargetError(f"header `{name}` comes twice")
        headers[name] = raw_value.decode("latin-1").strip()
    return headers
