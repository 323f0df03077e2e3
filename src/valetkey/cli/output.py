"""How commands speak: tables on a terminal, plain columns in a pipe, one line for an error."""

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from valetkey.errors import ValetkeyError

DONE, FAILED, DENIED, UNKNOWN = 0, 1, 2, 3
"""Exit codes by outcome: done, failed, denied or refuted, unknown."""

AWS_DENIAL = "aws-access-denied"
"""The code of a denial of AWS that names no policy, and how the codes of all others begin."""

_PATIENCE = 2.0
"""Seconds."""


def printable(text: str) -> str:
    """Return `text` with every character that could rewrite a terminal made visible."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def tell(line: str) -> None:
    """Write a line to stderr. Where nobody can be told, a full disk, say, the work goes on."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")


def print_error(error: ValetkeyError) -> None:
    """Say on stderr what is wrong and what to do next."""
    tell(f"valetkey: {printable(error.message)} [{error.code}]")
    if error.hint:
        tell(f"  hint: {printable(error.hint)}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their headings: drawn on a terminal, tab-separated in a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(printable(cell) for cell in row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")  # an ARN that is cut short is no ARN
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)


@contextmanager
def said_when_slow(line: str) -> Iterator[None]:
    """Say `line` on stderr if the block takes longer than a person waits without a word.

    No thread is left behind.
    """
    timer = threading.Timer(_PATIENCE, tell, (f"valetkey: {printable(line)}",))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


class StyledLine(NamedTuple):
    """One line of text and how a terminal shows it (a rich style, or empty)."""

    style: str
    text: str


def print_lines(lines: Iterable[StyledLine]) -> None:
    """Print lines: wrapped and in colour on a terminal, as they are in a pipe."""
    if not sys.stdout.isatty():
        for line in lines:
            print(printable(line.text))
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        text = line.text.lstrip(" ")
        indent = len(line.text) - len(text)
        console.print(Padding(Text(printable(text), style=line.style), (0, 0, 0, indent)))
