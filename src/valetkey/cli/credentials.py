"""`valetkey credentials`: one hand-out for a program that takes credentials and nothing else."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_BROKER
from valetkey.errors import ValetkeyError
from valetkey.sandbox.export import ExportFormat, export_text

if TYPE_CHECKING:
    from valetkey.sandbox.run_grant import RunGrant


def credentials(
    grant: Annotated[
        str | None,
        typer.Argument(help="The grant to draw; in a run, its first one if unset."),
    ] = None,
    *,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="Whom it is for; see above.")
    ] = ExportFormat.process,
    broker: Annotated[
        str | None,
        typer.Option(envvar="VALETKEY_BROKER", help="The address where the run's broker listens."),
    ] = None,
    run_token_file: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_RUN_TOKEN_FILE",
            help="The file with the run's token; without one, a grant of this machine is drawn.",
        ),
    ] = None,
) -> None:
    """Print one grant's credentials for a program that can't ask for them itself.

    Formats: `claude` for Claude Code's awsCredentialExport, `process` for AWS's credential_process
    setting, `env` as shell lines to eval, `json` as SDKs get it from a container endpoint.

    Inside `valetkey run` they are the run's. Elsewhere GRANT is one that `valetkey grant` stored
    here, and each call is a run of its own, recorded, and ended as soon as they are drawn. They
    are secrets: they go to a pipe or a file, never to a terminal.
    """
    if sys.__stdout__ is None:
        raise ValetkeyError(
            "output-closed",
            "standard output is closed: nobody would have the credentials",
            hint="give them to a program, by a pipe or a file",
        )
    if sys.stdout.isatty():
        raise ValetkeyError(
            "credentials-on-terminal",
            "credentials are not shown on a terminal, where they would stay in its history",
            hint='give them to a program, such as eval "$(valetkey credentials GRANT --format env)"'
            "; `valetkey run --grant GRANT -- COMMAND` needs none of it",
        )
    if run_token_file is not None:
        given, chosen = _of_a_run(broker or DEFAULT_BROKER, run_token_file, grant)
    elif broker is not None:
        raise ValetkeyError(
            "token-file-missing",
            "a broker is named, but no run: there is no `--run-token-file` and no"
            " VALETKEY_RUN_TOKEN_FILE",
            hint="name the run token's file, or unset VALETKEY_BROKER to use this machine's grants",
        )
    else:
        from valetkey.sandbox.process_signals import signals_as_exit

        with signals_as_exit():
            given, chosen = _of_this_machine(grant)
    sys.stdout.write(export_text(given, chosen, form=form))


def _of_a_run(
    broker: str, run_token_file: str, name: str | None
) -> "tuple[dict[str, str], RunGrant]":
    """Draw from the broker, as the run whose token is in the file."""
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.document import parse_credentials, problem_in
    from valetkey.sandbox.run_grant import choose_grant
    from valetkey.sandbox.token_file import read_run_token
    from valetkey.secret import Secret

    client = BrokerClient(broker)
    token = Secret(read_run_token(run_token_file))
    chosen = choose_grant(client.describe_run(token), name)
    status, body = client.draw(chosen.name, token)
    if status != 200:
        raise problem_in(status, body)
    return parse_credentials(body), chosen


def _of_this_machine(name: str | None) -> "tuple[dict[str, str], RunGrant]":
    """Open a run of this account, draw, and end the run, whatever came of it."""
    from valetkey.cli.run import end_run
    from valetkey.cli.run_here import log_to_file, own_grants, with_aws_words
    from valetkey.sandbox.process_signals import signals_deferred
    from valetkey.settings.local import valetkey_home
    from valetkey.wiring.in_process import InProcessBroker
    from valetkey.wiring.own_run import InProcessRun

    home = valetkey_home(os.environ)
    stored = own_grants([only_grant(home) if name is None else name], home)
    log_to_file(home)
    own = InProcessBroker(stored, home=home)
    try:
        own.find_credentials()
        opened = None
        try:
            with signals_deferred(are_kept=True):
                opened = own.open_run()
            return own.fetch(stored[0].grant.name, opened.token), opened.view.grants[0]
        finally:
            if opened is not None:
                end_run(InProcessRun(own, opened.token), opened.view.id)
    except ValetkeyError as error:
        raise with_aws_words(error) from None


def only_grant(home: Path) -> str:
    """Return the name of this machine's one grant. Raises `grant-missing`, which lists them."""
    from valetkey.settings.local import local_grant_names

    names = local_grant_names(home)
    if len(names) == 1:
        return names[0]
    hint = "`valetkey grant aws NAME --role ARN` makes one"
    if names:
        hint = f"this machine has {', '.join(names)}"
    raise ValetkeyError("grant-missing", "no grant is named", hint=hint)
