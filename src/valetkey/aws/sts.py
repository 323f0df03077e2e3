"""STS over aiohttp, signed and parsed by botocore: a call costs 0.2 ms of CPU.

It asks and reads; whether the answer is what was asked is judged in `credentials`.
"""

import asyncio
import logging
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from valetkey.aws.ambient import AmbientAws
from valetkey.aws.errors import AwsError, sts_error
from valetkey.credentials import PACKED_SIZE_WARNING, AssumedRole, AssumeRoleRequest
from valetkey.secret import Secret

log = logging.getLogger("valetkey.aws")

CALL_SECONDS = 10
"""STS answers within a second; a call that takes longer is not waited for by any SDK."""
ATTEMPTS = 3
FIRST_PAUSE = 0.2
MAX_ANSWER_BYTES = 65_536

Shape = Mapping[str, Any]


class StsClient:
    """Calls STS with the broker's own credentials. `clock_skew` is STS's time minus ours, seconds.

    One client lives as long as the broker: it holds the connections.
    """

    def __init__(self, ambient: AmbientAws, http: aiohttp.ClientSession) -> None:
        self._ambient = ambient
        self._http = http
        self.clock_skew: float | None = None

    async def assume_role(self, request: AssumeRoleRequest) -> AssumedRole:
        """Return what STS answered. Raises `AwsError`; a busy STS is asked three times."""
        parameters: dict[str, Any] = {
            "RoleArn": str(request.role),
            "RoleSessionName": request.session_name,
            "SourceIdentity": request.source_identity,
            "DurationSeconds": request.duration,
            "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()],
            "TransitiveTagKeys": list(request.transitive_tag_keys),
        }
        if request.external_id is not None:
            parameters["ExternalId"] = request.external_id
        if request.session_policy is not None:
            parameters["Policy"] = request.session_policy
        answer, answered_at = await self._call(
            "AssumeRole", parameters, region=request.region, subject=str(request.role)
        )
        try:
            assumed = _assumed_role(answer, answered_at)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AwsError(
                "aws-failed", "STS answered without credentials", detail=repr(error)
            ) from None
        if (assumed.packed_policy_size or 0) >= PACKED_SIZE_WARNING:
            log.warning(
                "tags and session policy nearly fill what STS takes: shorten them",
                extra={"role": str(request.role), "percent": assumed.packed_policy_size},
            )
        return assumed

    async def caller_arn(self) -> str:
        """Return the ARN that AWS knows the broker by (STS `GetCallerIdentity`)."""
        answer, _ = await self._call("GetCallerIdentity", {}, region=None, subject="the broker")
        return str(answer.get("Arn", ""))

    async def has_session_tags(self) -> bool:
        """Say whether the broker's own session is known to carry transitive tags."""
        return await self._ambient.has_session_tags()

    async def _call(
        self, operation: str, parameters: Shape, *, region: str | None, subject: str
    ) -> tuple[Shape, float]:
        pause = FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._call_once(operation, parameters, region=region, subject=subject)
            except AwsError as error:
                if not error.retryable or attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(pause)
            pause *= 3
        raise AssertionError("unreachable")

    async def _call_once(
        self, operation: str, parameters: Shape, *, region: str | None, subject: str
    ) -> tuple[Shape, float]:
        endpoint = await self._ambient.sts_endpoint(region)
        signed = await self._sign(operation, parameters, url=endpoint.url, region=endpoint.region)
        try:
            async with self._http.post(
                endpoint.url,
                data=signed.body,
                headers=dict(signed.headers.items()),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            ) as response:
                body = await _whole(response)
                status, headers = response.status, dict(response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AwsError(
                "aws-unreachable",
                "STS can't be reached",
                hint="check the broker's network and the endpoint URL",
                detail=repr(error),
                retryable=True,
            ) from None
        answered_at = self._note_time(headers)
        return self._parse(operation, status, headers, body, subject=subject), answered_at

    async def _sign(
        self, operation: str, parameters: Shape, *, url: str, region: str
    ) -> AWSRequest:
        model = self._ambient.sts_model.operation_model(operation)
        wire = create_serializer("query").serialize_to_request(parameters, model)
        request = AWSRequest(method="POST", url=url, data=wire["body"], headers=wire["headers"])
        SigV4Auth(await self._ambient.credentials(), "sts", region).add_auth(request)
        return request.prepare()

    def _parse(
        self,
        operation: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        subject: str,
    ) -> Shape:
        model = self._ambient.sts_model.operation_model(operation)
        raw = {"status_code": status, "headers": headers, "body": body}
        try:
            parsed: Shape = create_parser("query").parse(raw, model.output_shape)
        except Exception as error:  # noqa: BLE001  # botocore's parser raises many kinds on nonsense
            raise AwsError(
                "aws-failed",
                "what answered is not STS",
                detail=f"status {status}, {type(error).__name__}",
                retryable=status >= 500,
            ) from None
        if status == 200:
            return parsed
        problem = parsed.get("Error", {})
        raise sts_error(
            str(problem.get("Code", status)), str(problem.get("Message", "")), role=subject
        )

    def _note_time(self, headers: Mapping[str, str]) -> float:
        """Measure the skew by STS's `Date` (one-second steps) and return STS's time."""
        now = self._ambient.clock()
        try:
            stated = parsedate_to_datetime(headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return now
        self.clock_skew = stated - now
        return stated


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer to its end; `content.read(n)` would stop at the first packet."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise AwsError("aws-failed", "what answered is not STS", detail="a huge answer")
    return bytes(body)


def _assumed_role(answer: Shape, answered_at: float) -> AssumedRole:
    credentials = answer["Credentials"]
    packed = answer.get("PackedPolicySize")
    return AssumedRole(
        access_key_id=credentials["AccessKeyId"],
        secret_access_key=Secret(credentials["SecretAccessKey"]),
        session_token=Secret(credentials["SessionToken"]),
        expiration=int(credentials["Expiration"].timestamp()),
        assumed_role_arn=answer["AssumedRoleUser"]["Arn"],
        source_identity=answer.get("SourceIdentity"),
        packed_policy_size=None if packed is None else int(packed),
        request_id=answer.get("ResponseMetadata", {}).get("RequestId", ""),
        answered_at=int(answered_at),
    )
