"""Ask a broker as the person at the keyboard: by a token's file, or as who has signed in."""

import os
import time
from typing import Annotated, Any

import typer

from valetkey.errors import ValetkeyError

TokenFile = Annotated[
    str | None,
    typer.Option(
        "--token-file",
        envvar="VALETKEY_TOKEN_FILE",
        help="The file with your own token, which a trust rule of the broker admits; without one, "
        "who `valetkey login` signed in.",
    ),
]


AskBroker = Annotated[
    str | None,
    typer.Option(
        "--broker", help="Ask the broker at this address, which records it, and read no file."
    ),
]


def ask(
    method: str,
    target: str,
    *,
    broker: str,
    token_file: str | None,
    body: bytes | None = None,
) -> dict[str, Any]:
    """Return the document that the broker answers with; an empty one for 204.

    Raises what the broker refuses, and says to sign in again where it does not know a session.
    """
    from valetkey.sandbox.address import parse_address
    from valetkey.sandbox.document import parse_document, problem_in
    from valetkey.sandbox.exchange import exchange

    status, answer = exchange(
        parse_address(broker),
        target,
        authorization=f"Bearer {bearer(broker, token_file)}",
        method=method,
        body=body,
    )
    if status not in {200, 201, 204}:
        raise with_way_out(problem_in(status, answer), token_file)
    return {} if status == 204 else parse_document(answer)


def bearer(broker: str, token_file: str | None) -> str:
    """Return the caller's token in the clear: the file's, or that of the session at the broker."""
    if token_file is not None:
        from valetkey.sandbox.token_file import read_identity_token

        return read_identity_token(token_file)
    from valetkey.cli.sessions import read_session

    return read_session(broker, os.environ, now=time.time()).token.reveal()


def with_way_out(error: ValetkeyError, token_file: str | None) -> ValetkeyError:
    """Return the error; where a session was refused, with the hint to sign in again."""
    from valetkey.sandbox.errors import TokenRefusedError

    if token_file is None and isinstance(error, TokenRefusedError):
        return TokenRefusedError(
            error.code, error.message, hint="`valetkey login` signs in again", detail=error.detail
        )
    return error
