"""Whoever sends a token chooses neither its algorithm nor what a key is: RFC 8725 §3.1 and §3.2."""

import hmac
import json
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.issuer import NOW, FakeIssuer, SigningKey, b64, signing_key
from tests.identity.verifying import ALL_ALGORITHMS, forged, outcome_of, unsigned
from valetkey.identity import KeySet, TokenRejected, parse_unverified, verify
from valetkey.identity.base64url import decode_base64url
from valetkey.secret import Secret


def _public_spellings(key: SigningKey) -> dict[str, bytes]:
    public = key.private.public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(serialization.Encoding.PEM, spki)
    jwk = key.jwk()
    spellings = {
        "pem": pem,
        "pem without its last line break": pem.strip(),
        "der": public.public_bytes(serialization.Encoding.DER, spki),
        "jwk": json.dumps(jwk).encode(),
        "compact jwk": json.dumps(jwk, separators=(",", ":")).encode(),
        "jwk set": json.dumps({"keys": [jwk]}).encode(),
        "first number": decode_base64url(str(jwk.get("n") or jwk["x"])),
        "kid": b"key-1",
        "nothing": b"",
    }
    if isinstance(public, rsa.RSAPublicKey):
        pkcs1 = serialization.PublicFormat.PKCS1
        spellings["pkcs1"] = public.public_bytes(serialization.Encoding.PEM, pkcs1)
    return spellings


@pytest.mark.parametrize("own", ["RS256", "ES256", "Ed25519"])
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_no_spelling_of_a_public_key_is_an_hmac_secret(own: str, alg: str) -> None:
    fake = FakeIssuer(keys=[signing_key(alg=own)])
    for name, secret in _public_spellings(fake.keys[0]).items():
        token = forged(fake, alg, partial(hmac.digest, secret, digest=f"sha{alg[2:]}"))
        assert outcome_of(token, fake) == "token-algorithm", name


def test_a_published_symmetric_key_checks_no_signature() -> None:
    fake = FakeIssuer()
    secret = b"published-by-mistake-for-everyone"
    document = {"keys": [{"kty": "oct", "kid": "key-1", "alg": "HS256", "k": b64(secret)}]}
    keys = KeySet.from_jwks(json.dumps(document).encode(), ALL_ALGORITHMS)
    token = forged(fake, "HS256", partial(hmac.digest, secret, digest="sha256"))
    with pytest.raises(TokenRejected) as rejection:
        verify(parse_unverified(token), fake.configured(algorithms=ALL_ALGORITHMS), keys, now=NOW)
    assert rejection.value.code == "token-algorithm"
    assert [ignored.reason for ignored in keys.ignored] == ["symmetric"]


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "none ", "nonе"])
def test_no_algorithm_is_none_in_any_case(alg: str) -> None:
    fake = FakeIssuer()
    text = unsigned(fake, alg)
    signature = fake.sign(fake.claims()).reveal().rpartition(".")[2]
    assert outcome_of(Secret(f"{text}.{signature}"), fake) == "token-algorithm"
    assert outcome_of(Secret(f"{text}."), fake) == "token-malformed"


ENCRYPTION = ["dir", "RSA-OAEP", "RSA1_5", "A128KW", "ECDH-ES", "PBES2-HS256+A128KW", "ES256K"]


@pytest.mark.parametrize("alg", ENCRYPTION)
def test_an_algorithm_for_something_else_costs_nothing_and_is_refused(alg: str) -> None:
    fake = FakeIssuer()
    text = unsigned(fake, alg, enc="A128GCM", p2c=2**31, p2s="AAAA")
    assert outcome_of(Secret(f"{text}.AAAA"), fake) == "token-algorithm"


def _kind(alg: str) -> str:
    return {"RS": "RSA", "PS": "RSA", "Ed": "Ed25519"}.get(alg[:2], alg)


OTHER_KINDS = [
    (own, alg)
    for own in ("ES256", "ES384", "ES512", "RS256", "Ed25519")
    for alg in ALL_ALGORITHMS
    if _kind(own) != _kind(alg)
]


@pytest.mark.parametrize(("own", "alg"), OTHER_KINDS)
def test_a_key_checks_no_signature_of_another_kind_of_key(own: str, alg: str) -> None:
    """The JWK names no algorithm, so that its type and curve alone decide."""
    key = signing_key(alg=own)
    fake = FakeIssuer(keys=[key])
    keys = KeySet.from_jwks(json.dumps({"keys": [key.jwk(alg=None)]}).encode(), ALL_ALGORITHMS)
    token = forged(fake, alg, key.sign)
    with pytest.raises(TokenRejected) as rejection:
        verify(parse_unverified(token), fake.configured(algorithms=ALL_ALGORITHMS), keys, now=NOW)
    assert rejection.value.code == "token-key-mismatch"


@pytest.mark.parametrize(("signed", "said"), [("RS256", "PS256"), ("PS256", "RS256")])
@pytest.mark.parametrize("size", ["256", "384", "512"])
def test_one_rsa_key_keeps_its_paddings_and_digests_apart(
    signed: str, said: str, size: str
) -> None:
    key = signing_key(alg="RS256")
    fake = FakeIssuer(keys=[key])
    keys = KeySet.from_jwks(json.dumps({"keys": [key.jwk(alg=None)]}).encode(), ALL_ALGORITHMS)
    token = forged(fake, said[:2] + size, replace(key, alg=signed).sign)
    with pytest.raises(TokenRejected) as rejection:
        verify(parse_unverified(token), fake.configured(algorithms=ALL_ALGORITHMS), keys, now=NOW)
    assert rejection.value.code == "token-signature"
