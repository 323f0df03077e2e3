"""valetkey as an issuer, for tests: real keys and signatures, sealed under a fixed secret."""

import itertools
import json
import secrets
from dataclasses import replace
from functools import cache

from tests.fakes.issuer import NOW
from valetkey.broker.key_ring import KeyRing
from valetkey.broker.local_signer import LocalSigner
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.ports import Store
from valetkey.credentials import Algorithm, KeySchedule, SigningKey
from valetkey.credentials.sealing import make_key, new_secret
from valetkey.identity import Issuer, IssuerUrl, KeySet

OWN_URL = "https://id.example.com"
SECRET = new_secret(lambda size: bytes(range(size)))


@cache
def an_rsa_key(number: int) -> SigningKey:
    """The same sealed key for the same number: RSA keys take long to make."""
    return make_key(
        Algorithm.RS256, issuer=OWN_URL, secret=SECRET, now=NOW, entropy=secrets.token_bytes
    )


class FakeMaker:
    """The key maker's port: every ES256 key is another one; RSA keys come from a cache."""

    def __init__(self) -> None:
        self.made: list[SigningKey] = []
        self._numbers = itertools.count()

    async def make(self, algorithm: Algorithm, *, issuer: str, now: float) -> SigningKey:
        if algorithm is Algorithm.RS256 and issuer == OWN_URL:
            key = replace(an_rsa_key(next(self._numbers)), created_at=int(now))
        else:
            key = make_key(
                algorithm, issuer=issuer, secret=SECRET, now=now, entropy=secrets.token_bytes
            )
        self.made.append(key)
        return key


def key_ring(
    store: Store,
    *,
    algorithms: tuple[Algorithm, ...] = (Algorithm.ES256,),
    schedule: KeySchedule | None = None,
    is_static: bool = False,
    url: str = OWN_URL,
) -> KeyRing:
    """A ring over `store` whose keys are sealed under `SECRET`; nothing is made yet."""
    return KeyRing(
        store,
        LocalSigner(SECRET),
        maker=FakeMaker(),
        issuer=url,
        algorithms=algorithms,
        schedule=schedule,
        is_static=is_static,
    )


async def own_issuer(
    store: Store,
    *,
    now: float = NOW,
    algorithms: tuple[Algorithm, ...] = (Algorithm.ES256,),
    schedule: KeySchedule | None = None,
    is_qualified: bool = False,
    url: str = OWN_URL,
) -> OwnIssuer:
    """The issuer `url` with its first keys in `store`, which sign at `now`."""
    ring = key_ring(store, algorithms=algorithms, schedule=schedule, url=url)
    await ring.keep_up(now=now)
    return OwnIssuer(IssuerUrl(url), algorithms[0], is_qualified, ring)


async def key_set(ring: KeyRing, *, now: float = NOW) -> bytes:
    """The JWK Set of the ring as bytes, its keys in the order they were made."""
    keys = [dict(key.public) for key in await ring.published(now=now)]
    return json.dumps({"keys": keys}).encode()


class OwnKeys:
    """The key source port for who believes our own issuer: its ring's key set, without HTTP."""

    def __init__(self, own: OwnIssuer, *, now: float = NOW) -> None:
        self._own = own
        self.now = now

    async def keys(self, issuer: Issuer, kid: str | None) -> KeySet:
        return KeySet.from_jwks(await key_set(self._own.ring, now=self.now), issuer.algorithms)
