"""Wycheproof's classes of signatures that are none, each refused with its reason.

`tests/vectors/tokens` has the tokens that are well signed and wrong; here the signature is.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.fakes.issuer import FakeIssuer, signing_key
from tests.identity.verifying import forged, outcome_of

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # order of P-256
P = 2**256 - 2**224 + 2**192 + 2**96 - 1  # its field
L = 2**252 + 27742317777372353535851937790883648493  # order of Ed25519


def _raw(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


PSYCHIC = [(0, 0), (0, 1), (1, 0), (1, 1), (N, N), (N, 1), (1, N), (0, N), (N, 0)]
PSYCHIC += [(N + 1, 1), (N - 1, N - 1), (2**256 - 1, 2**256 - 1), (P, P), (P - N, 1)]


@pytest.mark.parametrize(("r", "s"), PSYCHIC)
def test_a_psychic_signature_is_refused(r: int, s: int) -> None:
    """CVE-2022-21449: r and s must be within 1 and n - 1."""
    fake = FakeIssuer()
    assert outcome_of(forged(fake, "ES256", lambda _: _raw(r, s)), fake) == "token-signature"


def _numbers(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def _der(signature: bytes) -> bytes:
    return encode_dss_signature(*_numbers(signature))


RESPELLED: dict[str, Callable[[bytes], bytes]] = {
    "DER, as other standards have it": _der,
    "DER, padded to the length": lambda s: _der(s)[:64].ljust(64, b"\0"),
    "s before r": lambda s: s[32:] + s[:32],
    "numbers with a zero more": lambda s: b"\0" + s[:32] + b"\0" + s[32:],
    "a zero after": lambda s: s + b"\0",
    "a zero before": lambda s: b"\0" + s,
    "twice": lambda s: s + s,
    "r alone": lambda s: s[:32],
    "one byte short": lambda s: s[:-1],
    "r and minus s": lambda s: _raw(_numbers(s)[0], 2**256 - _numbers(s)[1]),
    "minus r and s": lambda s: _raw(N - _numbers(s)[0], _numbers(s)[1]),
    "the lengths of P-384": lambda s: s[:32].rjust(48, b"\0") + s[32:].rjust(48, b"\0"),
}


@pytest.mark.parametrize("change", RESPELLED.values(), ids=RESPELLED.keys())
def test_an_ecdsa_signature_is_r_and_s_of_32_bytes(change: Callable[[bytes], bytes]) -> None:
    """RFC 7518 §3.4."""
    fake = FakeIssuer()
    token = forged(fake, "ES256", lambda text: change(fake.keys[0].sign(text)))
    assert outcome_of(token, fake) == "token-signature"


def test_both_twins_of_an_ecdsa_signature_are_good_so_a_replay_is_known_by_jti() -> None:
    fake = FakeIssuer()

    def twin(text: bytes) -> bytes:
        r, s = _numbers(fake.keys[0].sign(text))
        return _raw(r, N - s)

    assert outcome_of(forged(fake, "ES256", twin), fake) == "accepted"


@pytest.mark.parametrize("zeros", [b"\0" * 64, b"\0" * 63 + b"\1", b"\1" + b"\0" * 63])
def test_a_psychic_ed25519_signature_is_refused(zeros: bytes) -> None:
    fake = FakeIssuer(keys=[signing_key(alg="Ed25519")])
    assert outcome_of(forged(fake, "Ed25519", lambda _: zeros), fake) == "token-signature"


def test_an_ed25519_signature_has_no_twin() -> None:
    """RFC 8032 §5.1.7: S is below L."""
    fake = FakeIssuer(keys=[signing_key(alg="Ed25519")])

    def twin(text: bytes) -> bytes:
        signature = fake.keys[0].sign(text)
        return signature[:32] + (int.from_bytes(signature[32:], "little") + L).to_bytes(
            32, "little"
        )

    assert outcome_of(forged(fake, "Ed25519", twin), fake) == "token-signature"


@cache
def _rsa() -> tuple[FakeIssuer, rsa.RSAPrivateNumbers]:
    key = signing_key(alg="RS256")
    assert isinstance(key.private, rsa.RSAPrivateKey)
    return FakeIssuer(keys=[key]), key.private.private_numbers()


def _pkcs1(text: bytes, *, info: bytes, fill: int, tail: bytes = b"") -> bytes:
    """The signature of a PKCS#1 v1.5 block that a careful verifier does not accept."""
    _, numbers = _rsa()
    block = b"\0\1" + b"\xff" * fill + b"\0" + info + hashlib.sha256(text).digest() + tail
    n = numbers.public_numbers.n
    return pow(int.from_bytes(block.ljust(256, b"\0"), "big"), numbers.d, n).to_bytes(256, "big")


SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
NO_NULL = bytes.fromhex("302f300b0609608648016503040201" + "0420")
SHA1_INFO = bytes.fromhex("3021300906052b0e03021a05000414")
BLOCKS: dict[str, Callable[[bytes], bytes]] = {
    "eight bytes of padding and rubbish behind (Bleichenbacher 2006)": lambda text: _pkcs1(
        text, info=SHA256_INFO, fill=8, tail=b"\xaa" * 194
    ),
    "no padding": lambda text: _pkcs1(text, info=SHA256_INFO, fill=0, tail=b"\0" * 202),
    "one byte behind": lambda text: _pkcs1(text, info=SHA256_INFO, fill=201, tail=b"\0"),
    "no algorithm": lambda text: _pkcs1(text, info=b"", fill=221),
    "another algorithm's name": lambda text: _pkcs1(text, info=SHA1_INFO, fill=206),
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_an_rsa_signature_is_over_the_whole_block(block: Callable[[bytes], bytes]) -> None:
    fake, _ = _rsa()
    assert outcome_of(forged(fake, "RS256", block), fake) == "token-signature"


def test_the_block_of_these_forgeries_is_otherwise_a_good_one() -> None:
    fake, _ = _rsa()
    token = forged(fake, "RS256", lambda text: _pkcs1(text, info=SHA256_INFO, fill=202))
    assert outcome_of(token, fake) == "accepted"


@pytest.mark.parametrize("value", ["0", "1", "n", "n-1", "n+1"])
def test_a_psychic_rsa_signature_is_refused(value: str) -> None:
    fake, numbers = _rsa()
    n = numbers.public_numbers.n
    number = {"0": 0, "1": 1, "n": n, "n-1": n - 1, "n+1": n + 1}[value]
    token = forged(fake, "RS256", lambda _: number.to_bytes(256, "big"))
    assert outcome_of(token, fake) == "token-signature"


def test_an_rsa_signature_has_the_length_of_its_modulus() -> None:
    fake, numbers = _rsa()

    def longer(text: bytes) -> bytes:
        return b"\0" + fake.keys[0].sign(text)

    def congruent(text: bytes) -> bytes:
        number = int.from_bytes(fake.keys[0].sign(text), "big") + numbers.public_numbers.n
        return number.to_bytes(257, "big")

    for sign in (longer, congruent):
        assert outcome_of(forged(fake, "RS256", sign), fake) == "token-signature"


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 64, padding.PSS.MAX_LENGTH])
def test_the_salt_of_a_pss_signature_is_as_long_as_its_digest(salt: object) -> None:
    """RFC 7518 §3.5."""
    fake, _ = _rsa()
    key = fake.keys[0].private
    assert isinstance(key, rsa.RSAPrivateKey)
    fake = FakeIssuer(keys=[replace(fake.keys[0], alg="PS256")])
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt)  # type: ignore[arg-type]
    token = forged(fake, "PS256", lambda text: key.sign(text, pss, hashes.SHA256()))
    assert outcome_of(token, fake) == "token-signature"


def test_the_mask_of_a_pss_signature_is_of_its_own_digest() -> None:
    """RFC 7518 §3.5."""
    fake, _ = _rsa()
    key = fake.keys[0].private
    assert isinstance(key, rsa.RSAPrivateKey)
    fake = FakeIssuer(keys=[replace(fake.keys[0], alg="PS256")])
    pss = padding.PSS(padding.MGF1(hashes.SHA512()), 32)
    token = forged(fake, "PS256", lambda text: key.sign(text, pss, hashes.SHA256()))
    assert outcome_of(token, fake) == "token-signature"
