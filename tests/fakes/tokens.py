"""A broker that signs tokens, its tools, and whoever takes a token of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tests.fakes.own_issuer import OWN_URL, key_set, own_issuer
from tests.fakes.platform import Clock, Platform, grant, platform
from valetkey.broker import make_policy
from valetkey.broker.exchange import Exchanged, ExchangeRequest, TokenType, exchange
from valetkey.broker.targets import Target
from valetkey.credentials import Algorithm, Grant, GrantSource, TokenGrant
from valetkey.identity import Claims, Issuer, IssuerUrl, KeySet, Refusal, parse_unverified, verify
from valetkey.secret import Secret

BILLING_URL = "https://billing.internal/mcp"
SEARCH_URL = "https://search.internal/mcp"
BILLING = TokenGrant("billing", BILLING_URL, ("read", "write"), 300)
SEARCH = TokenGrant("search", SEARCH_URL, (), 3600)
REPORTS = TokenGrant("reports", "reports", ("read",), 60, Algorithm.RS256)
"""An audience that is no URI, and a relying party that needs RS256."""
STS_ROLE = grant("direct", source=GrantSource.WEB_IDENTITY, token_to_sandbox=True)
CLOSED_ROLE = grant("brokered", source=GrantSource.WEB_IDENTITY)


@asynccontextmanager
async def token_platform(
    folder: Path,
    *,
    tokens: tuple[TokenGrant, ...] = (BILLING, SEARCH, REPORTS),
    grants: tuple[Grant, ...] = (grant(), STS_ROLE, CLOSED_ROLE),
    is_qualified: bool = False,
    clock: Clock | None = None,
) -> AsyncIterator[Platform]:
    """The platform of the other tests, which is an issuer as well."""
    async with platform(folder, grants=grants, clock=clock) as made:
        algorithms = (Algorithm.ES256, Algorithm.RS256)
        own = await own_issuer(
            made.store, now=made.clock(), algorithms=algorithms, is_qualified=is_qualified
        )
        policy = make_policy(grants, tokens)
        await made.store.put_policy(policy.version, policy.document)
        yield replace(made, broker=replace(made.broker, own=own, policy=policy))


async def asked(
    here: Platform,
    run_token: Secret,
    audience: str | None = "billing",
    *,
    resource: str | None = None,
    scopes: tuple[str, ...] | None = None,
    token_type: TokenType | None = None,
) -> Exchanged | Refusal:
    """What the broker gives for a run token."""
    request = ExchangeRequest(
        run_token=run_token,
        target=Target(audience, resource),
        scopes=scopes,
        token_type=token_type,
    )
    return await exchange(here.broker, request)


async def accepted_by(
    here: Platform, token: Secret, audience: str, *, algorithm: str = "ES256"
) -> Claims:
    """The claims as a tool with this audience reads them; raises `TokenRejected` if it takes none.

    It knows what any relying party does: our URL, and the key set as published.
    """
    own = here.broker.own
    assert own is not None
    issuer = Issuer(
        "valetkey", IssuerUrl(OWN_URL), (audience,), (algorithm,), types=("JWT", "at+jwt")
    )
    keys = KeySet.from_jwks(await key_set(own.ring, now=here.clock()), (algorithm,))
    return verify(parse_unverified(token), issuer, keys, now=here.clock())
