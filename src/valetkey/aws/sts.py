"""STS over aiohttp: a call costs 0.2 ms of CPU.

It asks and reads; whether the answer is what was asked is judged in `credentials`.
"""

import asyncio
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from botocore.credentials import ReadOnlyCredentials

from valetkey.aws.ambient import AmbientAws
from valetkey.aws.answers import assumed_role
from valetkey.aws.errors import AwsError
from valetkey.aws.refusals import RENEWABLE, sts_error
from valetkey.aws.way import check_private
from valetkey.aws.web_identity import ASKED_TWICE, ISSUER_PAUSES, parameters_of, token_error
from valetkey.aws.wire import Shape, parsed, sent, written
from valetkey.credentials import AssumedRole, AssumeRoleRequest, WebIdentityRequest
from valetkey.secret import Secret

Explain = Callable[[str, str], AwsError]
"""Says what an error's code and text mean for the call that was made."""

CALL_SECONDS = 10
"""STS answers within a second; a call that takes longer is not waited for by any SDK."""
ATTEMPTS = 3
FIRST_PAUSE = 0.2


class StsClient:
    """Calls STS with the broker's own credentials, or by web identity without any.

    `clock_skew` is STS's time minus ours, seconds. One client lives as long as the broker: it
    holds the connections.
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
        return assumed_role(answer, answered_at, role=str(request.role))

    async def assume_role_with_web_identity(
        self, request: WebIdentityRequest, token: Secret
    ) -> AssumedRole:
        """Return what STS answered to a call with our own token, which is not signed.

        No AWS credentials are needed, nor looked for. Raises `AwsError` without the token in it,
        and sends nothing where `check_way` raises.
        """
        await self.check_way(request.region)
        answer, answered_at = await self._call_unsigned(
            "AssumeRoleWithWebIdentity",
            parameters_of(request, token),
            region=request.region,
            explain=lambda code, text: token_error(code, text, request=request, token=token),
        )
        return assumed_role(answer, answered_at, role=str(request.role))

    async def check_way(self, region: str | None) -> None:
        """Raise `aws-endpoint-plain` unless a token reaches a region's STS unseen by others."""
        check_private((await self._ambient.sts_endpoint(region)).url)

    async def look(self, region: str | None) -> None:
        """Learn that a region's STS answers, and its time, without credentials. Raises `AwsError`.

        It must be one that a token may be sent to. STS refuses `GetCallerIdentity` to who does not
        sign it, and that is answer enough.
        """
        await self.check_way(region)
        refused = AwsError("aws-refused", "STS answered with a refusal")
        other = AwsError("aws-failed", "what answered is not STS")
        try:
            await self._call_unsigned(
                "GetCallerIdentity",
                {},
                region=region,
                explain=lambda code, text: other if code.isdigit() else refused,
            )
        except AwsError as error:
            if error is refused:
                return
            raise
        raise other

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
                    operation,
                    parameters,
                    ambient=ambient,
                    keys=keys,
                    region=region,
                    explain=lambda code, text: sts_error(
                        code, text, role=subject, profile=ambient.owner, renewal=ambient.renewal
                    ),
                )
            except AwsError as error:
                if not has_other and await holds_others(ambient, keys, error):
                    has_other = True  # the same call once more, with what a person put there
                    continue
                if not error.retryable or attempt == ATTEMPTS:
                    raise
            attempt += 1
            await asyncio.sleep(pause)
            pause *= 3

    async def _call_unsigned(
        self, operation: str, parameters: Shape, *, region: str | None, explain: Explain
    ) -> tuple[Shape, float]:
        pause, attempt = FIRST_PAUSE, 1
        while True:
            try:
                return await self._call_once(
                    operation,
                    parameters,
                    ambient=self._ambient,
                    keys=None,
                    region=region,
                    explain=explain,
                )
            except AwsError as error:
                most, pauses = (2, ISSUER_PAUSES) if error.code in ASKED_TWICE else (ATTEMPTS, 1)
                if not error.retryable or attempt >= most:
                    raise
            attempt += 1
            await asyncio.sleep(pause * pauses)
            pause *= 3

    async def _call_once(
        self,
        operation: str,
        parameters: Shape,
        *,
        ambient: AmbientAws,
        keys: ReadOnlyCredentials | None,
        region: str | None,
        explain: Explain,
    ) -> tuple[Shape, float]:
        endpoint = await ambient.sts_endpoint(region)
        model = ambient.sts_model.operation_model(operation)
        request = written(parameters, model, endpoint, keys=keys)
        status, headers, body = await sent(
            self._http, request, endpoint, seconds=CALL_SECONDS, of="STS"
        )
        answered_at = self._note_time(headers)
        answer = parsed(model, status, headers, body=body)
        if status == 200:
            return answer, answered_at
        problem = answer.get("Error", {})
        raise explain(str(problem.get("Code", status)), str(problem.get("Message", "")))

    def _note_time(self, headers: Mapping[str, str]) -> float:
        """Measure the skew by STS's `Date` (one-second steps) and return STS's time."""
        now = self._ambient.clock()
        try:
            stated = parsedate_to_datetime(headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return now
        self.clock_skew = stated - now
        return stated


async def holds_others(ambient: AmbientAws, used: ReadOnlyCredentials, error: AwsError) -> bool:
    """Say whether others are there now than those that AWS refused.

    Where the error is not about the keys, only an edited file is a reason to look: it may have
    another role's keys in it, or the right endpoint.
    """
    found = await ambient.credentials(instead_of=used, anyway=error.code in RENEWABLE)
    return bool(found != used)
