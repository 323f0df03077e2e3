"""Sign a person in by OAuth 2.0 device authorization (RFC 8628), as a client without a secret.

It verifies no signature: the broker does, with the keys that it fetches itself. Here is only
checked that the token says to be of the issuer that was asked.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from valetkey.cli.device_answers import (
    Prompt,
    document_in,
    prompt_in,
    refused,
    seconds_in,
    text_in,
    unreadable,
)
from valetkey.cli.fetching import Answer, fetch
from valetkey.errors import ValetkeyError
from valetkey.identity import (
    IssuerUrl,
    JsonValue,
    TokenRejected,
    issuer_url,
    jwks_url,
    parse_unverified,
)
from valetkey.secret import Secret

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_INTERVAL: Final = 5.0  # seconds, where the issuer names none (RFC 8628 §3.2)
SLOW_DOWN: Final = 5.0  # seconds more, for this and all later requests (RFC 8628 §3.5)
MIN_INTERVAL: Final = 1.0  # seconds, whatever the issuer says
MAX_BACKOFF: Final = 60.0  # seconds
_WELL_KNOWN: Final = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """Where the broker says that people sign in. `token` names which token of the answer counts."""

    issuer: IssuerUrl
    client_id: str
    scopes: tuple[str, ...]
    token: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token that nobody has verified yet, and what it says; `expires_at` is Unix seconds."""

    token: Secret
    issuer: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How time passes while a person signs in."""

    clock: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)


def read_place(document: Mapping[str, JsonValue]) -> SignInPlace:
    """Return what `GET /v1/login` says. Raises `login-answer-unreadable` or `issuer-invalid`."""
    scopes = document.get("scopes")
    if not isinstance(scopes, tuple) or document.get("token") not in {"id_token", "access_token"}:
        raise unreadable("the broker")
    return SignInPlace(
        issuer_url(text_in(document, "issuer", of="the broker")),
        text_in(document, "client_id", of="the broker"),
        tuple(scope for scope in scopes if isinstance(scope, str)),
        text_in(document, "token", of="the broker"),
    )


def sign_in(
    place: SignInPlace, *, show: Callable[[Prompt], None], waiting: Waiting | None = None
) -> SignedIn:
    """Return the token of a person who signed in at the issuer while we waited.

    1. The issuer's own document says where its endpoints are (Discovery 1.0 §4).
    2. A device code is asked for, and what the person must do is shown.
    3. The token endpoint is asked until it says yes, no, or too late (RFC 8628 §3.5).
    4. The token is a JWT of that issuer.

    Raises a ValetkeyError: `login-denied` where the person refused, `login-code-expired`,
    `login-no-device-flow`, `login-refused`, `login-answer-unreadable`, `login-token-unfit`, or one
    of `fetch`.
    """
    # 1. Endpoints.
    device_endpoint, token_endpoint = _endpoints(place.issuer)

    # 2. A code, shown.
    asked = fetch(
        device_endpoint, form={"client_id": place.client_id, "scope": " ".join(place.scopes)}
    )
    document = document_in(asked, of=place.issuer)
    if asked.status != 200:
        raise refused(asked.status, document)
    life = seconds_in(document, "expires_in")
    interval = max(seconds_in(document, "interval", default=DEFAULT_INTERVAL), MIN_INTERVAL)
    form = {
        "grant_type": GRANT_TYPE,
        "device_code": text_in(document, "device_code", of=place.issuer),
        "client_id": place.client_id,
    }
    show(prompt_in(document, of=place.issuer, life=life))

    # 3. The answer.
    given = _wait(token_endpoint, form, life=life, interval=interval, waiting=waiting or Waiting())

    # 4. The token.
    return _fit(given, place)


def _endpoints(issuer: IssuerUrl) -> tuple[str, str]:
    answer = fetch(issuer.rstrip("/") + _WELL_KNOWN)
    document = document_in(answer, of=issuer)
    if answer.status != 200 or document.get("issuer") != issuer:
        raise unreadable(issuer)
    if "device_authorization_endpoint" not in document:
        raise ValetkeyError(
            "login-no-device-flow",
            f"issuer `{issuer}` offers no sign-in for command lines",
            hint="switch device authorization on there, or name a token's file by --token-file",
        )
    # An endpoint is held to what a key set's address is: https, or http on this machine's loopback.
    first, second = (
        jwks_url(text_in(document, name, of=issuer), issuer)
        for name in ("device_authorization_endpoint", "token_endpoint")
    )
    return first, second


def _wait(
    endpoint: str, form: Mapping[str, str], *, life: float, interval: float, waiting: Waiting
) -> Mapping[str, JsonValue]:
    """Ask at the interval until there is an answer that is one."""
    until = waiting.clock() + life
    while waiting.clock() + interval < until:
        waiting.sleep(interval)
        answer = _ask_again(endpoint, form)
        if answer is None:
            interval = max(interval, min(2 * interval, MAX_BACKOFF))  # RFC 8628 §3.5
            continue
        document = document_in(answer, of=endpoint)
        if answer.status == 200:
            return document
        match document.get("error"):
            case "authorization_pending":
                continue
            case "slow_down":
                interval += SLOW_DOWN
            case "access_denied":
                raise ValetkeyError("login-denied", "the sign-in was refused")
            case "expired_token":
                break
            case _:
                raise refused(answer.status, document)
    raise ValetkeyError(
        "login-code-expired", "nobody signed in while the code was good", hint="`valetkey login`"
    )


def _ask_again(endpoint: str, form: Mapping[str, str]) -> Answer | None:
    """Return the answer, or None where the issuer does not answer now."""
    try:
        answer = fetch(endpoint, form=form)
    except ValetkeyError as error:
        if error.code not in {"server-slow", "server-unreachable"}:
            raise
        return None
    return None if answer.status >= 500 else answer


def _fit(given: Mapping[str, JsonValue], place: SignInPlace) -> SignedIn:
    token = Secret(text_in(given, place.token, of=place.issuer))
    try:
        unverified = parse_unverified(token)
    except TokenRejected as error:
        raise ValetkeyError(
            "login-token-unfit",
            f"the {place.token} of `{place.issuer}` is no signed token that a broker can verify",
            hint='write `token = "id_token"` in the broker\'s `[login]`, or have the issuer sign'
            " access tokens",
            detail=error.message,
        ) from None
    expires_at = unverified.claims.get("exp")
    if unverified.issuer != place.issuer or not isinstance(expires_at, int):
        raise ValetkeyError(
            "login-token-unfit", f"the {place.token} is not of issuer `{place.issuer}`, or timeless"
        )
    return SignedIn(token, unverified.issuer, expires_at)
