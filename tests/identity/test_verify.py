"""Verification: signatures by the right key and algorithm, edges of time, issuers kept apart."""

import hashlib
import hmac
import json
import math
from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.fakes.issuer import NOW, FakeIssuer, b64, signing_key
from tests.identity.verifying import claims_of, keys_of
from valetkey.identity import (
    Issuer,
    IssuerUrl,
    KeySet,
    TokenRejected,
    parse_unverified,
    select_issuer,
    verify,
)
from valetkey.secret import Secret

ALGORITHMS = (
    *("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("EdDSA", "Ed25519"),
)


def rejection_of(
    token: Secret, fake: FakeIssuer, *, issuer: Issuer | None = None, now: float = NOW
) -> str:
    with pytest.raises(TokenRejected) as rejection:
        claims_of(token, fake, issuer=issuer, now=now)
    return rejection.value.code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_configured_algorithm_is_verified(algorithm: str) -> None:
    fake = FakeIssuer(keys=[signing_key(alg=algorithm)])
    issuer = fake.configured(algorithms=(algorithm,))
    assert claims_of(fake.sign(fake.claims()), fake, issuer=issuer).subject == "alice"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_algorithm_that_is_not_configured_is_refused(algorithm: str) -> None:
    fake = FakeIssuer(keys=[signing_key(alg=algorithm)])
    other = "ES384" if algorithm != "ES384" else "ES256"
    issuer = fake.configured(algorithms=(other,))
    assert rejection_of(fake.sign(fake.claims()), fake, issuer=issuer) == "token-algorithm"


def test_verified_claims_say_what_was_signed_and_cannot_be_changed() -> None:
    fake = FakeIssuer()
    claims = claims_of(fake.sign(fake.claims(groups=["a", {"b": 1}], nbf=NOW - 5)), fake)
    assert claims.issuer == fake.url
    assert claims.audience == ("valetkey",)
    assert (claims.expires_at, claims.issued_at, claims.not_before) == (
        NOW + 600,
        NOW - 100,
        NOW - 5,
    )
    assert claims.token_id == "t-1"
    groups = claims.all["groups"]
    assert isinstance(groups, tuple)
    assert groups == ("a", {"b": 1})
    assert [type(value) for value in (claims.all, groups[1])] == [MappingProxyType] * 2


def test_a_token_signed_by_another_key_of_the_same_name_is_refused() -> None:
    fake = FakeIssuer()
    thief = FakeIssuer(keys=[replace(signing_key("thief"), kid="key-1")])
    assert rejection_of(thief.sign(fake.claims()), fake) == "token-signature"


def test_a_public_key_is_never_an_hmac_secret() -> None:
    fake = FakeIssuer(keys=[signing_key(alg="RS256")])
    issuer = fake.configured(algorithms=("RS256",))
    head = b64(json.dumps({"alg": "HS256", "kid": "key-1"}).encode())
    signing_input = f"{head}.{b64(json.dumps(fake.claims()).encode())}"
    public = json.dumps(fake.keys[0].jwk()).encode()
    mac = hmac.new(public, signing_input.encode(), hashlib.sha256).digest()
    token = Secret(f"{signing_input}.{b64(mac)}")
    assert rejection_of(token, fake, issuer=issuer) == "token-algorithm"


def test_an_embedded_key_is_not_used() -> None:
    fake, thief = FakeIssuer(), FakeIssuer(keys=[signing_key("thief")])
    token = thief.sign(fake.claims(), jwk=thief.keys[0].jwk())
    assert rejection_of(token, fake) == "token-key-unknown"
    unnamed = thief.sign(fake.claims(), jwk=thief.keys[0].jwk(), kid=None)
    assert rejection_of(unnamed, fake) == "token-signature"


def test_a_key_is_pinned_to_its_own_algorithm() -> None:
    rsa = signing_key(alg="RS256")
    fake = FakeIssuer(keys=[replace(rsa, alg="PS256")])
    token = fake.sign(fake.claims())
    fake.keys = [rsa]  # published as RS256, used as PS256
    issuer = fake.configured(algorithms=("RS256", "PS256"))
    assert rejection_of(token, fake, issuer=issuer) == "token-key-mismatch"


def test_a_token_without_kid_needs_an_issuer_with_one_key() -> None:
    fake = FakeIssuer()
    token = fake.sign(fake.claims(), kid=None)
    assert claims_of(token, fake).subject == "alice"
    fake.keys.append(signing_key("key-2"))
    assert rejection_of(token, fake) == "token-key-id-missing"


def test_an_issuer_that_withdrew_all_keys_is_believed_in_nothing() -> None:
    fake = FakeIssuer()
    tokens = [fake.sign(fake.claims()), fake.sign(fake.claims(), kid=None)]
    fake.keys = []
    assert {rejection_of(token, fake) for token in tokens} == {"token-key-unknown"}


def test_a_truncated_or_empty_signature_is_refused() -> None:
    fake = FakeIssuer()
    head, _, signature = fake.sign(fake.claims()).reveal().rpartition(".")
    for shorter in ("AA", signature[:-2], signature[:43], "A" * 86, signature + "AAAA"):
        assert rejection_of(Secret(f"{head}.{shorter}"), fake) in (
            "token-signature",
            "token-malformed",
        )


def test_a_signature_has_one_spelling() -> None:
    """The last of its 86 characters carries 2 bits; a lax decoder ignores the other 4."""
    fake = FakeIssuer()
    text = fake.sign(fake.claims()).reveal()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = alphabet.index(text[-1])
    for spare in range(1, 16):
        respelled = Secret(text[:-1] + alphabet[at + spare])
        assert rejection_of(respelled, fake) == "token-malformed"


@pytest.mark.parametrize(
    ("leeway", "now", "accepted"),
    [
        (0, NOW + 599.999, True),
        (0, NOW + 600, False),
        (30, NOW + 629.999, True),
        (30, NOW + 630, False),
        (300, NOW + 899, True),
        (300, NOW + 900, False),
    ],
)
def test_a_token_ends_at_exp_plus_leeway_exactly(leeway: int, now: float, accepted: bool) -> None:
    fake = FakeIssuer()
    token, issuer = fake.sign(fake.claims()), fake.configured(leeway=leeway)
    if accepted:
        assert claims_of(token, fake, issuer=issuer, now=now).subject == "alice"
    else:
        assert rejection_of(token, fake, issuer=issuer, now=now) == "token-expired"


@pytest.mark.parametrize("now", [math.nan, math.inf])
def test_a_clock_that_tells_no_time_admits_nobody(now: float) -> None:
    fake = FakeIssuer()
    assert rejection_of(fake.sign(fake.claims()), fake, now=now) == "token-expired"


def test_nothing_is_read_from_a_token_whose_signature_is_wrong() -> None:
    fake, thief = FakeIssuer(), FakeIssuer(keys=[replace(signing_key("thief"), kid="key-1")])
    forged = thief.sign(fake.claims(exp=NOW - 9_999, iat=None, aud="billing"))
    assert rejection_of(forged, fake) == "token-signature"


def test_a_configured_type_list_replaces_the_default() -> None:
    fake = FakeIssuer()
    issuer = replace(fake.configured(), types=("at+jwt",))
    assert rejection_of(fake.sign(fake.claims()), fake, issuer=issuer) == "token-type"
    assert rejection_of(fake.sign(fake.claims(), typ=None), fake, issuer=issuer) == "token-type"
    assert claims_of(fake.sign(fake.claims(), typ="at+jwt"), fake, issuer=issuer).subject == "alice"


def test_a_token_goes_to_the_issuer_it_names_and_to_no_other() -> None:
    ours, theirs = FakeIssuer(), FakeIssuer(url="https://other.example")
    issuers = (ours.configured("ours"), theirs.configured("theirs"))
    token = parse_unverified(theirs.sign(theirs.claims()))
    assert select_issuer(token, issuers).name == "theirs"
    with pytest.raises(TokenRejected) as rejection:
        verify(token, issuers[0], keys_of(theirs, issuers[0]), now=NOW)
    assert rejection.value.code == "token-issuer"
    with pytest.raises(TokenRejected) as rejection:
        select_issuer(token, issuers[:1])
    assert rejection.value.code == "token-issuer"


def test_one_issuers_key_does_not_sign_for_another() -> None:
    ours = FakeIssuer()
    theirs = FakeIssuer(url="https://other.example", keys=[signing_key("theirs")])
    forged = theirs.sign(ours.claims())
    assert rejection_of(forged, ours) == "token-key-unknown"


def test_a_rejection_does_not_quote_the_token() -> None:
    fake = FakeIssuer()
    token = fake.sign(fake.claims(sub="secret-person", aud="billing"))
    with pytest.raises(TokenRejected) as rejection:
        claims_of(token, fake)
    error = rejection.value
    assert "secret-person" not in f"{error} {error.hint} {error.detail}"
    assert "\n" not in f"{error}{error.detail}"


def test_a_token_that_names_an_ignored_key_says_why_in_the_log_alone() -> None:
    fake = FakeIssuer()
    document = json.dumps({"keys": [fake.keys[0].jwk(use="enc"), signing_key("key-2").jwk()]})
    keys = KeySet.from_jwks(document.encode(), ("ES256",))
    with pytest.raises(TokenRejected) as rejection:
        verify(parse_unverified(fake.sign(fake.claims())), fake.configured(), keys, now=NOW)
    assert rejection.value.code == "token-key-unknown"
    assert "not-for-signatures" in (rejection.value.detail or "")
    assert "not-for-signatures" not in str(rejection.value)


def test_equal_urls_written_differently_are_two_issuers() -> None:
    fake = FakeIssuer()
    issuer = replace(fake.configured(), url=IssuerUrl("https://issuer.example/"))
    assert rejection_of(fake.sign(fake.claims()), fake, issuer=issuer) == "token-issuer"
