"""The list of commands, in the order in which a newcomer meets them."""

from typing import Annotated

import typer

from valetkey.cli import audit, grant, iam, keys, policy_group, runs, tools
from valetkey.cli.aws import aws
from valetkey.cli.check import check
from valetkey.cli.connect import connect
from valetkey.cli.credential_process import credential_process
from valetkey.cli.credentials import credentials
from valetkey.cli.demo import demo
from valetkey.cli.doctor import doctor
from valetkey.cli.env import env
from valetkey.cli.hook import hook
from valetkey.cli.init import init
from valetkey.cli.login import login, logout
from valetkey.cli.prove import prove
from valetkey.cli.run import run
from valetkey.cli.serve import serve
from valetkey.cli.token import token
from valetkey.version import VERSION

app = typer.Typer(
    name="valetkey",
    help="Give every run of an AI agent a valet key: short-lived AWS credentials that reach only "
    "the data of the person it works for.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"valetkey {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options that stand before a command."""


app.command(short_help="Show the main job on this machine, and check it.")(demo)
app.command(short_help="Write a commented valetkey.toml to begin with.")(init)
app.command(short_help="Say what the configuration means, or what is wrong.")(check)
app.command(short_help="Run the broker.")(serve)
app.command(short_help="Walk a role's chain: what holds, what breaks it.")(doctor)
app.add_typer(
    policy_group.app,
    name="policy",
    short_help="Write a tenancy map's policies, or activate policies.",
)
app.command(short_help="Prove that no run reaches another tenant's data.")(prove)
app.command(
    short_help="Run a command with one run's credentials, no others.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)(run)
app.command(short_help="Print the environment variables for a container.")(env)
app.command(
    name="credential-process", short_help="Print one grant's credentials for an AWS profile."
)(credential_process)
app.command(short_help="Print one grant's credentials for another program.")(credentials)
app.command(short_help="Print one token for a tool's API, or keep one in a file.")(token)
app.command(short_help="Print what a coding agent's settings need.")(connect)
app.command(short_help="Answer a coding agent that asks before it uses a tool.")(hook)
app.command(short_help="Run a local AWS that really enforces IAM.")(aws)
app.command(short_help="Sign in at a broker, to operate it.")(login)
app.command(short_help="Forget the session at a broker.")(logout)
app.add_typer(grant.app, name="grant")
app.add_typer(runs.app, name="runs")
app.add_typer(keys.app, name="keys")
app.add_typer(
    tools.app, name="tools", short_help="Pin MCP servers' tools; test and replay policies."
)
app.add_typer(audit.app, name="audit")
app.add_typer(iam.app, name="iam")
