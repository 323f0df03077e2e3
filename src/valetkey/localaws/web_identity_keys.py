"""An issuer's published keys, and whether one of them made a signature. It fetches nothing.

Standard: RFC 7517 §4 and §5; "Create an OpenID Connect (OIDC) identity provider in IAM" for what
STS takes: a `kid` on each key, no `key_ops`, at most 100 RSA and 100 EC keys, and the algorithms.
joserfc does the arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from valetkey.localaws.faults import AwsError
from valetkey.localaws.strict_json import read_json
from valetkey.localaws.web_identity_token import (
    UnverifiedWebToken,
    decoded_base64url,
    invalid_token,
)

MAX_KEYS = 100  # of each type
ALGORITHMS = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
}
"""The algorithms that STS takes, each with the one type and curve of key that fits it."""

_RSA_BITS = range(2048, 8193)  # RFC 7518 §3.3; a check costs about the square of it
_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}

Jwk = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """A JWK Set by `kid`, of keys that may check signatures; `crowded` types have too many."""

    by_kid: Mapping[str, Jwk] = field(repr=False)
    crowded: frozenset[str] = frozenset()

    def check(self, token: UnverifiedWebToken) -> None:
        """Return if a key of the set made the token's signature, with an algorithm for its type.

        Raises AwsError InvalidIdentityToken.
        """
        if token.alg not in ALGORITHMS:
            raise invalid_token(f"The algorithm of the token is none of {', '.join(ALGORITHMS)}.")
        kty, curve = ALGORITHMS[token.alg]
        jwk = self.by_kid.get(token.kid)
        if jwk is None or kty in self.crowded or jwk["kty"] != kty or jwk.get("crv") != curve:
            raise no_verification_key()
        if not _verifies(jwk, token):
            raise invalid_token("The signature of the token is not valid.")


def read_keys(document: bytes) -> PublishedKeys:
    """Return the keys of a JWK Set; of two with one `kid` the later. Raises AwsError
    InvalidIdentityToken for what is no such set.
    """
    try:
        listed = read_json(document).get("keys")
    except AwsError:
        raise no_verification_key() from None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise no_verification_key()
    types = [one.get("kty") for one in listed]
    return PublishedKeys(
        by_kid={one["kid"]: one for one in listed if _is_usable(one)},
        crowded=frozenset(kty for kty in _PUBLIC if types.count(kty) > MAX_KEYS),
    )


def no_verification_key() -> AwsError:
    """Return STS's answer wherever there is no key to check a token with, in its own words."""
    return invalid_token(
        "Couldn't retrieve verification key from your identity provider,  please reference "
        "AssumeRoleWithWebIdentity documentation for requirements"
    )


def _is_usable(jwk: Jwk) -> bool:
    kid, kty = jwk.get("kid"), jwk.get("kty")
    if not (isinstance(kid, str) and kid and isinstance(kty, str) and kty in _PUBLIC):
        return False
    if jwk.get("use", "sig") != "sig" or "key_ops" in jwk or "d" in jwk:
        return False  # who can read a set with private members can sign with it
    return all(isinstance(jwk.get(name), str) for name in _PUBLIC[kty])


def _verifies(jwk: Jwk, token: UnverifiedWebToken) -> bool:
    """Tell whether the key made the signature; only its public members are looked at."""
    kty = jwk["kty"]
    members = {"kty": kty, **{name: jwk[name] for name in _PUBLIC[kty]}}
    if kty == "RSA" and not _is_sound(members):
        return False
    try:
        key = RSAKey.import_key(members) if kty == "RSA" else ECKey.import_key(members)
        model = JWSRegistry(algorithms=[token.alg]).get_alg(token.alg)
        model.check_key(key)
        return model.verify(token.signing_input, token.signature, key) is True
    except (JoseError, ValueError, TypeError):
        return False


def _is_sound(members: Mapping[str, str]) -> bool:
    """Tell whether an RSA key is neither weak nor so large that a check would take long."""
    try:
        modulus, exponent = (decoded_base64url(members[name]) for name in ("n", "e"))
    except AwsError:
        return False
    return int.from_bytes(modulus, "big").bit_length() in _RSA_BITS and len(exponent) <= 4
