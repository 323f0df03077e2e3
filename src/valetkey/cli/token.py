"""`valetkey token`: one token of a run for one audience, printed or kept in a file."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_BROKER, AsJson, BrokerUrl
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.sandbox.kept_token import KeptToken
    from valetkey.sandbox.run_source import BrokerRun
    from valetkey.sandbox.token_request import IssuedToken, TokenRequest


def token(
    grant: Annotated[
        str | None,
        typer.Argument(help="The grant: a tool's, or a role's that gives its token to runs."),
    ] = None,
    *,
    run_token_file: Annotated[
        str,
        typer.Option(
            envvar="VALETKEY_RUN_TOKEN_FILE",
            help="The file with the run's token; inside `valetkey run` it is known.",
        ),
    ],
    gateway: Annotated[
        bool, typer.Option("--gateway", help="A token for the run's tool gateway, and no grant.")
    ] = False,
    broker: BrokerUrl = DEFAULT_BROKER,
    scope: Annotated[
        str | None,
        typer.Option(help="The scopes that are wanted, between spaces; all of the grant if unset."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="PATH",
            help="Keep a good token in this file (mode 0600) until this command is ended.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print one token of a run for a tool's API or its tool gateway, or keep one in a file.

    For tools: curl -H "Authorization: Bearer $(valetkey token billing)" …. It is a secret: it goes
    to a pipe or a file, never to a terminal. With --file it is renewed at half its life, each time
    in one step, and the file is removed at the end: a container beside another one keeps its
    AWS_WEB_IDENTITY_TOKEN_FILE so.
    """
    from valetkey.sandbox.token_request import TokenRequest

    if file is None:
        _refuse_a_terminal()
    elif as_json:
        raise ValetkeyError("usage", "the file holds the token alone", hint="drop --json or --file")
    if (grant is None) is not gateway:
        raise ValetkeyError("usage", "one thing is asked for", hint="name a grant, or --gateway")
    source = _run(broker, run_token_file)
    request = TokenRequest(grant, scope=scope)
    if gateway:
        request = TokenRequest(None, resource=_gateway(broker, run_token_file), scope=scope)
    if file is None:
        from valetkey.sandbox.web_identity import draw_token

        _print(draw_token(source, request), as_json=as_json)
    else:
        _keep(source, request, file)


def _run(broker: str, run_token_file: str) -> "BrokerRun":
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_source import BrokerRun
    from valetkey.sandbox.run_token import FiledRunToken

    return BrokerRun(BrokerClient(broker), FiledRunToken(run_token_file))


def _gateway(broker: str, run_token_file: str) -> str:
    """Return the canonical URI of the run's gateway. Raises `gateway-not-granted`."""
    from valetkey.sandbox.broker_client import BrokerClient
    from valetkey.sandbox.run_token import FiledRunToken

    view = BrokerClient(broker).describe_run(FiledRunToken(run_token_file).current())
    if view.mcp_audience is None:
        raise ValetkeyError(
            "gateway-not-granted",
            f"run `{view.id}` has no tool servers",
            hint="the broker's configuration names them (`[[tools.servers]]`)",
        )
    return view.mcp_audience


def _refuse_a_terminal() -> None:
    if sys.stdout.isatty():
        raise ValetkeyError(
            "token-on-terminal",
            "a token is not shown on a terminal, where it would stay in its history",
            hint='give it to a program, such as curl -H "Authorization: Bearer $(valetkey token'
            ' GRANT)", or name a file with --file',
        )


def _print(issued: "IssuedToken", *, as_json: bool) -> None:
    if as_json:
        until = datetime.fromtimestamp(issued.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(json.dumps({"token": issued.token.reveal(), "expires_at": until}))
    else:
        print(issued.token.reveal())


def _keep(source: "BrokerRun", request: "TokenRequest", path: Path) -> None:
    """Keep the token in `path` until a signal, or until the broker says no, which is raised."""
    from valetkey.cli.run import say
    from valetkey.sandbox.kept_token import KeptToken
    from valetkey.sandbox.process_signals import signals_as_exit
    from valetkey.sandbox.web_identity import draw_token

    kept = KeptToken(path, lambda: draw_token(source, request), clock=time.time)
    with signals_as_exit(), _removed_at_the_end(kept):
        kept.write()
        say(f"a token of {request.audience or request.resource} is kept in {path}")
        refused = kept.keep(threading.Event())
    if refused is not None:
        raise refused


@contextmanager
def _removed_at_the_end(kept: "KeptToken") -> Iterator[None]:
    from valetkey.sandbox.process_signals import signals_deferred

    try:
        yield
    finally:
        with signals_deferred(are_kept=False):
            kept.remove()
