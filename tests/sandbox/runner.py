"""Starts `valetkey run`, `env` and `credential-process` as real processes, as their typer app.

The command functions are wired here as `cli` wires them, so that these tests stand on this room
alone.
"""

import sys

import typer

from valetkey.cli.credential_process import credential_process
from valetkey.cli.env import env
from valetkey.cli.run import run

app = typer.Typer(pretty_exceptions_enable=False)
app.command(
    name="run", context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True}
)(run)
app.command(name="env")(env)
app.command(name="credential-process")(credential_process)

COMMAND = [sys.executable, __file__]

if __name__ == "__main__":
    app()
