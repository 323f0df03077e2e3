"""Issue, then check: a token that is not what was asked for never leaves the mint."""

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from tests.fakes.issuer import NOW
from tests.fakes.issuer import signing_key as key_pair
from valetkey.broker import minting
from valetkey.broker.errors import BrokerError
from valetkey.broker.key_ring import KeyRing
from valetkey.broker.minting import ACCESS_TOKEN, JWT, mint
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import Algorithm, SigningKey
from valetkey.credentials.own_token import header_text
from valetkey.credentials.own_token import signing_input as spelled
from valetkey.credentials.token_claims import Json
from valetkey.identity import Issuer, IssuerUrl, KeySet, parse_unverified, verify

URL = IssuerUrl("https://id.example.com")
CLAIMS: dict[str, Json] = {
    "iss": URL,
    "sub": "alice",
    "aud": "https://billing.internal/mcp",
    "exp": NOW + 300,
    "nbf": NOW,
    "iat": NOW,
    "jti": "t-1",
}


@dataclass
class Ring:
    """Signs by one key of each algorithm; `spoil` changes what comes back."""

    kms: bool = False
    spoiled: bytes | None = None
    signed: list[bytes] = field(default_factory=list)

    async def signing(self, algorithm: Algorithm, *, now: float) -> SigningKey:
        pair = key_pair(f"own-{algorithm.value}", algorithm.value)
        public = {name: str(value) for name, value in pair.jwk().items()}
        kms = "arn:aws:kms:eu-west-1:111122223333:key/1" if self.kms else None
        return SigningKey(f"own-{algorithm.value}", URL, algorithm, public, NOW, kms_key=kms)

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        self.signed.append(signing_input)
        pair = key_pair(key.kid, key.algorithm.value)
        return pair.sign(signing_input) if self.spoiled is None else self.spoiled


def own(ring: Ring) -> OwnIssuer:
    return OwnIssuer(URL, Algorithm.ES256, qualified=False, ring=cast("KeyRing", ring))


def published(algorithm: str = "ES256") -> KeySet:
    pair = key_pair(f"own-{algorithm}", algorithm)
    jwk = {name: str(value) for name, value in pair.jwk().items()}
    return minting.key_set(jwk, algorithm)


@pytest.mark.parametrize("algorithm", [None, Algorithm.ES256, Algorithm.RS256])
async def test_a_minted_token_is_verified_by_the_published_key(
    algorithm: Algorithm | None,
) -> None:
    name = "ES256" if algorithm is None else algorithm.value
    minted = await mint(own(Ring()), CLAIMS, typ=JWT, algorithm=algorithm, now=NOW)
    token = parse_unverified(minted.token)
    issuer = Issuer("own", URL, ("https://billing.internal/mcp",), (name,))
    assert verify(token, issuer, published(name), now=NOW + 1).subject == "alice"
    assert (minted.key_id, minted.token_id) == (f"own-{name}", "t-1")
    assert minted.expires_at == NOW + 300


@pytest.mark.parametrize("typ", [JWT, ACCESS_TOKEN])
async def test_the_header_says_algorithm_key_and_kind(typ: str) -> None:
    minted = await mint(own(Ring()), CLAIMS, typ=typ, algorithm=None, now=NOW)
    token = parse_unverified(minted.token)
    assert (token.alg, token.kid, token.typ) == ("ES256", "own-ES256", typ)


async def refused(ring: Ring, claims: dict[str, Json] = CLAIMS) -> str:
    with pytest.raises(BrokerError) as caught:
        await mint(own(ring), claims, typ=JWT, algorithm=None, now=NOW)
    assert "alice" not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "bob"},
        {"aud": "https://other.internal"},
        {"exp": NOW + 86_400},
        {"more": "1"},
        {"exp": True},
    ],
)
async def test_a_fault_of_the_speller_is_caught(
    change: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault is planted where the token is spelled; the ring signs it as it is told."""
    monkeypatch.setattr(
        minting, "signing_input", lambda header, claims: spelled(header, {**claims, **change})
    )
    assert await refused(Ring()) == "token-not-as-asked"


async def test_a_claim_that_the_speller_dropped_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_tags(header: bytes, claims: dict[str, Json]) -> bytes:
        return spelled(header, {n: v for n, v in claims.items() if n != "tags"})

    monkeypatch.setattr(minting, "signing_input", without_tags)
    tagged: dict[str, Json] = {**CLAIMS, "tags": {"user_id": ["alice"]}}
    assert await refused(Ring(), tagged) == "token-not-as-asked"


async def test_a_header_of_another_key_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    other = header_text("ES256", "another", JWT)
    monkeypatch.setattr(minting, "signing_input", lambda _, claims: spelled(other, claims))
    assert await refused(Ring()) == "token-not-as-asked"


@pytest.mark.parametrize("spoiled", [bytes(64), b"", b"\x30\x44" + bytes(68)])
async def test_a_signature_from_elsewhere_is_checked_under_the_published_key(
    spoiled: bytes,
) -> None:
    """AWS KMS answers DER; an adapter that forgets to turn it into r and s is caught."""
    assert await refused(Ring(kms=True, spoiled=spoiled)) == "token-not-as-asked"
    minted = await mint(own(Ring(kms=True)), CLAIMS, typ=JWT, algorithm=None, now=NOW)
    assert minted.token_id == "t-1"


async def test_a_signature_of_no_length_that_a_token_has_is_caught() -> None:
    der = b"\x30\x44" + bytes(68)
    assert await refused(Ring(spoiled=der)) == "token-not-as-asked"


@pytest.mark.parametrize("missing", ["jti", "exp"])
async def test_no_token_is_without_an_id_and_an_end(missing: str) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != missing}
    ring = Ring()
    assert await refused(ring, claims) == "token-not-as-asked"
    assert ring.signed == []


async def test_a_key_for_another_issuer_signs_nothing_here() -> None:
    ring = Ring()
    other = replace(own(ring), url=IssuerUrl("https://other.example.com"))
    with pytest.raises(BrokerError) as caught:
        await mint(other, CLAIMS, typ=JWT, algorithm=None, now=NOW)
    assert (caught.value.code, ring.signed) == ("token-not-as-asked", [])
