"""Signing keys at rest: made, sealed under the wrapping secret, opened again.

Sealed is: a version byte, a nonce of 96 random bits, and the PKCS #8 private key by AES-256-GCM
(NIST SP 800-38D). The issuer, the `kid` and the algorithm are authenticated with it, so that a
sealed key moved to another row opens nowhere. It stores nothing and signs nothing.
"""

import json
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from valetkey.credentials.errors import CredentialsError
from valetkey.credentials.public_jwk import base64url, public_jwk
from valetkey.credentials.signing_key import Algorithm, SigningKey
from valetkey.secret import Secret

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

SECRET_BYTES: Final = 32
RSA_BITS: Final = 2048
"""The least of RFC 7518 §3.3, which AWS takes: a larger key signs three times slower and more, and
none of ours signs for longer than its lifetime."""
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


def new_secret(entropy: Callable[[int], bytes]) -> Secret:
    """Return a new wrapping secret: 32 bytes as base64url, 43 characters."""
    return Secret(base64url(entropy(SECRET_BYTES)))


def make_key(
    algorithm: Algorithm,
    *,
    issuer: str,
    secret: Secret,
    now: float,
    entropy: Callable[[int], bytes],
) -> SigningKey:
    """Make a key pair of `issuer`, unpublished, its private part sealed under `secret`.

    `entropy` gives the nonce; the pair itself is OpenSSL's, whose random source is not an argument.
    An RSA key takes a tenth of a second of CPU. Raises CredentialsError `wrapping-secret`.
    """
    private, public = _pair(algorithm)
    while public["kid"].startswith("-"):  # on a command line that would be an option
        private, public = _pair(algorithm)
    return SigningKey(
        kid=public["kid"],
        issuer=issuer,
        algorithm=algorithm,
        public=public,
        created_at=int(now),
        sealed=_seal(
            private,
            secret,
            bound_to=_bound_to(issuer, public["kid"], algorithm),
            nonce=entropy(_NONCE_BYTES),
        ),
    )


def unseal(key: SigningKey, secret: Secret) -> PrivateKey:
    """Open the private part of `key`; it is the one that the public part belongs to.

    Raises CredentialsError `signing-key-sealed` where the secret is another or the bytes were
    changed, `signing-key-in-kms` and `signing-key-wiped` where there is no private part.
    """
    if key.kms_key is not None:
        raise CredentialsError(
            "signing-key-in-kms",
            f"signing key `{key.kid}` is in AWS KMS, and the configuration names no `kms_key`",
            hint="`valetkey keys rotate` makes the next one; until that signs keep "
            f'`kms_key = "{key.kms_key}"`',
        )
    if key.sealed is None:
        raise CredentialsError("signing-key-wiped", f"signing key `{key.kid}` signs no more")
    version, rest = key.sealed[:1], key.sealed[1:]
    if version != _VERSION or len(rest) < _NONCE_BYTES + _TAG_BYTES:
        raise _does_not_open(key)
    try:
        opened = AESGCM(_bytes_of(secret)).decrypt(
            rest[:_NONCE_BYTES],
            rest[_NONCE_BYTES:],
            _bound_to(key.issuer, key.kid, key.algorithm),
        )
    except InvalidTag:
        raise _does_not_open(key) from None
    private = load_der_private_key(opened, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise _does_not_open(key)
    # The row's public part is published: one that was exchanged there would be trusted by AWS.
    if public_jwk(private.public_key(), key.algorithm) != dict(key.public):
        raise _does_not_open(key)
    return private


def _pair(algorithm: Algorithm) -> tuple[PrivateKey, dict[str, str]]:
    private: PrivateKey
    if algorithm is Algorithm.ES256:
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return private, public_jwk(private.public_key(), algorithm)


def _seal(private: PrivateKey, secret: Secret, *, bound_to: bytes, nonce: bytes) -> bytes:
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _VERSION + nonce + AESGCM(_bytes_of(secret)).encrypt(nonce, plain, bound_to)


def _bound_to(issuer: str, kid: str, algorithm: Algorithm) -> bytes:
    return json.dumps(["valetkey signing key", issuer, kid, algorithm.value]).encode()


def _bytes_of(secret: Secret) -> bytes:
    text = secret.reveal()
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        found = b""
    if len(found) != SECRET_BYTES:
        raise CredentialsError(
            "wrapping-secret",
            f"the secret that seals signing keys is not {SECRET_BYTES} bytes of base64url",
            hint="`valetkey keys secret FILE` writes one",
        )
    return found


def _does_not_open(key: SigningKey) -> CredentialsError:
    return CredentialsError(
        "signing-key-sealed",
        f"signing key `{key.kid}` does not open with the secret of `key_encryption`",
        hint="give back the secret it was sealed with; where that is lost or has leaked stop every "
        f"broker, write a new one, and `valetkey keys retire {key.kid} --new-secret`",
    )
