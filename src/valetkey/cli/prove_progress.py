"""How far a proof is, on a terminal's last line; in a pipe, nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from valetkey.cli.output import printable
from valetkey.cli.prove_running import Advance

MOST_LETTERS = 60  # of what the last question was about


@contextmanager
def progress(doing: str) -> Iterator[Advance]:
    """Give what is told how far a proof is. It draws without a thread: the pool may fork."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn(doing, markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
    )
    drawn = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    with drawn:
        task = drawn.add_task("", total=None)

        def advance(done: int, every: int, about: str) -> None:
            text = printable(about)[:MOST_LETTERS]
            drawn.update(task, completed=done, total=every, description=text, refresh=True)

        yield advance
