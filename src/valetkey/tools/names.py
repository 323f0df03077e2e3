"""Names and places in sentences: whatever came from outside is shown without being obeyed."""

from collections.abc import Iterable
from typing import Final

MAX_PLACE: Final = 200
"""Characters of a shown place: member names are as long as their sender likes."""


def shown(text: str) -> str:
    """Return `text` with `\\uXXXX` for all that a terminal might obey or hide.

    Controls, bidirectional overrides, zero-width and unassigned characters, lone surrogates. One
    backslash is two, so different texts never look alike.
    """
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_shown(c) for c in text)


def pointer(place: Iterable[str | int]) -> str:
    """Return a JSON pointer (RFC 6901) to `place`, cut and without characters to obey."""
    text = "".join(f"/{_token(part)}" for part in place)
    return text if len(text) <= MAX_PLACE else f"{text[:MAX_PLACE]}…"


def _token(part: str | int) -> str:
    escaped = str(part)[: MAX_PLACE + 1].replace("~", "~0").replace("/", "~1")
    return "".join(c if c.isprintable() else _shown(c) for c in escaped)


def _shown(c: str) -> str:
    if c == "\\":
        return "\\\\"
    if c.isprintable():
        return c
    point = ord(c)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
