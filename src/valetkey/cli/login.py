"""`valetkey login` and `valetkey logout`: sign in at a broker to operate it, and forget that."""

import os
from typing import TYPE_CHECKING

import typer

from valetkey.cli.options import DEFAULT_BROKER, BrokerUrl
from valetkey.cli.output import DENIED, print_error, printable, tell
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valetkey.cli.device_answers import Prompt
    from valetkey.identity import JsonValue
    from valetkey.secret import Secret


_OPERATORS_TURN = (
    "tell who operates the broker: its log says more, and its `[login]` and `[[issuers]]` say "
    "which tokens it takes"
)


def login(broker: BrokerUrl = DEFAULT_BROKER) -> None:
    """Sign in at a broker, to see and revoke its runs or read its audit log.

    Opens no browser: it shows an address and a code, and waits until you signed in there. The
    token lies in valetkey's home folder, for your account alone, until `valetkey logout`.
    """
    from valetkey.cli.device_flow import read_place, sign_in
    from valetkey.cli.sessions import Session, canonical, store_session

    url = canonical(broker)
    place = read_place(_get(url, "/v1/login"))
    try:
        signed_in = sign_in(place, show=_show)
    except ValetkeyError as error:
        if error.code != "login-denied":
            raise
        print_error(error)
        raise typer.Exit(DENIED) from None
    who = _get(url, "/v1/whoami", bearer=signed_in.token)
    issuer, subject, powers = who.get("issuer"), who.get("subject"), who.get("powers")
    if issuer != place.issuer or not isinstance(subject, str) or not isinstance(powers, tuple):
        raise ValetkeyError("login-answer-unreadable", f"`{url}` does not say who you are")
    session = Session(url, place.issuer, subject, signed_in.expires_at, signed_in.token)
    store_session(session, os.environ)
    may = ", ".join(str(power) for power in powers)
    print(printable(f"signed in at {url} as {subject} of {issuer} until {session.until}"))
    print(printable(f"you may: {may}"))


def logout(broker: BrokerUrl = DEFAULT_BROKER) -> None:
    """Forget the session at a broker.

    The token is removed from this machine; where it is stolen already it lives until it expires.
    """
    from valetkey.cli.sessions import canonical, drop_session

    was_there = drop_session(broker, os.environ)
    print(f"{'signed out at' if was_there else 'you were not signed in at'} {canonical(broker)}")


def _show(prompt: "Prompt") -> None:
    tell(f"open {printable(prompt.address)} and enter the code {printable(prompt.code)}")
    if prompt.complete is not None:
        tell(f"or open {printable(prompt.complete)} and compare the code")
    minutes, seconds = divmod(prompt.seconds, 60)
    tell(f"waiting for {f'{minutes} min' if minutes else f'{seconds} s'} at most; Ctrl-C stops it")


def _get(url: str, path: str, *, bearer: "Secret | None" = None) -> "Mapping[str, JsonValue]":
    from valetkey.cli.fetching import fetch
    from valetkey.identity import StrictJsonError, parse_object
    from valetkey.sandbox.document import problem_in
    from valetkey.sandbox.errors import TokenRefusedError

    answer = fetch(url + path, bearer=bearer)
    if answer.status != 200:
        error = problem_in(answer.status, answer.body)
        if isinstance(error, TokenRefusedError):
            raise TokenRefusedError(error.code, error.message, hint=_OPERATORS_TURN)
        raise error
    try:
        return parse_object(answer.body)
    except StrictJsonError:
        raise ValetkeyError(
            "login-answer-unreadable",
            f"what `{url}` answers is not understood",
            hint="is this address a broker?",
        ) from None
