"""A sealed key opens with its secret, in its row, and nowhere else."""

from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.fakes.own_issuer import OWN_URL, SECRET, an_rsa_key
from valetkey.credentials import Algorithm, CredentialsError, SigningKey
from valetkey.credentials.public_jwk import public_jwk
from valetkey.credentials.sealing import make_key, new_secret, unseal
from valetkey.identity.base64url import decode_base64url
from valetkey.secret import Secret

NOW = 1_800_000_000
OTHER_SECRET = new_secret(lambda size: b"o" * size)


def a_key(nonce: int = 1) -> SigningKey:
    return make_key(
        Algorithm.ES256,
        issuer=OWN_URL,
        secret=SECRET,
        now=NOW + 0.9,
        entropy=lambda size: nonce.to_bytes(size, "big"),
    )


KEY = a_key()
SEALED = KEY.sealed or b""


def _code(key: SigningKey, secret: Secret = SECRET) -> str:
    with pytest.raises(CredentialsError) as refused:
        unseal(key, secret)
    assert refused.value.__cause__ is None
    return refused.value.code


def test_a_new_secret_is_32_bytes_of_base64url() -> None:
    secret = new_secret(lambda size: b"\xff" * size)
    assert secret.reveal() == "_" * 42 + "8"


def test_a_made_key_is_unpublished_and_its_public_part_is_published_whole() -> None:
    assert (KEY.created_at, KEY.published_at, KEY.signs_from) == (NOW, None, None)
    assert set(KEY.public) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (KEY.public["kid"], KEY.public["alg"], KEY.public["use"]) == (KEY.kid, "ES256", "sig")


def test_what_was_sealed_opens() -> None:
    private = unseal(KEY, SECRET)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert public_jwk(private.public_key(), Algorithm.ES256) == KEY.public
    rsa_key = an_rsa_key(0)
    opened = unseal(rsa_key, SECRET)
    assert isinstance(opened, rsa.RSAPrivateKey)
    assert opened.key_size == 2048


def test_no_key_has_a_name_that_a_command_takes_for_an_option() -> None:
    assert not any(a_key().kid.startswith("-") for _ in range(300))


def test_no_two_keys_share_a_nonce_or_a_pair() -> None:
    one, two = a_key(1), a_key(2)
    assert one.kid != two.kid
    assert (one.sealed or b"")[:13] != (two.sealed or b"")[:13]
    assert (one.sealed or b"")[0] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example.com"},
        {"kid": "another"},
        {"algorithm": Algorithm.RS256},
        {"public": {**KEY.public, "x": a_key(3).public["x"]}},
        {"public": {**a_key(3).public, "kid": KEY.kid}},
        {"sealed": a_key(4).sealed},
        {"sealed": b""},
        {"sealed": SEALED[:28]},
        {"sealed": SEALED[:-1]},
        {"sealed": SEALED + b"\0"},
        {"sealed": b"\2" + SEALED[1:]},
        {"sealed": SEALED[:5] + bytes([SEALED[5] ^ 1]) + SEALED[6:]},
        {"sealed": SEALED[:40] + bytes([SEALED[40] ^ 1]) + SEALED[41:]},
    ],
)
def test_a_key_that_was_changed_or_moved_does_not_open(changes: dict[str, object]) -> None:
    assert _code(replace(KEY, **changes)) == "signing-key-sealed"  # type: ignore[arg-type]


def test_another_secret_opens_nothing_and_the_error_says_what_to_do() -> None:
    with pytest.raises(CredentialsError) as refused:
        unseal(KEY, OTHER_SECRET)
    assert refused.value.code == "signing-key-sealed"
    assert refused.value.hint
    assert OTHER_SECRET.reveal() not in f"{refused.value}{refused.value.hint}"


def test_a_wiped_key_does_not_open() -> None:
    assert _code(replace(KEY, sealed=None)) == "signing-key-wiped"


def test_a_key_of_kms_has_nothing_to_open() -> None:
    of_kms = replace(KEY, sealed=None, kms_key="arn:aws:kms:eu-west-1:111122223333:key/1")
    assert _code(of_kms) == "signing-key-in-kms"


@pytest.mark.parametrize("text", ["", "short", "!" * 43, urlsafe_b64encode(b"x" * 33).decode()])
def test_a_secret_of_another_size_is_refused(text: str) -> None:
    assert _code(KEY, Secret(text)) == "wrapping-secret"


def test_the_name_of_a_key_is_its_thumbprint() -> None:
    """RFC 7638 section 3.1 has this key and this name."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    number = int.from_bytes(decode_base64url(modulus), "big")
    jwk = public_jwk(rsa.RSAPublicNumbers(65537, number).public_key(), Algorithm.RS256)
    assert jwk == {
        "kty": "RSA",
        "n": modulus,
        "e": "AQAB",
        "alg": "RS256",
        "use": "sig",
        "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    }


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP384R1()).public_key(), Algorithm.ES256),
        (ec.generate_private_key(ec.SECP256R1()).public_key(), Algorithm.RS256),
        (rsa.RSAPublicNumbers(65537, (1 << 1023) | 1).public_key(), Algorithm.RS256),
        (rsa.RSAPublicNumbers(65537, (1 << 4100) | 1).public_key(), Algorithm.RS256),
    ],
)
def test_a_key_that_the_algorithm_can_not_use_is_refused(
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, algorithm: Algorithm
) -> None:
    with pytest.raises(CredentialsError) as refused:
        public_jwk(key, algorithm)
    assert refused.value.code == "signing-key-unfit"
