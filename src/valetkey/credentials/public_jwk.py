"""A public key as the key set has it (RFC 7517), named after itself (RFC 7638)."""

import hashlib
from base64 import urlsafe_b64encode
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from valetkey.credentials.errors import CredentialsError
from valetkey.credentials.signing_key import Algorithm

PublicKey: TypeAlias = EllipticCurvePublicKey | RSAPublicKey

MIN_RSA_BITS = 2048
"""RFC 7518 §3.3."""
MAX_RSA_BITS = 4096
_COORDINATE_BYTES = 32


def public_jwk(key: PublicKey, algorithm: Algorithm) -> dict[str, str]:
    """Return the JWK of a key that signs by `algorithm` and for nothing else.

    `kid` is its thumbprint (RFC 7638 §3): one key has one name wherever it was made. Raises
    CredentialsError `signing-key-unfit` for a key that `algorithm` can't use or AWS would not take.
    """
    named = _curve_members(key) if algorithm is Algorithm.ES256 else _rsa_members(key)
    return {**named, "alg": algorithm.value, "kid": _thumbprint(named), "use": "sig"}


def base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _curve_members(key: PublicKey) -> dict[str, str]:
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise CredentialsError("signing-key-unfit", "ES256 needs a key on the curve P-256")
    point = key.public_numbers()
    x, y = (base64url(each.to_bytes(_COORDINATE_BYTES, "big")) for each in (point.x, point.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _rsa_members(key: PublicKey) -> dict[str, str]:
    if not isinstance(key, RSAPublicKey) or not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise CredentialsError(
            "signing-key-unfit", f"RS256 needs an RSA key of {MIN_RSA_BITS} to {MAX_RSA_BITS} bits"
        )
    numbers = key.public_numbers()
    e, n = (
        base64url(each.to_bytes((each.bit_length() + 7) // 8, "big"))
        for each in (numbers.e, numbers.n)
    )
    return {"e": e, "kty": "RSA", "n": n}


def _thumbprint(named: dict[str, str]) -> str:
    # The required members in the order of their names, as JSON without white space; base64url and
    # the constants need no escapes.
    text = ",".join(f'"{name}":"{named[name]}"' for name in sorted(named))
    return base64url(hashlib.sha256(f"{{{text}}}".encode()).digest())
