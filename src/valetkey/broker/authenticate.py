"""Who is calling? A bearer token of a configured issuer becomes an admitted principal."""

from valetkey.audit import RequestRefused
from valetkey.broker.broker import Broker, milliseconds
from valetkey.credentials.token_claims import RUN_CLAIM
from valetkey.errors import ValetkeyError
from valetkey.identity import (
    Principal,
    Refusal,
    TokenRejected,
    UnverifiedToken,
    admit,
    parse_unverified,
    select_issuer,
    verify,
)
from valetkey.secret import Secret


async def authenticate(broker: Broker, token: Secret, *, now: float) -> Principal | Refusal:
    """Return the principal that the token proves, with every trust rule that admits it.

    Raises `TokenRejected` for a token that proves nothing, as one of a run does. Fetching keys is
    the port's work; parsing before it and verifying after it never fetch.
    """
    unverified = parse_unverified(token)
    _check_not_ours(broker, unverified)
    issuer = select_issuer(unverified, broker.issuers)
    keys = await broker.keys.keys(issuer, unverified.kid)
    claims = verify(unverified, issuer, keys, now=now)
    return admit(claims, issuer, broker.rules)


def _check_not_ours(broker: Broker, token: UnverifiedToken) -> None:
    """Refuse what a run drew, here or at another broker: with it a run could open the next one.

    Whatever issuers are configured: that would be more life and more grants than the run was given.
    """
    own = broker.own
    if RUN_CLAIM in token.claims or (own is not None and token.issuer == own.url):
        raise TokenRejected(
            "token-own",
            "the token was drawn by a run, for a tool or for STS: here it proves nobody",
            hint="present the token that the identity provider itself gave",
        )


async def identify(broker: Broker, token: Secret, *, route: str) -> Principal | Refusal:
    """Authenticate who calls `route`; that nobody was admitted is on record before it is said."""
    now = broker.clock()
    try:
        found = await authenticate(broker, token, now=now)
    except ValetkeyError as error:
        await _record_refusal(broker, error.code, route, now=now)
        raise
    if isinstance(found, Refusal):
        await _record_refusal(broker, found.code, route, now=now)
    return found


async def _record_refusal(broker: Broker, code: str, route: str, *, now: float) -> None:
    await broker.store.append(RequestRefused(at=milliseconds(now), code=code, route=route))
