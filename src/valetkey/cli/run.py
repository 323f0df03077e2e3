"""`valetkey run -- CMD`: a command with a run's credentials and no others."""

import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_BROKER
from valetkey.cli.output import print_error, tell
from valetkey.cli.run_opening import (
    STANDARD_INPUT,
    Asked,
    Deliver,
    prepare,
    refuse_what_needs_a_broker,
    refuse_without_tools,
)
from valetkey.cli.run_options import parse_attributes, parse_seconds

if TYPE_CHECKING:
    from valetkey.sandbox.run_source import RunSource
    from valetkey.sandbox.supervise import Errand


def run(
    command: Annotated[
        list[str], typer.Argument(help="The command and its arguments, best after `--`.")
    ],
    *,
    broker: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_BROKER",
            help=f"The broker's address; {DEFAULT_BROKER} where tokens are given.",
        ),
    ] = None,
    actor_token_file: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_ACTOR_TOKEN_FILE",
            help="The file with your platform's own token, which may open runs; `-` is standard"
            " input.",
        ),
    ] = None,
    subject_token_file: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_SUBJECT_TOKEN_FILE",
            help="The file with the token of the person that the run works for; `-` is standard"
            " input.",
        ),
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A work attribute, such as task_id=t1."),
    ] = None,
    grant: Annotated[
        list[str] | None,
        typer.Option(
            help="A grant to draw; the first one is the default. All of the broker's if unset."
            " Without a broker: one of this machine's, as `valetkey grant` made it."
        ),
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long the run may last, such as 1h.")
    ] = None,
    run_token_file: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_RUN_TOKEN_FILE",
            help="Join the run whose token is in this file (`-` is standard input) instead of"
            " opening one.",
        ),
    ] = None,
    deliver: Annotated[
        Deliver,
        typer.Option(
            help="How SDKs get credentials: `container` asks the run's loopback address;"
            " `web-identity` lets them call STS with a token in a file, where the first grant"
            " allows it (token_to_sandbox)."
        ),
    ] = Deliver.container,
    require_gateway: Annotated[
        bool | None,
        typer.Option(
            "--require-gateway/--no-gateway",
            help="Start only in a run with tool servers, or without them. Unset: where the run has"
            " some, their gateway must answer.",
        ),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End the run that was joined, too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Run a command with the credentials of one run, and with no others in its environment.

    Opens a run (or joins one), serves its credentials on a loopback address that every AWS SDK
    accepts, starts the command without any AWS variable of yours, passes signals and the exit
    code on, and ends the run. With `--grant` alone it needs no broker: the run is your own
    account's. The command still runs under your own account: what that account may read, such as
    ~/.aws, the command may read. Exit codes: the command's own; 127 and 126 where it cannot be
    started; 1 where no run could be opened, 2 where the broker or AWS denied it.
    """
    asked = Asked(
        broker=broker,
        actor_token_file=actor_token_file,
        subject_token_file=subject_token_file,
        run_token_file=run_token_file,
        attributes=parse_attributes(attribute or []),
        grants=grant or [],
        expires_in=None if expires_in is None else parse_seconds(expires_in),
        deliver=deliver,
        gateway=require_gateway,
    )
    from valetkey.sandbox.process_signals import signals_as_exit

    with signals_as_exit():
        if asked.is_without_broker:
            from valetkey.cli.run_here import prepare_here

            refuse_what_needs_a_broker(asked)
            errand = prepare_here(asked.grants, tuple(command), expires_in=asked.expires_in)
        else:
            errand = prepare(asked, tuple(command))
        begin = partial(_begin, errand, asked, is_quiet=quiet)
        code = _carry_out(errand, begin, ends=end or run_token_file is None)
    raise typer.Exit(code)


def _begin(errand: "Errand", asked: Asked, *, is_quiet: bool) -> None:
    refuse_without_tools(asked, errand)
    if not is_quiet:
        _introduce(errand, asked)


def _introduce(errand: "Errand", asked: Asked) -> None:
    """Say which run it is, and once what it does not protect from."""
    from valetkey.sandbox.supervise import account_files

    if asked.actor_token_file not in {None, STANDARD_INPUT}:
        say(
            f"note: the command can read {asked.actor_token_file} and open runs with it; where you"
            " don't trust it, pass the token on standard input or join a run by its run token"
        )
    names = ", ".join(errand.run.names) or "nothing"
    say(f"run {errand.run.id} for {names} until {errand.run.expires_at}")
    role = errand.grant.web_identity_role if errand.grant is not None else None
    if errand.is_web_identity and role is not None:
        say(
            f"note: the command holds a token for {role}: with it, it chooses session name, session"
            " policy and duration itself"
        )
    # Not Path.home(), which raises where the account has none.
    files = account_files(Path(os.path.expanduser("~")))  # noqa: PTH111
    if asked.is_without_broker:
        reach = f"{files[0]}" if files else "your AWS profile"
        say(
            "note: without a broker this keeps your work apart in AWS's records; it does not keep"
            f" the command from {reach}: both are your account's"
        )
    elif files:
        say(f"note: the command runs under your account and can read {files[0]} by itself")


def _carry_out(errand: "Errand", begin: Callable[[], None], *, ends: bool) -> int:
    """Run the command, end the run if it is ours to end; return the exit code."""
    from valetkey.errors import ValetkeyError
    from valetkey.sandbox.child import COMMAND_NOT_EXECUTABLE, COMMAND_NOT_FOUND
    from valetkey.sandbox.supervise import supervise

    try:
        begin()
        return supervise(errand, os.environ)
    except ValetkeyError as error:
        print_error(error)
        codes = {
            "command-not-found": COMMAND_NOT_FOUND,
            "command-not-executable": COMMAND_NOT_EXECUTABLE,
        }
        return codes.get(error.code, 1)
    finally:
        if ends:
            end_run(errand.source, errand.run.id)


def end_run(source: "RunSource", run_id: str) -> None:
    """End the run, also if Ctrl-C comes once more; say so where that can't be done."""
    from valetkey.errors import ValetkeyError
    from valetkey.sandbox.process_signals import signals_deferred

    with signals_deferred(are_kept=False):
        try:
            source.end()
        except ValetkeyError as error:
            say(f"run {run_id} could not be ended and lasts until its expiry")
            print_error(error)


def say(line: str) -> None:
    """Write a line of ours to standard error: standard output is the command's.

    One that is closed or full must not keep the command from starting.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        tell(f"valetkey: {line}")
