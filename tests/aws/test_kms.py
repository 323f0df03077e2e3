"""AWS KMS as signer, against a KMS on loopback: real key pairs and DER signatures, no recording."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.aws.kms_world import (
    FakeKms,
    KmsKey,
    an_ec_key,
    an_rsa_key,
    b64,
    failing,
    kms_arn,
    kms_at,
)
from tests.aws.serving import NOW
from valetkey.aws import AmbientAws, AwsError, KmsKeyMaker, KmsSigner
from valetkey.credentials import Algorithm, SigningKey
from valetkey.credentials.issuer_documents import key_set_document
from valetkey.identity import KeySet

ISSUER = "https://id.example.com"
MESSAGE = b"header.claims"
ARN, OTHER = kms_arn("one"), kms_arn("other")


@dataclass
class World:
    kms: FakeKms
    signer: KmsSigner

    async def key(self, arn: str = ARN, algorithm: Algorithm = Algorithm.ES256) -> SigningKey:
        return await self.signer.describe(arn, algorithm, issuer=ISSUER, now=NOW)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    kms = FakeKms({ARN: an_ec_key()})
    async with kms_at(kms, monkeypatch) as signer:
        yield World(kms, signer)


def verifies(key: SigningKey, signature: bytes, message: bytes = MESSAGE) -> bool:
    """Whether someone who read the published key set takes the signature."""
    name = key.algorithm.value
    found = KeySet.from_jwks(key_set_document([key]), (name,)).find(key.kid)
    assert found is not None
    return found.verifies(name, signing_input=message, signature=signature)


@pytest.mark.parametrize(
    ("made", "algorithm", "size"),
    [(an_ec_key, Algorithm.ES256, 64), (an_rsa_key, Algorithm.RS256, 256)],
)
async def test_what_kms_signs_is_good_under_the_published_key(
    world: World, made: Any, algorithm: Algorithm, size: int
) -> None:
    world.kms.keys[ARN] = made()
    key = await world.key(ARN, algorithm)
    for number in range(8):  # r and s are short once in a while
        message = MESSAGE + bytes([number])
        signature = await world.signer.sign(key, message)
        assert len(signature) == size
        assert verifies(key, signature, message)
        assert not verifies(key, signature, b"another")


async def test_only_a_digest_leaves_and_no_more_is_asked_than_needed(world: World) -> None:
    key = await world.key()
    await world.signer.sign(key, MESSAGE)
    assert world.kms.asked == [
        ("GetPublicKey", {"KeyId": ARN}),
        (
            "Sign",
            {
                "KeyId": ARN,
                "Message": b64(hashlib.sha256(MESSAGE).digest()),
                "MessageType": "DIGEST",
                "SigningAlgorithm": "ECDSA_SHA_256",
            },
        ),
    ]


async def test_a_key_of_kms_is_described_unpublished_and_without_a_private_part(
    world: World,
) -> None:
    key = await world.key()
    assert (key.kms_key, key.sealed, key.signs_from) == (ARN, None, None)
    assert key.issuer == ISSUER
    assert key.kid == (await world.key()).kid == key.public["kid"]


async def test_a_key_that_may_be_read_and_not_used_is_no_key(world: World) -> None:
    maker = KmsKeyMaker(world.signer, ARN)
    made = await maker.make(Algorithm.ES256, issuer=ISSUER, now=NOW)
    assert made == await world.key()
    described = world.kms.keys[ARN].described(ARN)
    world.kms.answers = [(200, described), (400, failing("AccessDeniedException"))]
    with pytest.raises(AwsError) as caught:
        await maker.make(Algorithm.ES256, issuer=ISSUER, now=NOW)
    assert caught.value.code == "aws-kms-denied"


async def test_an_alias_stands_for_the_key_that_it_named_once(world: World) -> None:
    """An alias that is pointed elsewhere later would sign by a key that nobody published."""
    alias = kms_arn("alias/issuer")
    world.kms.aliases[alias] = ARN
    key = await world.key(alias)
    assert key.kms_key == ARN
    world.kms.keys[OTHER] = an_ec_key()
    world.kms.aliases[alias] = OTHER
    assert verifies(key, await world.signer.sign(key, MESSAGE))


@pytest.mark.parametrize(
    ("made", "algorithm"),
    [
        (an_rsa_key(), Algorithm.ES256),
        (an_ec_key(), Algorithm.RS256),
        (KmsKey(ec.generate_private_key(ec.SECP384R1()), ["ECDSA_SHA_384"]), Algorithm.ES256),
        # KMS calls what this curve signs by the same name
        (KmsKey(ec.generate_private_key(ec.SECP256K1()), ["ECDSA_SHA_256"]), Algorithm.ES256),
        (an_rsa_key("ENCRYPT_DECRYPT"), Algorithm.RS256),
    ],
)
async def test_a_key_that_can_not_sign_our_tokens_is_refused(
    world: World, made: KmsKey, algorithm: Algorithm
) -> None:
    world.kms.keys[ARN] = made
    with pytest.raises(AwsError) as caught:
        await world.key(ARN, algorithm)
    assert caught.value.code == "aws-kms-key-unfit"


@pytest.mark.parametrize(
    "bend",
    [
        {"KeyId": "arn:aws:kms:eu-west-1:111122223333:key/another"},
        {"KeyId": ""},
        {"SigningAlgorithm": "ECDSA_SHA_384"},
        {"Signature": b64(b"")},
        {"Signature": b64(bytes(64))},
        {"Signature": b64(encode_dss_signature(1, 1))},
        {"Signature": None},
    ],
)
async def test_a_signature_that_is_not_what_was_asked_never_leaves(
    world: World, bend: dict[str, Any]
) -> None:
    key = await world.key()
    world.kms.bend = bend
    with pytest.raises(AwsError) as caught:
        await world.signer.sign(key, MESSAGE)
    assert caught.value.code == "aws-kms-answer-mismatch"


async def test_a_good_signature_by_another_key_never_leaves(world: World) -> None:
    key = await world.key()
    world.kms.keys[ARN] = an_ec_key()
    with pytest.raises(AwsError) as caught:
        await world.signer.sign(key, MESSAGE)
    assert caught.value.code == "aws-kms-answer-mismatch"


@pytest.mark.parametrize(
    "bend",
    [
        {"PublicKey": b64(b"not DER")},
        {"PublicKey": None},
        {"KeyId": "arn:aws:kms:eu-west-1:111122223333:key/another"},
        {"SigningAlgorithms": ["ECDSA_SHA_384"]},
    ],
)
async def test_a_description_that_is_not_of_the_key_is_refused(
    world: World, bend: dict[str, Any]
) -> None:
    world.kms.bend = bend
    with pytest.raises(AwsError) as caught:
        await world.key()
    assert caught.value.code in {"aws-kms-answer-mismatch", "aws-kms-key-unfit"}


@pytest.mark.parametrize(
    ("status", "aws_code", "code"),
    [
        (400, "AccessDeniedException", "aws-kms-denied"),
        (400, "NotFoundException", "aws-kms-key-unknown"),
        (400, "DisabledException", "aws-kms-key-unusable"),
        (400, "KMSInvalidStateException", "aws-kms-key-unusable"),
        (400, "InvalidKeyUsageException", "aws-kms-key-unfit"),
        (400, "ExpiredTokenException", "aws-credentials-expired"),
        (400, "UnrecognizedClientException", "aws-credentials-invalid"),
        (400, "InvalidSignatureException", "aws-credentials-invalid"),
        (400, "SomethingNew", "aws-kms-failed"),
    ],
)
async def test_each_refusal_of_kms_says_what_to_do(
    world: World, status: int, aws_code: str, code: str
) -> None:
    key = await world.key()
    world.kms.answers = [(status, failing(aws_code))]
    with pytest.raises(AwsError) as caught:
        await world.signer.sign(key, MESSAGE)
    assert caught.value.code == code
    assert len(world.kms.asked) == 2
    assert "999988887777" not in f"{caught.value.message} {caught.value.hint}"
    assert "999988887777" in str(caught.value.detail)


async def test_a_disabled_key_and_an_unknown_one_are_told_apart(world: World) -> None:
    key = await world.key()
    world.kms.keys[ARN].is_enabled = False
    with pytest.raises(AwsError) as disabled:
        await world.signer.sign(key, MESSAGE)
    with pytest.raises(AwsError) as unknown:
        await world.key(OTHER)
    assert disabled.value.code == "aws-kms-key-unusable"
    assert unknown.value.code == "aws-kms-key-unknown"


async def test_kms_is_asked_in_the_region_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    ambient = AmbientAws(clock=lambda: NOW)
    endpoint = await ambient.endpoint("kms", ARN.split(":")[3])
    assert endpoint.url == "https://kms.eu-west-1.amazonaws.com/"
    assert endpoint.region == "eu-west-1"


@pytest.mark.parametrize("aws_code", ["ThrottlingException", "KMSInternalException"])
async def test_a_busy_kms_is_asked_again_and_not_for_ever(world: World, aws_code: str) -> None:
    key = await world.key()
    world.kms.answers = [(400, failing(aws_code)), (503, failing("Whatever"))]
    assert verifies(key, await world.signer.sign(key, MESSAGE))
    world.kms.asked.clear()
    world.kms.answers = [(400, failing(aws_code))] * 4
    with pytest.raises(AwsError) as caught:
        await world.signer.sign(key, MESSAGE)
    assert caught.value.code == "aws-kms-throttled"
    assert len(world.kms.asked) == 3


@pytest.mark.parametrize(
    "body", ["", "<html>captive portal</html>", "[]", "null", json.dumps({"Signature": 7})]
)
async def test_nonsense_is_never_taken_for_a_signature(world: World, body: str) -> None:
    key = await world.key()
    world.kms.answers = [(200, body)]
    with pytest.raises(AwsError) as caught:
        await world.signer.sign(key, MESSAGE)
    assert caught.value.code in {"aws-failed", "aws-kms-answer-mismatch"}


async def test_a_key_that_is_not_of_kms_is_never_asked_about(world: World) -> None:
    key = replace(await world.key(), kms_key=None, sealed=b"sealed")
    world.kms.asked.clear()
    with pytest.raises(AwsError) as caught:
        await world.signer.sign(key, MESSAGE)
    assert caught.value.code == "aws-kms-key-unknown"
    assert world.kms.asked == []
