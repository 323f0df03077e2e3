"""Keys of our own: made here, sealed for the store, opened in memory to sign. It stores none.

The port is `ports.Signer`; AWS KMS is the other one that implements it.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from valetkey.broker.ports import Entropy
from valetkey.credentials import Algorithm, SigningKey
from valetkey.credentials.sealing import PrivateKey, make_key, unseal
from valetkey.secret import Secret

_MAX_OPEN: Final = 16
_ES256: Final = ECDSA(SHA256())
_PKCS1: Final = PKCS1v15()
_SHA256: Final = SHA256()


class LocalSigner:
    """Opens a key at its first use and remembers it: to open costs more than to sign."""

    __slots__ = ("_open", "_secret")

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._open: dict[str, Callable[[bytes], bytes]] = {}

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        """Return the signature by `key`: for ES256 r‖s of 64 bytes (RFC 7518 §3.4).

        Raises CredentialsError `signing-key-sealed` or `signing-key-wiped`.
        """
        signs = self._open.get(key.kid)
        if signs is None:
            signs = self._remember(key)
        return signs(signing_input)

    def _remember(self, key: SigningKey) -> Callable[[bytes], bytes]:
        signs = _signs(unseal(key, self._secret))
        while len(self._open) >= _MAX_OPEN:
            del self._open[next(iter(self._open))]
        self._open[key.kid] = signs
        return signs


class LocalMaker:
    """Makes key pairs that are sealed under `secret`; `entropy` gives the nonces."""

    __slots__ = ("_entropy", "_secret")

    def __init__(self, secret: Secret, *, entropy: Entropy) -> None:
        self._secret = secret
        self._entropy = entropy

    async def make(self, algorithm: Algorithm, *, issuer: str, now: float) -> SigningKey:
        """Return a new key of `issuer`, unpublished. The event loop goes on meanwhile."""
        return await asyncio.to_thread(
            make_key, algorithm, issuer=issuer, secret=self._secret, now=now, entropy=self._entropy
        )


def _signs(private: PrivateKey) -> Callable[[bytes], bytes]:
    if not isinstance(private, EllipticCurvePrivateKey):
        return lambda signing_input: private.sign(signing_input, _PKCS1, _SHA256)

    def by_curve(signing_input: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(signing_input, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return by_curve
