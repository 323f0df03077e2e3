"""Published keys that are no keys, or that anybody can sign for: Wycheproof's invalid curves."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.fakes.issuer import NOW, FakeIssuer, b64, signing_key
from tests.identity.verifying import ALL_ALGORITHMS
from valetkey.identity import KeySet, TokenRejected, parse_unverified, verify

P = 2**256 - 2**224 + 2**192 + 2**96 - 1  # the field of P-256


def _point() -> tuple[int, int]:
    private = signing_key().private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    numbers = private.public_key().public_numbers()
    return numbers.x, numbers.y


def _size(value: int, size: int = 32) -> str:
    return b64(value.to_bytes(size, "big"))


INVALID_POINTS: dict[str, dict[str, object]] = {
    "not on the curve": {"y": _size(_point()[1] ^ 1)},
    "on the twist: y is 0": {"y": _size(0)},
    "the origin": {"x": _size(0), "y": _size(0)},
    "x and y exchanged": {"x": _size(_point()[1]), "y": _size(_point()[0])},
    "x is the field's prime": {"x": _size(P)},
    "x is beyond the field": {"x": _size(2**256 - 1), "y": _size(2**256 - 1)},
    "one byte more": {"x": _size(_point()[0], 33)},
    "compressed: no y": {"y": None},
    "another curve's name": {"crv": "P-384"},
    "another curve's name and size": {"crv": "P-384", "x": _size(_point()[0], 48)},
    "a curve of no standard": {"crv": "P-256K"},
    "Bitcoin's curve": {"crv": "secp256k1"},
    "a number for x": {"x": 5},
    "padded base64": {"x": _size(_point()[0]) + "="},
    "another kind of key": {"kty": "OKP"},
}


@pytest.mark.parametrize("change", INVALID_POINTS.values(), ids=INVALID_POINTS.keys())
def test_a_key_that_is_no_point_of_its_curve_is_not_used(change: dict[str, object]) -> None:
    fake = FakeIssuer()
    document = json.dumps({"keys": [fake.keys[0].jwk(alg=None, **change)]}).encode()
    keys = KeySet.from_jwks(document, ALL_ALGORITHMS)
    assert keys.keys == ()
    with pytest.raises(TokenRejected) as rejection:
        token = parse_unverified(fake.sign(fake.claims()))
        verify(token, fake.configured(algorithms=ALL_ALGORITHMS), keys, now=NOW)
    assert rejection.value.code == "token-key-unknown"


# Every multiple of a point of small order is one of eight: a signature is found without the key.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_an_ed25519_key_of_small_order_is_not_used(point: str) -> None:
    key = {"kty": "OKP", "crv": "Ed25519", "kid": "key-1", "x": b64(bytes.fromhex(point))}
    keys = KeySet.from_jwks(json.dumps({"keys": [key]}).encode(), ALL_ALGORITHMS)
    assert keys.keys == ()


def test_a_key_of_its_own_curve_is_used() -> None:
    public = signing_key(alg="Ed25519").private.public_key()
    assert isinstance(public, ed25519.Ed25519PublicKey)
    key = {"kty": "OKP", "crv": "Ed25519", "kid": "key-1", "x": b64(public.public_bytes_raw())}
    assert len(KeySet.from_jwks(json.dumps({"keys": [key]}).encode(), ALL_ALGORITHMS).keys) == 1
