"""`valetkey run -- CMD`: a command with a run's credentials and no others."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_BROKER
from valetkey.cli.output import print_error, tell

if TYPE_CHECKING:
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_grant import OpenedRun
    from valetkey.sandbox.run_source import RunSource
    from valetkey.sandbox.supervise import Errand
    from valetkey.secret import Secret

_STANDARD_INPUT = "-"
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command line, as it was written. None and empty: not given."""

    broker: str | None
    actor_token_file: str | None
    subject_token_file: str | None
    run_token_file: str | None
    attributes: dict[str, str]
    grants: list[str]
    expires_in: int | None

    @property
    def is_without_broker(self) -> bool:
        """Say whether a grant of this machine is meant: nothing leads to a broker."""
        return bool(self.grants) and not self.ways_to_a_broker

    @property
    def ways_to_a_broker(self) -> list[str]:
        """Name what was given that leads to a broker."""
        given = {
            "--broker (VALETKEY_BROKER)": self.broker,
            "--actor-token-file (VALETKEY_ACTOR_TOKEN_FILE)": self.actor_token_file,
            "--subject-token-file (VALETKEY_SUBJECT_TOKEN_FILE)": self.subject_token_file,
            "--run-token-file (VALETKEY_RUN_TOKEN_FILE)": self.run_token_file,
            "--attribute": self.attributes,
        }
        return [name for name, value in given.items() if value]


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
        attributes=_parse_attributes(attribute or []),
        grants=grant or [],
        expires_in=None if expires_in is None else _parse_seconds(expires_in),
    )
    from valetkey.sandbox.process_signals import signals_as_exit

    with signals_as_exit():
        if asked.is_without_broker:
            from valetkey.cli.run_here import prepare_here

            errand = prepare_here(asked.grants, tuple(command), expires_in=asked.expires_in)
        else:
            errand = _prepare(asked, tuple(command))
        introduce = (lambda: None) if quiet else partial(_introduce, errand, asked)
        code = _carry_out(errand, introduce, ends=end or run_token_file is None)
    raise typer.Exit(code)


def _prepare(asked: Asked, command: tuple[str, ...]) -> "Errand":
    """Open the run that was asked for, or join it; nothing is started yet."""
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_grant import choose_grant
    from valetkey.sandbox.run_source import BrokerRun
    from valetkey.sandbox.run_token import FiledRunToken, HeldRunToken, RunToken
    from valetkey.sandbox.supervise import Errand
    from valetkey.sandbox.token_file import read_identity_token
    from valetkey.secret import Secret

    client = BrokerClient(asked.broker or DEFAULT_BROKER)
    known: tuple[Secret, ...] = ()
    token: RunToken
    if asked.run_token_file is not None:
        _refuse_to_open_and_join(asked)
        if asked.run_token_file == _STANDARD_INPUT:
            token = HeldRunToken(Secret(read_identity_token(_STANDARD_INPUT)))
        else:
            token = FiledRunToken(asked.run_token_file)
        view = client.describe_run(token.current())
    else:
        opened, known = _open(client, asked)
        view, token = opened.view, HeldRunToken(opened.token)
    chosen = choose_grant(view, asked.grants[0] if asked.grants else None)
    source = BrokerRun(client, token, known_secrets=known)
    return Errand(view, chosen, source=source, command=command)


def _introduce(errand: "Errand", asked: Asked) -> None:
    """Say which run it is, and once what it does not protect from."""
    from valetkey.sandbox.supervise import account_files

    if asked.actor_token_file not in {None, _STANDARD_INPUT}:
        say(
            f"note: the command can read {asked.actor_token_file} and open runs with it; where you"
            " don't trust it, pass the token on standard input or join a run by its run token"
        )
    names = ", ".join(grant.name for grant in errand.run.grants)
    say(f"run {errand.run.id} for {names} until {errand.run.expires_at}")
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


def _carry_out(errand: "Errand", introduce: Callable[[], None], *, ends: bool) -> int:
    """Run the command, end the run if it is ours to end; return the exit code."""
    from valetkey.errors import ValetkeyError
    from valetkey.sandbox.child import COMMAND_NOT_EXECUTABLE, COMMAND_NOT_FOUND
    from valetkey.sandbox.supervise import supervise

    try:
        introduce()
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


def _open(client: "BrokerClient", asked: Asked) -> "tuple[OpenedRun, tuple[Secret, ...]]":
    from valetkey.sandbox.broker_client import RunRequest
    from valetkey.sandbox.errors import SandboxError
    from valetkey.sandbox.token_file import read_identity_token
    from valetkey.secret import Secret

    if asked.actor_token_file is None or asked.subject_token_file is None:
        missing = "actor" if asked.actor_token_file is None else "subject"
        without = f"name a grant of this machine with --grant{_listed_here()}"
        if asked.grants:
            without = f"drop {' and '.join(asked.ways_to_a_broker)}"
        raise SandboxError(
            f"{missing}-token-missing",
            f"no run can be opened without the {missing}'s token",
            hint=f"name its file with --{missing}-token-file, or join a run by --run-token-file; "
            f"to work without a broker, {without}",
        )
    if asked.actor_token_file == _STANDARD_INPUT == asked.subject_token_file:
        raise SandboxError(
            "usage", "only one of the two tokens can come on standard input", hint="use a file"
        )
    actor = Secret(read_identity_token(asked.actor_token_file))
    subject = Secret(read_identity_token(asked.subject_token_file))
    request = RunRequest(
        subject, asked.attributes, grants=asked.grants, expires_in=asked.expires_in
    )
    return client.open_run(request, actor), (actor, subject)


def _listed_here() -> str:
    from valetkey.settings.local import local_grant_names, valetkey_home

    names = local_grant_names(valetkey_home(os.environ))
    return f": it has {', '.join(names)}" if names else ""


def _refuse_to_open_and_join(asked: Asked) -> None:
    from valetkey.sandbox.errors import SandboxError

    if asked.actor_token_file or asked.subject_token_file or asked.attributes or asked.expires_in:
        raise SandboxError(
            "usage",
            "a run is either opened or joined: a run token and the means to open one were given",
            hint="drop --run-token-file (VALETKEY_RUN_TOKEN_FILE) or the others",
        )


def _parse_attributes(written: list[str]) -> dict[str, str]:
    from valetkey.sandbox.errors import SandboxError

    attributes: dict[str, str] = {}
    for text in written:
        name, equals, value = text.partition("=")
        if not (name and equals and value) or name in attributes:
            raise SandboxError(
                "usage",
                f"`--attribute {text}` is not one NAME=VALUE, each name once",
                hint="write it as --attribute task_id=t1",
            )
        attributes[name] = value
    return attributes


def _parse_seconds(text: str) -> int:
    """Return the seconds in `90`, `90s`, `15m`, `1h` or `1d`. Raises `usage`."""
    from valetkey.sandbox.errors import SandboxError

    digits = text.rstrip("smhd")
    unit = _UNITS.get(text[len(digits) :])
    if unit is None or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise SandboxError(
            "usage", f"`{text}` is not a time", hint="write a number with s, m, h or d, such as 1h"
        )
    return int(digits) * unit


def say(line: str) -> None:
    """Write a line of ours to standard error: standard output is the command's.

    One that is closed or full must not keep the command from starting.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        tell(f"valetkey: {line}")
