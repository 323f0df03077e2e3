"""`valetkey iam`: put requests to the policy evaluator, and policies to the linter."""

import sys

import typer

from valetkey.cli.iam_explain import explain
from valetkey.cli.iam_lines import Requests, lines_of
from valetkey.cli.iam_lint import lint
from valetkey.cli.output import FAILED

app = typer.Typer(no_args_is_help=True, help="Evaluate, explain and lint IAM policies.")


@app.callback()
def iam() -> None:
    """Evaluate, explain and lint IAM policies."""


@app.command(short_help="Decide requests, JSON lines in and out.")
def evaluate(file: Requests = None) -> None:
    """Decide requests: one JSON line in, one JSON line out, in order.

    A line has the principal, the action, the resource, the context and the policies; the answer
    has the decision (allow, implicit-deny or explicit-deny), the statements it rests on and why.
    A line that can't be read is answered with an `error` and the next one is taken. Exits with 1
    if there was any such line, with 0 otherwise, whatever was decided.
    """
    import json

    from valetkey.iam.record import answer_line

    good = True
    for line in lines_of(file):
        answer = answer_line(line)
        good = good and "error" not in answer
        sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    if not good:
        raise typer.Exit(FAILED)


app.command(short_help="Show decisions as a person reads them.")(explain)
app.command(short_help="Find the traps in policies that you bring.")(lint)
