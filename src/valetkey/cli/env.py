"""`valetkey env`: the variables that lead a container's SDKs to its run's credentials."""

import json
import os
import shlex
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_BROKER, BrokerUrl

if TYPE_CHECKING:
    from valetkey.sandbox.environment import WebIdentity
    from valetkey.sandbox.run_grant import RunGrant

# Set by whoever built the image, these win over the container endpoint in every SDK.
_IN_THE_WAY = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
_OTHER_WAY = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")


class Format(Enum):
    """How the variables are written."""

    shell = "shell"
    docker = "docker"
    json = "json"


def env(
    run_token_file: Annotated[
        str,
        typer.Option(
            envvar="VALETKEY_RUN_TOKEN_FILE",
            help="The file with the run token, at the path where the container sees it.",
        ),
    ],
    *,
    broker: BrokerUrl = DEFAULT_BROKER,
    grant: Annotated[
        str | None, typer.Option(help="The grant to draw; the run's first if unset.")
    ] = None,
    web_identity_token_file: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Let the SDKs call STS with the token in this file, at the path where the"
            " container sees it; `valetkey token GRANT --file PATH` keeps it.",
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Shell lines, a docker --env-file, or JSON.")
    ] = Format.shell,
) -> None:
    """Print the environment variables for a container whose SDKs ask the broker themselves.

    Nothing secret is in them: the run token stays in its file. SDKs take such an address only if
    it is https or loopback; `valetkey run -- CMD` serves one that they all take. With
    --web-identity-token-file they call STS instead: whoever holds that token chooses session name,
    session policy and duration.
    """
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_grant import choose_grant
    from valetkey.sandbox.token_file import read_run_token
    from valetkey.secret import Secret

    token = Secret(read_run_token(run_token_file))
    view = BrokerClient(broker).describe_run(token)
    chosen = choose_grant(view, grant)
    if web_identity_token_file is None:
        _check_credentials_url(chosen)
        own = None
    else:
        from valetkey.sandbox.web_identity import web_identity

        own = web_identity(view, chosen, token_file=str(Path(web_identity_token_file).absolute()))
    variables = _variables(chosen, run_token_file, own)
    sys.stdout.write(_written(variables, form))


def _check_credentials_url(grant: "RunGrant") -> None:
    """Raise `credentials-url-unusable` where SDKs won't ask the broker."""
    from valetkey.sandbox.address import parse_address
    from valetkey.sandbox.errors import SandboxError

    try:
        parse_address(grant.credentials_url)
    except SandboxError:
        raise SandboxError(
            "credentials-url-unusable",
            f"no SDK takes credentials from `{grant.credentials_url}`",
            hint="use `valetkey run -- CMD`, which serves them on loopback, or give the broker an"
            " https public_url",
        ) from None


def _variables(grant: "RunGrant", run_token_file: str, own: "WebIdentity | None") -> dict[str, str]:
    """Return the variables for `grant`, by web identity where `own` is given."""
    from valetkey.sandbox.environment import Delivery, delivery_variables

    variables = delivery_variables(
        Delivery(
            credentials_url=grant.credentials_url,
            token_file=str(Path(run_token_file).absolute()),
            config_file=os.devnull,
            credentials_file=os.devnull,
            region=grant.region,
            # As the container reaches it, which need not be as we do.
            broker_url=grant.credentials_url.removesuffix(f"/v1/credentials/{grant.name}"),
            web_identity=own,
        )
    )
    if grant.endpoint_url is not None:
        variables["AWS_ENDPOINT_URL"] = grant.endpoint_url
    return variables


def _written(variables: dict[str, str], form: Format) -> str:
    if form is Format.json:
        return json.dumps(variables, indent=2) + "\n"
    if form is Format.docker:
        return "".join(f"{name}={value}\n" for name, value in variables.items())
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    is_web_identity = "AWS_WEB_IDENTITY_TOKEN_FILE" in variables
    unset = (*_IN_THE_WAY, *(_OTHER_WAY if is_web_identity else ()))
    return f"unset {' '.join(unset)}\n" + "".join(lines)
