"""A key set keeps what signatures may be checked with, and says why it leaves out the rest."""

import json

import pytest

from tests.fakes.issuer import SigningKey, b64, signing_key
from valetkey.identity import ALGORITHMS, KeySet, KeySetError
from valetkey.identity.base64url import decode_base64url

EC, RSA, OKP = signing_key(), signing_key(alg="RS256"), signing_key(alg="EdDSA")

POINT_X = decode_base64url(str(EC.jwk()["x"]))


def key_set(*keys: object, algorithms: tuple[str, ...] = ALGORITHMS) -> KeySet:
    return KeySet.from_jwks(json.dumps({"keys": keys}).encode(), algorithms)


def refusal_of(document: bytes) -> str:
    with pytest.raises(KeySetError) as error:
        KeySet.from_jwks(document, ALGORITHMS)
    return error.value.code


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "key-1"}, "symmetric"),
        ({"kty": "LTE", "kid": "key-1"}, "unknown-type"),
        ({"kid": "key-1"}, "unknown-type"),
        (RSA.jwk(use="enc"), "not-for-signatures"),
        (RSA.jwk(key_ops=["sign"]), "not-for-signatures"),
        (RSA.jwk(key_ops="verify"), "not-for-signatures"),
        (RSA.jwk(d="AQAB"), "private"),
        (EC.jwk(k="AQAB"), "private"),
        (RSA.jwk(alg="RSA-OAEP"), "no-accepted-algorithm"),
        (RSA.jwk(alg="HS256"), "no-accepted-algorithm"),
        (RSA.jwk(alg="ES256"), "no-accepted-algorithm"),
        (EC.jwk(alg="ES384"), "no-accepted-algorithm"),
        (EC.jwk(alg=1), "no-accepted-algorithm"),
        (EC.jwk(crv="secp256k1", alg=None), "no-accepted-algorithm"),
        (OKP.jwk(crv="Ed448"), "no-accepted-algorithm"),
        (OKP.jwk(crv="X25519"), "no-accepted-algorithm"),
        (signing_key(alg="RS256", bits=1024).jwk(), "key-size"),
        (RSA.jwk(n=b64(b"\xff" * 1025)), "key-size"),
        (signing_key(alg="RS256", exponent=3).jwk(), "exponent"),
        (RSA.jwk(e=b64(b"\xff" * 32)), "exponent"),
        (RSA.jwk(e=b64(b"\x01\x00\x00\x00")), "malformed"),
        (RSA.jwk(n=None), "malformed"),
        (RSA.jwk(n=1), "malformed"),
        (RSA.jwk(n=RSA.jwk()["n"], e="AQAB=="), "malformed"),
        (EC.jwk(x=b64(b"\x01" * 31)), "malformed"),
        (EC.jwk(x=b64(b"\0" + POINT_X)), "malformed"),
        (EC.jwk(y=EC.jwk()["x"]), "malformed"),
        (EC.jwk(y=None), "malformed"),
        (OKP.jwk(x=b64(b"\x01" * 33)), "malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unusable_key_is_left_out_with_a_reason(key: dict[str, object], reason: str) -> None:
    keys = key_set(key, signing_key("good").jwk())
    assert [left.reason for left in keys.ignored] == [reason]
    assert keys.find("key-1") is None
    assert keys.find("good") is not None
    assert keys.knows("key-1")


@pytest.mark.parametrize("kid", [1, "", [], {}])
def test_a_kid_that_is_not_text_is_left_out(kid: object) -> None:
    assert [left.reason for left in key_set(EC.jwk(kid=kid)).ignored] == ["malformed"]


def test_a_key_is_pinned_to_the_algorithms_of_its_kind() -> None:
    assert key_set(EC.jwk()).keys[0].algorithms == ("ES256",)
    assert key_set(EC.jwk(alg=None)).keys[0].algorithms == ("ES256",)
    assert key_set(RSA.jwk(alg="PS256")).keys[0].algorithms == ("PS256",)
    assert key_set(RSA.jwk(alg=None), algorithms=("RS256", "ES256")).keys[0].algorithms == (
        "RS256",
    )
    assert key_set(OKP.jwk(alg=None)).keys[0].algorithms == ("EdDSA", "Ed25519")


def test_a_key_checks_no_signature_of_another_algorithm() -> None:
    key = key_set(RSA.jwk()).keys[0]
    signature = RSA.sign(b"text")
    assert key.verifies("RS256", signing_input=b"text", signature=signature)
    assert not key.verifies("RS384", signing_input=b"text", signature=signature)
    pss = SigningKey("key-1", "PS256", RSA.private).sign(b"text")
    assert not key.verifies("PS256", signing_input=b"text", signature=pss)
    assert not key.verifies("none", signing_input=b"text", signature=b"")


def test_keys_that_share_a_kid_are_refused_together() -> None:
    twins = [EC.jwk(), signing_key("other").jwk(kid="key-1")]
    assert refusal_of(json.dumps({"keys": twins}).encode()) == "keys-duplicate-kid"


def test_an_encryption_key_may_share_a_kid_with_a_signing_key() -> None:
    keys = key_set(EC.jwk(), RSA.jwk(use="enc"))
    assert keys.find("key-1") is not None


def test_without_a_kid_only_a_lone_key_is_found() -> None:
    assert key_set(EC.jwk()).find(None) is not None
    assert key_set(EC.jwk(), signing_key("key-2").jwk()).find(None) is None
    assert key_set().find(None) is None


def test_a_named_kid_never_finds_a_nameless_key() -> None:
    assert key_set(EC.jwk(kid=None)).find("key-1") is None


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "keys-malformed"),
        (b"[]", "keys-malformed"),
        (b"{}", "keys-malformed"),
        (b'{"keys":{}}', "keys-malformed"),
        (b'{"keys":[1]}', "keys-malformed"),
        (b'{"keys":[],"keys":[]}', "keys-malformed"),
        (b'{"keys":[{"kty":"EC","kty":"RSA"}]}', "keys-malformed"),
        (b"<html>", "keys-malformed"),
        (b'{"keys":[]}' + b" " * 262_144, "keys-too-large"),
    ],
)
def test_what_is_no_key_set_is_refused(document: bytes, code: str) -> None:
    assert refusal_of(document) == code


def test_a_hundred_keys_of_a_type_are_read_and_one_more_is_not() -> None:
    entries = [EC.jwk(kid=f"key-{number}") for number in range(101)]
    assert len(key_set(*entries[:100]).keys) == 100
    assert refusal_of(json.dumps({"keys": entries}).encode()) == "keys-too-many"
