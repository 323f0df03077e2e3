"""Which key may check which token: algorithm and type of key decide, and nothing it says."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.fakes.issuer import FakeIssuer, SigningKey, b64, signing_key
from tests.localaws.web_issuer import part, parts
from valetkey.localaws.faults import AwsError
from valetkey.localaws.web_identity_keys import ALGORITHMS, MAX_KEYS, read_keys

EC = signing_key("ec")
RSA = signing_key("rsa", "RS256")
NO_KEY, BAD = "Couldn't retrieve verification key", "The signature of the token is not valid."


def published(*keys: dict[str, Any]) -> bytes:
    """Return a key set of these members."""
    return json.dumps({"keys": keys}).encode()


def signed(key: SigningKey, **header: Any) -> str:
    """Return a token that this key signed."""
    issuer = FakeIssuer(keys=[key])
    return issuer.sign(issuer.claims(), **header).reveal()


def verdict(text: str, *keys: dict[str, Any]) -> str:
    """Return `good`, or why the keys do not take the token."""
    try:
        read_keys(published(*keys)).check(parts(text))
    except AwsError as error:
        assert error.code == "InvalidIdentityToken"
        return error.message
    return "good"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_each_algorithm_of_sts_checks_signatures(alg: str) -> None:
    rsa = RSA.private
    key = signing_key("one", alg) if alg.startswith("ES") else SigningKey("one", alg, rsa)
    assert verdict(signed(key), key.jwk()) == "good"
    assert verdict(signed(key), key.jwk(alg=None, use=None)) == "good"
    other = signing_key("other", alg) if alg.startswith("ES") else SigningKey("other", alg, rsa)
    assert verdict(signed(key), other.jwk()).startswith(NO_KEY)
    head, body, signature = signed(key).split(".")
    changed = part({"iss": "https://issuer.example", "sub": "bob"})
    assert verdict(f"{head}.{changed}.{signature}", key.jwk()) == BAD
    assert body != changed


def test_none_and_symmetric_algorithms_are_refused() -> None:
    for alg in ("none", "None", "HS256", "PS256", "EdDSA", "ES256K", "RS1", "es256"):
        assert verdict(signed(EC, alg=alg), EC.jwk()).startswith("The algorithm of the token")


@pytest.mark.parametrize("form", ["pem", "jwk", "n"])
def test_a_public_key_is_no_shared_secret(form: str) -> None:
    assert not isinstance(RSA.private, str)
    pem = RSA.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    secret = {"pem": pem, "jwk": json.dumps(RSA.jwk()).encode(),
              "n": base64.urlsafe_b64decode(str(RSA.jwk()["n"]) + "==")}[form]  # fmt: skip
    issuer = FakeIssuer()
    message = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(issuer.claims())}"
    made = hmac.new(secret, message.encode(), hashlib.sha256).digest()
    assert "algorithm" in verdict(f"{message}.{b64(made)}", RSA.jwk())
    shared = {"kty": "oct", "kid": "rsa", "k": b64(secret)}
    assert "algorithm" in verdict(f"{message}.{b64(made)}", shared)


def test_an_algorithm_has_keys_of_one_type_and_curve() -> None:
    p384 = signing_key("ec", "ES384")
    assert verdict(signed(EC, kid="rsa"), RSA.jwk()).startswith(NO_KEY)
    assert verdict(signed(RSA, kid="ec"), EC.jwk()).startswith(NO_KEY)
    assert verdict(signed(EC), p384.jwk()).startswith(NO_KEY)
    assert verdict(signed(p384, alg="ES256"), p384.jwk()).startswith(NO_KEY)
    assert verdict(signed(RSA, alg="RS512"), RSA.jwk()) == BAD


@pytest.mark.parametrize(
    "signature",
    [bytes(64), bytes(63) + b"\x01", b"\x00" * 31 + b"\x01" + b"\x00" * 32, b"\xff" * 64, b"0",
     bytes(63), bytes(65)],
)  # fmt: skip
def test_a_signature_of_zeros_signs_nothing(signature: bytes) -> None:
    head, body, _ = signed(EC).split(".")
    assert verdict(f"{head}.{body}.{b64(signature)}", EC.jwk()) == BAD


@pytest.mark.parametrize(
    "change",
    [
        {"y": b64(bytes(32))},
        {"x": b64(bytes(32)), "y": b64(bytes(32))},
        {"x": b64(b"\xff" * 32)},
        {"x": "!"},
        {"crv": "secp256k1"},
    ],
)
def test_a_key_off_its_curve_checks_nothing(change: dict[str, Any]) -> None:
    assert verdict(signed(EC), EC.jwk(**change)) != "good"


@pytest.mark.parametrize(
    "change",
    [
        {"kid": None},
        {"kid": 1},
        {"kty": "oct"},
        {"kty": ["EC"]},
        {"use": "enc"},
        {"key_ops": ["verify"]},
        {"d": "AA"},
        {"x": None},
        {"x": 1},
    ],
)
def test_a_key_that_is_not_for_this_checks_nothing(change: dict[str, Any]) -> None:
    assert verdict(signed(EC), EC.jwk()) == "good"
    assert verdict(signed(EC), EC.jwk(**change)).startswith(NO_KEY)


def test_a_small_or_huge_rsa_key_checks_nothing() -> None:
    small = signing_key("small", "RS256", bits=1024)
    assert verdict(signed(small), small.jwk()) == BAD
    huge = RSA.jwk(n=b64(b"\xff" * 1_100))
    assert verdict(signed(RSA), huge) == BAD


def test_a_token_never_brings_its_key() -> None:
    stranger = signing_key("ec", "ES256", bits=1)  # another key of the same name
    assert stranger.private is not EC.private
    brought = signed(stranger, jwk=stranger.jwk(), jku="https://evil.example", x5c=["AA"])
    assert verdict(brought, EC.jwk()) == BAD


def test_too_many_keys_of_a_type_stop_tokens_of_that_type_alone() -> None:
    more = [EC.jwk(kid=f"more-{index}") for index in range(MAX_KEYS)]
    assert verdict(signed(EC), *more[1:], EC.jwk(), RSA.jwk()) == "good"
    assert verdict(signed(EC), *more, EC.jwk(), RSA.jwk()).startswith(NO_KEY)
    assert verdict(signed(RSA), *more, EC.jwk(), RSA.jwk()) == "good"


def test_of_two_keys_with_one_name_the_later_counts() -> None:
    stranger = signing_key("ec", "ES256", bits=1)
    assert verdict(signed(EC), stranger.jwk(), EC.jwk()) == "good"
    assert verdict(signed(EC), EC.jwk(), stranger.jwk()) == BAD


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": [1]}', b'{"keys": [], "keys": []}', b"\xff"],
)
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        read_keys(document)
    assert caught.value.code == "InvalidIdentityToken"
