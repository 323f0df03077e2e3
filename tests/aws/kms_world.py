"""AWS KMS for tests: a server on loopback with real key pairs and real DER signatures.

It answers as the KMS API reference (2014-11-01) says of `GetPublicKey` and `Sign`, and checks the
form of the SigV4 signature. moto's KMS is not used: it hashes a digest once more (`MessageType`
DIGEST is not implemented, moto 5.2), answers a bare key id in place of the ARN and no `KeySpec`.
"""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.aws.serving import NOW, as_a_user, listening
from tests.fakes.issuer import signing_key
from valetkey.aws import AmbientAws, KmsSigner
from valetkey.aws.chain import Endpoint

_SIGV4 = re.compile(
    r"AWS4-HMAC-SHA256 Credential=AKIATEST/[0-9]{8}/eu-west-1/kms/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}"
)
_BY = {
    "ECDSA_SHA_256": "ECC_NIST_P256",
    "ECDSA_SHA_384": "ECC_NIST_P384",
    "RSASSA_PKCS1_V1_5_SHA_256": "RSA_2048",
}


def kms_arn(name: str) -> str:
    """The ARN of the key `name` of the fake KMS."""
    return f"arn:aws:kms:eu-west-1:111122223333:{name if '/' in name else 'key/' + name}"


@dataclass
class KmsKey:
    """A key pair in the fake KMS."""

    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    algorithms: list[str]
    usage: str = "SIGN_VERIFY"
    is_enabled: bool = True

    def described(self, arn: str) -> dict[str, Any]:
        public = self.private.public_key()
        spec = _BY.get(self.algorithms[0], "ECC_SECG_P256K1")
        return {
            "CustomerMasterKeySpec": spec,
            "KeyId": arn,
            "KeySpec": spec,
            "KeyUsage": self.usage,
            "PublicKey": b64(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
            "SigningAlgorithms": self.algorithms,
        }

    def signed(self, asked: dict[str, Any]) -> bytes:
        assert asked["MessageType"] == "DIGEST"
        digest = base64.b64decode(asked["Message"])
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(digest, padding.PKCS1v15(), Prehashed(SHA256()))
        return self.private.sign(digest, ec.ECDSA(Prehashed(SHA256())))


def an_ec_key() -> KmsKey:
    return KmsKey(ec.generate_private_key(ec.SECP256R1()), ["ECDSA_SHA_256"])


def an_rsa_key(usage: str = "SIGN_VERIFY") -> KmsKey:
    private = signing_key("kms", "RS256").private
    assert isinstance(private, rsa.RSAPrivateKey)
    return KmsKey(private, ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256"], usage)


@dataclass
class FakeKms:
    """`answers` come first; `bend` changes members of an answer."""

    keys: dict[str, KmsKey] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, Any] | str]] = field(default_factory=list)
    bend: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        match = _SIGV4.fullmatch(request.headers["Authorization"])
        assert match is not None, request.headers["Authorization"]
        assert {"host", "x-amz-date", "x-amz-target"} <= set(match[1].split(";"))
        assert request.headers["Content-Type"] == "application/x-amz-json-1.1"
        operation = request.headers["X-Amz-Target"].removeprefix("TrentService.")
        asked = await request.json()
        self.asked.append((operation, asked))
        if self.answers:
            status, body = self.answers.pop(0)
            if isinstance(body, str):
                return web.Response(status=status, text=body)
            return web.json_response(body, status=status)
        arn = self.aliases.get(asked["KeyId"], asked["KeyId"])
        key = self.keys.get(arn)
        if key is None:
            return web.json_response(failing("NotFoundException"), status=400)
        if not key.is_enabled:
            return web.json_response(failing("DisabledException"), status=400)
        if operation == "GetPublicKey":
            return web.json_response(key.described(arn) | self.bend)
        assert operation == "Sign"
        assert asked["SigningAlgorithm"] in key.algorithms
        answer = {
            "KeyId": arn,
            "Signature": b64(key.signed(asked)),
            "SigningAlgorithm": asked["SigningAlgorithm"],
        }
        return web.json_response(answer | self.bend)


def failing(code: str, text: str = "said AWS of 999988887777") -> dict[str, Any]:
    """An error as KMS sends it."""
    return {"__type": code, "message": text}


def b64(data: bytes) -> str:
    """Bytes as the JSON protocol has them."""
    return base64.b64encode(data).decode()


@asynccontextmanager
async def kms_at(kms: FakeKms, patch: pytest.MonkeyPatch) -> AsyncIterator[KmsSigner]:
    """A signer of the fake KMS, with a user's key in the environment."""
    as_a_user(patch)
    patch.setattr("valetkey.aws.kms.FIRST_PAUSE", 0.001)
    app = web.Application()
    app.router.add_post("/", kms.answer)
    async with listening(app) as url, aiohttp.ClientSession() as http:
        ambient = AmbientAws(clock=lambda: NOW, endpoint_url=url)
        # botocore takes a tenth of a second for it; one test lets it.
        where = Endpoint(f"{url}/", "eu-west-1", proxy=None, tls=True)
        ambient._endpoints["kms", "eu-west-1"] = where
        yield KmsSigner(ambient, http)
