"""Signatures by sealed keys: good under what is published, and made without a text of the key."""

import json
from dataclasses import replace

import pytest

from tests.fakes.own_issuer import OWN_URL, SECRET, an_rsa_key
from valetkey.broker.local_signer import LocalMaker, LocalSigner
from valetkey.credentials import Algorithm, CredentialsError, SigningKey
from valetkey.credentials.sealing import new_secret
from valetkey.identity import KeySet

NOW = 1_800_000_000
MAKER = LocalMaker(SECRET, entropy=lambda size: b"n" * size)


async def made_key(algorithm: Algorithm = Algorithm.ES256) -> SigningKey:
    if algorithm is Algorithm.RS256:
        return an_rsa_key(0)
    return await MAKER.make(algorithm, issuer=OWN_URL, now=NOW)


def verifies(key: SigningKey, message: bytes, signature: bytes) -> bool:
    name = key.algorithm.value
    published = KeySet.from_jwks(json.dumps({"keys": [dict(key.public)]}).encode(), (name,))
    found = published.find(key.kid)
    assert found is not None
    return found.verifies(name, signing_input=message, signature=signature)


@pytest.mark.parametrize(("algorithm", "size"), [(Algorithm.ES256, 64), (Algorithm.RS256, 256)])
async def test_a_signature_is_good_under_the_published_key_alone(
    algorithm: Algorithm, size: int
) -> None:
    key, signer = await made_key(algorithm), LocalSigner(SECRET)
    for number in range(20):  # an ES256 half is short once in 256 times
        message = b"header.payload-%d" % number
        signature = await signer.sign(key, message)
        assert len(signature) == size
        assert verifies(key, message, signature)
        assert not verifies(key, message + b"!", signature)


async def test_each_key_signs_for_itself() -> None:
    signer = LocalSigner(SECRET)
    keys = [await made_key() for _ in range(20)]
    for _ in range(2):
        for key in keys:
            assert verifies(key, b"a.b", await signer.sign(key, b"a.b"))


async def test_a_key_that_another_broker_wipes_signs_on_for_the_moment_it_still_may() -> None:
    key, signer = await made_key(), LocalSigner(SECRET)
    await signer.sign(key, b"a.b")
    wiped = replace(key, sealed=None)
    assert verifies(key, b"a.b", await signer.sign(wiped, b"a.b"))
    with pytest.raises(CredentialsError) as refused:
        await LocalSigner(SECRET).sign(wiped, b"a.b")
    assert refused.value.code == "signing-key-wiped"


async def test_another_secret_signs_nothing() -> None:
    other = LocalSigner(new_secret(lambda size: b"o" * size))
    with pytest.raises(CredentialsError) as refused:
        await other.sign(await made_key(), b"a.b")
    assert refused.value.code == "signing-key-sealed"


async def test_neither_signer_nor_maker_shows_a_secret() -> None:
    signer = LocalSigner(SECRET)
    await signer.sign(await made_key(), b"a.b")
    assert SECRET.reveal() not in f"{signer!r} {MAKER!r} {signer} {MAKER}"
