"""The bytes of a file that somebody named, from whatever it is, and never without end."""

from pathlib import Path

from valetkey.errors import ValetkeyError

MAX_FILE = 16_777_216  # bytes: beyond any template that AWS takes


def bytes_of(path: Path) -> bytes:
    """Return what a file or pipe has, up to its end.

    Raises OSError, and ValetkeyError `source-too-large` for more than `MAX_FILE` bytes.
    """
    with path.open("rb") as stream:
        found = stream.read(MAX_FILE + 1)
    if len(found) > MAX_FILE:
        raise too_large(f"`{path}`")
    return found


def too_large(what: str) -> ValetkeyError:
    """Return the error of a file that is longer than anybody's."""
    return ValetkeyError("source-too-large", f"{what} is longer than {MAX_FILE} bytes")
