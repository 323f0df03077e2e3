"""AWS KMS as the keeper of our signing keys: it signs, no private key ever comes here.

KMS API reference, `Sign` and `GetPublicKey`. KMS answers ECDSA signatures in DER, a token has r‖s.
What it signed is verified with the published key before anybody sees it.
"""

import asyncio
import hashlib
from typing import Any

import aiohttp
from botocore.credentials import ReadOnlyCredentials
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from valetkey.aws.ambient import AmbientAws
from valetkey.aws.errors import AwsError
from valetkey.aws.kms_refusals import kms_error, unfit
from valetkey.aws.sts import holds_others
from valetkey.aws.wire import Shape, parsed, sent, written
from valetkey.broker.key_proof import PROBE
from valetkey.broker.minting import proves
from valetkey.credentials import Algorithm, CredentialsError, SigningKey
from valetkey.credentials.ecdsa_der import raw_signature
from valetkey.credentials.public_jwk import public_jwk

CALL_SECONDS = 5
"""KMS signs within a tenth of a second, and a run waits for it."""
ATTEMPTS = 3
FIRST_PAUSE = 0.1

_BY_KMS = {Algorithm.ES256: "ECDSA_SHA_256", Algorithm.RS256: "RSASSA_PKCS1_V1_5_SHA_256"}


class KmsSigner:
    """Signs by keys of KMS (`ports.Signer`), with the broker's own AWS identity.

    It needs kms:Sign and kms:GetPublicKey. The region is that of the key's ARN.
    """

    def __init__(self, ambient: AmbientAws, http: aiohttp.ClientSession) -> None:
        self._ambient = ambient
        self._http = http

    async def describe(
        self, kms_key: str, algorithm: Algorithm, *, issuer: str, now: float
    ) -> SigningKey:
        """Return the key at the ARN `kms_key` as an unpublished one of `issuer`.

        An alias is followed here and never again: what it named now is the key. Raises AwsError,
        `aws-kms-key-unfit` for a key that can't sign by `algorithm`.
        """
        answer = await self._call("GetPublicKey", {"KeyId": kms_key}, key=kms_key)
        if answer.get("KeyUsage") != "SIGN_VERIFY":
            raise unfit(kms_key, "it is not there to sign")
        if _BY_KMS[algorithm] not in answer.get("SigningAlgorithms", ()):
            raise unfit(kms_key, f"it does not sign by {_BY_KMS[algorithm]}")
        arn = str(answer.get("KeyId", ""))
        if ":key/" not in arn or (":key/" in kms_key and arn != kms_key):
            raise _mismatch(f"{kms_key} was asked about, {arn or 'no key'} was answered")
        public = _public_members(answer.get("PublicKey"), algorithm, key=kms_key)
        return SigningKey(
            kid=public["kid"],
            issuer=issuer,
            algorithm=algorithm,
            public=public,
            created_at=int(now),
            kms_key=arn,
        )

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        """Return the JWS signature by `key`, good under its public part.

        Only a digest goes to KMS. Raises AwsError; a busy KMS is asked three times.
        """
        if key.kms_key is None:
            raise AwsError("aws-kms-key-unknown", f"signing key `{key.kid}` is not one of AWS KMS")
        by = _BY_KMS[key.algorithm]
        parameters = {
            "KeyId": key.kms_key,
            "Message": hashlib.sha256(signing_input).digest(),
            "MessageType": "DIGEST",
            "SigningAlgorithm": by,
        }
        answer = await self._call("Sign", parameters, key=key.kms_key)
        if (answer.get("KeyId"), answer.get("SigningAlgorithm")) != (key.kms_key, by):
            raise _mismatch(f"{answer.get('KeyId')} signed by {answer.get('SigningAlgorithm')}")
        signature = _as_in_a_token(answer.get("Signature"), key.algorithm)
        if not proves(key, signing_input, signature):
            raise _mismatch(f"the signature is not one of signing key {key.kid}")
        return signature

    async def _call(self, operation: str, parameters: Shape, *, key: str) -> Shape:
        ambient = self._ambient
        model = (await asyncio.to_thread(ambient.model, "kms")).operation_model(operation)
        pause, attempt, is_second = FIRST_PAUSE, 1, False
        while True:
            keys = await ambient.credentials()
            try:
                return await self._call_once(model, parameters, keys, key=key)
            except AwsError as error:
                if not is_second and await holds_others(ambient, keys, error):
                    is_second = True  # once more, with what a person put there
                    continue
                if not error.retryable or attempt == ATTEMPTS:
                    raise
            attempt += 1
            await asyncio.sleep(pause)
            pause *= 3

    async def _call_once(
        self, model: Any, parameters: Shape, keys: ReadOnlyCredentials, *, key: str
    ) -> Shape:
        endpoint = await self._ambient.endpoint("kms", key.split(":")[3])
        request = written(parameters, model, endpoint, keys=keys)
        status, headers, body = await sent(
            self._http, request, endpoint, seconds=CALL_SECONDS, of="AWS KMS"
        )
        answer = parsed(model, status, headers, body=body)
        if status == 200:
            return answer
        problem = answer.get("Error", {})
        raise kms_error(
            str(problem.get("Code", status)),
            str(problem.get("Message", "")),
            key=key,
            profile=self._ambient.owner,
            renewal=self._ambient.renewal,
            is_busy=status >= 500,
        )


class KmsKeyMaker:
    """Gives the key at one ARN whenever another key is asked for: KMS rotates no key pairs."""

    def __init__(self, signer: KmsSigner, kms_key: str) -> None:
        self._signer = signer
        self._kms_key = kms_key

    async def make(self, algorithm: Algorithm, *, issuer: str, now: float) -> SigningKey:
        """Return the key as KMS describes it now, one that has been seen to sign.

        Raises as `KmsSigner.describe` and `KmsSigner.sign`.
        """
        key = await self._signer.describe(self._kms_key, algorithm, issuer=issuer, now=now)
        await self._signer.sign(key, PROBE)
        return key


def _public_members(der: object, algorithm: Algorithm, *, key: str) -> dict[str, str]:
    try:
        found = load_der_public_key(der if isinstance(der, bytes) else b"")
    except (ValueError, TypeError):
        raise _mismatch("the public key can't be read") from None
    if not isinstance(found, EllipticCurvePublicKey | RSAPublicKey):
        raise unfit(key, "it is neither EC nor RSA")
    try:
        return public_jwk(found, algorithm)
    except CredentialsError as error:
        raise unfit(key, error.message) from None


def _as_in_a_token(signature: object, algorithm: Algorithm) -> bytes:
    if not isinstance(signature, bytes):
        raise _mismatch("there is no signature")
    if algorithm is Algorithm.RS256:
        return signature
    try:
        return raw_signature(signature)
    except CredentialsError as error:
        raise _mismatch(error.message) from None


def _mismatch(detail: str) -> AwsError:
    return AwsError(
        "aws-kms-answer-mismatch",
        "AWS KMS answered something else than it was asked for",
        hint="nothing was signed; the log says what differed",
        detail=detail,
    )
