"""What every test of this folder does with a token: the whole way, at the fakes' instant."""

import json
from collections.abc import Callable

from tests.fakes.issuer import NOW, FakeIssuer, b64
from valetkey.identity import (
    Claims,
    Issuer,
    KeySet,
    TokenRejected,
    parse_unverified,
    verify,
)
from valetkey.secret import Secret

ALL_ALGORITHMS = (
    *("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("EdDSA", "Ed25519"),
)


def keys_of(fake: FakeIssuer, issuer: Issuer) -> KeySet:
    return KeySet.from_jwks(fake.jwks(), issuer.algorithms)


def claims_of(
    token: Secret, fake: FakeIssuer, *, issuer: Issuer | None = None, now: float = NOW
) -> Claims:
    """The verified claims of `token`, by the keys that `fake` publishes."""
    configured = issuer or fake.configured()
    return verify(parse_unverified(token), configured, keys_of(fake, configured), now=now)


def outcome_of(token: Secret, fake: FakeIssuer, issuer: Issuer | None = None) -> str:
    """The code that `token` is refused with where its issuer may use every algorithm."""
    try:
        claims_of(token, fake, issuer=issuer or fake.configured(algorithms=ALL_ALGORITHMS))
    except TokenRejected as rejection:
        return rejection.code
    return "accepted"


def unsigned(fake: FakeIssuer, alg: str, **header: object) -> str:
    """Header and payload of a token that is valid but for its signature."""
    head = {"alg": alg, "kid": "key-1", "typ": "JWT", **header}
    return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(fake.claims()).encode())}"


def forged(fake: FakeIssuer, alg: str, sign: Callable[[bytes], bytes]) -> Secret:
    text = unsigned(fake, alg)
    return Secret(f"{text}.{b64(sign(text.encode()))}")
