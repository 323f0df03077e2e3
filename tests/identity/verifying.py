"""What every test of this folder does with a token: the whole way, at the fakes' instant."""

from tests.fakes.issuer import NOW, FakeIssuer
from valetkey.identity import Claims, Issuer, KeySet, parse_unverified, verify
from valetkey.secret import Secret


def keys_of(fake: FakeIssuer, issuer: Issuer) -> KeySet:
    return KeySet.from_jwks(fake.jwks(), issuer.algorithms)


def claims_of(
    token: Secret, fake: FakeIssuer, *, issuer: Issuer | None = None, now: float = NOW
) -> Claims:
    """The verified claims of `token`, by the keys that `fake` publishes."""
    configured = issuer or fake.configured()
    return verify(parse_unverified(token), configured, keys_of(fake, configured), now=now)
