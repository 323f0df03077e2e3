"""A token of our own proves nobody here: what a run drew opens no run and calls no route."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.broker.exchanging import given, leaf
from tests.fakes.own_issuer import OWN_URL
from tests.fakes.platform import Platform
from tests.fakes.tokens import BILLING_URL, token_platform
from valetkey.broker import OpenRequest, authenticate, identify, open_run
from valetkey.credentials import STS_AUDIENCE
from valetkey.errors import ValetkeyError
from valetkey.identity import (
    ClaimCheck,
    Issuer,
    IssuerUrl,
    KeySet,
    Power,
    TokenRejected,
    TrustRule,
)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with token_platform(tmp_path) as made:
        yield made


class NoKeys:
    """The key source port where nobody's keys may be asked for."""

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        raise AssertionError(f"the keys of {issuer.url} were fetched")


@pytest.mark.parametrize("place", ["actor_token", "subject_token"])
@pytest.mark.parametrize("target", ["billing", "direct"])
@pytest.mark.parametrize("is_configured", [False, True])
async def test_our_own_tokens_open_no_run(
    here: Platform, place: str, target: str, is_configured: bool
) -> None:
    """Else a run opens the next one, with more life and grants, whatever issuers are configured."""
    minted = (await given(here, (await here.open()).token, target)).token
    own = here.broker.own
    assert own is not None
    audiences = ("valetkey", BILLING_URL, STS_AUDIENCE)
    ourselves = Issuer("ourselves", own.url, audiences, ("ES256",), types=("at+jwt", "JWT"))
    acting = {"act.sub": ClaimCheck.of("orchestrator")}
    rules = (
        TrustRule("own-people", "ourselves", acting, Power.BE_WORKED_FOR),
        TrustRule("own", "ourselves", acting, Power.OPEN_RUNS, ("own-people", "end-users")),
    )
    if is_configured:
        changed = {"issuers": (*here.broker.issuers, ourselves), "rules": here.broker.rules + rules}
        here.broker = replace(here.broker, **changed)  # type: ignore[arg-type]
    changes: dict[str, Any] = {place: minted}
    request: OpenRequest = here.request(**changes)
    with pytest.raises(ValetkeyError) as caught:
        await open_run(here.broker, request)
    assert caught.value.code == "token-own"
    assert (await leaf(here))["code"] == "token-own"


async def test_our_own_tokens_prove_nobody_on_any_route_and_no_key_is_asked_for(
    here: Platform,
) -> None:
    """Neither those of another broker that this one believes: they say `valetkey_run`."""
    minted = (await given(here, (await here.open()).token)).token
    own = here.broker.own
    assert own is not None
    ourselves = Issuer("ourselves", own.url, (BILLING_URL,), ("ES256",), types=("at+jwt",))
    elsewhere = replace(own, url=IssuerUrl("https://other.example"))
    for signer in (own, elsewhere, None):
        broker = replace(here.broker, own=signer, issuers=(ourselves,), keys=NoKeys())
        with pytest.raises(TokenRejected) as caught:
            await identify(broker, minted, route="GET /v1/runs")
        assert caught.value.code == "token-own"
        assert (await leaf(here))["code"] == "token-own"


async def test_a_token_in_our_own_name_proves_nobody_whatever_it_says(here: Platform) -> None:
    """The second of the two locks: it needs no claim that only we write."""
    token = here.subject(iss=OWN_URL)
    with pytest.raises(TokenRejected) as caught:
        await authenticate(replace(here.broker, keys=NoKeys()), token, now=here.clock())
    assert caught.value.code == "token-own"
