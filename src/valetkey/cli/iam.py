"""`valetkey iam`: put requests to the policy evaluator."""

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from valetkey.cli.output import FAILED, print_error
from valetkey.errors import ValetkeyError

app = typer.Typer(no_args_is_help=True, help="Put requests to the IAM policy evaluator.")


@app.callback()
def iam() -> None:
    """Put requests to the IAM policy evaluator."""


@app.command()
def evaluate(
    file: Annotated[
        Path | None,
        typer.Argument(help="JSON lines, one request each; standard input if left out or `-`."),
    ] = None,
) -> None:
    """Decide requests: one JSON line in, one JSON line out, in order.

    A line has the principal, the action, the resource, the context and the policies; the answer
    has the decision (allow, implicit-deny or explicit-deny), the statements it rests on and why.
    A line that can't be read is answered with an `error` and the next one is taken. Exits with 1
    if there was any such line, with 0 otherwise, whatever was decided.
    """
    if file is None or str(file) == "-":
        good = _answer_all(sys.stdin.buffer)
    else:
        try:
            stream = file.open("rb")
        except OSError as error:
            print_error(ValetkeyError("file-unreadable", f"cannot read `{file}`: {error.strerror}"))
            raise typer.Exit(FAILED) from None
        with stream:
            good = _answer_all(stream)
    if not good:
        raise typer.Exit(1)


def _answer_all(stream: BinaryIO) -> bool:
    """Answer every line that isn't blank; return whether all of them could be read."""
    import json

    from valetkey.iam.record import MAX_LINE, answer_line

    good = True
    while line := stream.readline(MAX_LINE + 1):
        whole = line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE + 1)  # the rest of a line that is refused already
        if not whole.strip():
            continue
        answer = answer_line(whole)
        good = good and "error" not in answer
        sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    return good
