"""JSON lines from a file or standard input, for the commands that take requests."""

import errno
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from valetkey.errors import ValetkeyError

Requests = Annotated[
    Path | None,
    typer.Argument(help="JSON lines, one request each; standard input if left out or `-`."),
]


def lines_of(file: Path | None) -> Iterator[bytes]:
    """Give every line that isn't blank. One that is too long comes cut, and will be refused.

    Raises ValetkeyError `file-unreadable`.
    """
    with ExitStack() as stack:
        try:
            if file is None or str(file) == "-":
                stream: BinaryIO = standard_input()
            else:
                stream = stack.enter_context(file.open("rb"))
            yield from _lines(stream)
        except OSError as error:
            raise unreadable(file, error) from None


def standard_input() -> BinaryIO:
    """Return standard input as bytes. Raises OSError where it is closed."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    return sys.stdin.buffer


def unreadable(file: Path | None, error: OSError) -> ValetkeyError:
    """Return the error of a file that can't be read."""
    return ValetkeyError("file-unreadable", f"cannot read `{file or '-'}`: {error.strerror}")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    from valetkey.iam.record import MAX_LINE

    while line := stream.readline(MAX_LINE + 1):
        whole = line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE + 1)  # the rest of a line that is refused already
        if whole.strip():
            yield whole
