"""`valetkey credential-process`: one grant's credentials for AWS's setting of that name."""

from typing import Annotated

import typer


def credential_process(
    grant: Annotated[str, typer.Argument(help="The grant to draw.")],
    *,
    broker: Annotated[
        str | None,
        typer.Option(envvar="VALETKEY_BROKER", help="The address where the broker listens."),
    ] = None,
    run_token_file: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_RUN_TOKEN_FILE",
            help="The file that holds the run token and nothing else; only its owner may read it.",
        ),
    ] = None,
) -> None:
    """Print one grant's credentials the way AWS's `credential_process` setting wants them.

    Put it into an AWS config file as `credential_process = valetkey credential-process GRANT`.
    """
    # `cli.main` hands this command to `sandbox.process` before it imports typer: SDKs start it
    # for every AWS command. This one is here for the list of commands and its help.
    from valetkey.sandbox.process import main

    arguments = [grant]
    if broker:
        arguments += ["--broker", broker]
    if run_token_file:
        arguments += ["--run-token-file", run_token_file]
    raise typer.Exit(main(arguments))
