"""STS over aiohttp: a call costs 0.2 ms of CPU.

It asks and reads; whether the answer is what was asked is judged in `credentials`.
"""

import asyncio
import logging
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from botocore.credentials import ReadOnlyCredentials

from valetkey.aws.ambient import AmbientAws
from valetkey.aws.errors import AwsError
from valetkey.aws.refusals import RENEWABLE, sts_error
from valetkey.aws.wire import Shape, parsed, signed, unheard, whole
from valetkey.credentials import PACKED_SIZE_WARNING, AssumedRole, AssumeRoleRequest
from valetkey.secret import Secret

log = logging.getLogger("valetkey.aws")

CALL_SECONDS = 10
"""STS answers within a second; a call that takes longer is not waited for by any SDK."""
ATTEMPTS = 3
FIRST_PAUSE = 0.2


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
            "AssumeRole",
            parameters,
            ambient=await self._identity(request.profile),
            region=request.region,
            subject=str(request.role),
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

    async def caller_arn(self, profile: str | None = None) -> str:
        """Return the ARN that AWS knows a profile by (STS `GetCallerIdentity`).

        None is the broker's own identity.
        """
        ambient = await self._identity(profile)
        answer, _ = await self._call(
            "GetCallerIdentity", {}, ambient=ambient, region=None, subject="the caller"
        )
        arn = answer.get("Arn")
        if not arn:
            raise AwsError("aws-failed", "STS answered without saying who we are")
        return str(arn)

    async def has_session_tags(self) -> bool:
        """Say whether the broker's own session is known to carry transitive tags."""
        return await self._ambient.has_session_tags()

    async def _identity(self, profile: str | None) -> AmbientAws:
        if profile is None:
            return self._ambient
        return await asyncio.to_thread(self._ambient.for_profile, profile)

    async def _call(
        self,
        operation: str,
        parameters: Shape,
        *,
        ambient: AmbientAws,
        region: str | None,
        subject: str,
    ) -> tuple[Shape, float]:
        pause, attempt, has_other = FIRST_PAUSE, 1, False
        while True:
            keys = await ambient.credentials()
            try:
                return await self._call_once(
                    operation, parameters, ambient=ambient, keys=keys, region=region, of=subject
                )
            except AwsError as error:
                if not has_other and await _has_other(ambient, keys, error):
                    has_other = True  # the same call once more, with what a person put there
                    continue
                if not error.retryable or attempt == ATTEMPTS:
                    raise
            attempt += 1
            await asyncio.sleep(pause)
            pause *= 3

    async def _call_once(
        self,
        operation: str,
        parameters: Shape,
        *,
        ambient: AmbientAws,
        keys: ReadOnlyCredentials,
        region: str | None,
        of: str,
    ) -> tuple[Shape, float]:
        endpoint = await ambient.sts_endpoint(region)
        model = ambient.sts_model.operation_model(operation)
        request = signed(parameters, model, endpoint, keys=keys)
        try:
            async with self._http.post(
                endpoint.url,
                data=request.body,
                headers=dict(request.headers.items()),
                allow_redirects=False,
                proxy=endpoint.proxy,
                ssl=endpoint.tls,
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            ) as response:
                body = await whole(response)
                status, headers = response.status, dict(response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unheard(error, endpoint.url) from None
        answered_at = self._note_time(headers)
        answer = parsed(model, status, headers, body=body)
        if status == 200:
            return answer, answered_at
        problem = answer.get("Error", {})
        raise sts_error(
            str(problem.get("Code", status)),
            str(problem.get("Message", "")),
            role=of,
            profile=ambient.owner,
            renewal=ambient.renewal,
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


async def _has_other(ambient: AmbientAws, used: ReadOnlyCredentials, error: AwsError) -> bool:
    """Say whether others are there now than those that AWS refused.

    Where the error is not about the keys, only an edited file is a reason to look: it may have
    another role's keys in it, or the right endpoint.
    """
    found = await ambient.credentials(instead_of=used, anyway=error.code in RENEWABLE)
    return bool(found != used)


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
