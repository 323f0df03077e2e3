"""Calls that find out how things stand: IAM is read, one object or item is asked for.

It changes nothing in AWS. Each call is signed by the ambient identity or by the keys it is given.
S3 GetObject (REST, path style) and DynamoDB GetItem as their API references have them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

import aiohttp
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import ReadOnlyCredentials

from valetkey.aws.ambient import AmbientAws
from valetkey.aws.chain import Endpoint
from valetkey.aws.errors import AwsError
from valetkey.aws.refusals import about_credentials
from valetkey.aws.wire import Shape, parsed, sent, written
from valetkey.credentials import AssumedRole

CALL_SECONDS = 10
DENIED, MISSING = "aws-access-denied", "aws-not-found"
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_MISSING = frozenset({"NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException"})


class Reading(Enum):
    """What became of a read: READ and ABSENT were allowed, ABSENT found nothing there."""

    READ = "read"
    ABSENT = "absent"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object; its bucket is in the region that is asked."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class DynamoItem:
    """An item of a table whose whole primary key is strings: `key` has one attribute or two."""

    table: str
    key: Mapping[str, str]

    def __str__(self) -> str:
        written_key = ",".join(f"{name}={value}" for name, value in self.key.items())
        return f"dynamodb://{self.table}/{written_key}"


class AwsProbe:
    """Asks AWS as `ambient`, or as a session. Raises AwsError; `aws-not-found` for what is not."""

    def __init__(self, ambient: AmbientAws, http: aiohttp.ClientSession) -> None:
        self._ambient = ambient
        self._http = http

    async def ask(
        self,
        service: str,
        operation: str,
        parameters: Shape,
        *,
        region: str | None,
        session: AssumedRole | None = None,
    ) -> Shape:
        """Return the answer of a service that speaks the query or a JSON protocol."""
        endpoint = await self._ambient.endpoint(service, region)
        model = await asyncio.to_thread(self._ambient.model, service)
        called = model.operation_model(operation)
        keys = await self._ambient.credentials() if session is None else _keys(session)
        request = written(parameters, called, endpoint, keys=keys)
        status, headers, body = await self._send(request, endpoint, of=service)
        answer = parsed(called, status, headers, body=body)
        if status == 200:
            return answer
        problem = answer.get("Error", {})
        code, text = str(problem.get("Code", status)), str(problem.get("Message", ""))
        raise self._error(code, text, of=f"{service}:{operation}")

    async def read(
        self, target: S3Object | DynamoItem, session: AssumedRole, *, region: str | None
    ) -> Reading:
        """Say whether the session may read the target. Nothing of its content is kept."""
        if isinstance(target, S3Object):
            return await self._read_object(target, session, region=region)
        (first, *_) = target.key
        parameters = {
            "TableName": target.table,
            "Key": {name: {"S": value} for name, value in target.key.items()},
            "ProjectionExpression": "#k",  # its answer is small, and policies ask for no more
            "ExpressionAttributeNames": {"#k": first},
        }
        try:
            answer = await self.ask(
                "dynamodb", "GetItem", parameters, region=region, session=session
            )
        except AwsError as error:
            if error.code == DENIED:
                return Reading.DENIED
            raise
        return Reading.READ if answer.get("Item") else Reading.ABSENT

    async def _read_object(
        self, target: S3Object, session: AssumedRole, *, region: str | None
    ) -> Reading:
        endpoint = await self._ambient.endpoint("s3", region)
        url = f"{endpoint.url}{target.bucket}/{quote(target.key, safe='/~')}"
        request = AWSRequest(method="GET", url=url, headers={"Range": "bytes=0-0"})
        S3SigV4Auth(_keys(session), "s3", endpoint.region).add_auth(request)
        status, _, body = await self._send(request.prepare(), endpoint, of="s3")
        if status in {200, 206, 416}:  # 416: an empty object has no first byte
            return Reading.READ
        text = body.decode("utf-8", "replace")
        code = text.partition("<Code>")[2].partition("</Code>")[0] or str(status)
        if code == "NoSuchKey":  # without the permission S3 says AccessDenied, there or not
            return Reading.ABSENT
        if code in _DENIALS:
            return Reading.DENIED
        raise self._error(code, "", of="s3:GetObject")

    async def _send(
        self, request: AWSPreparedRequest, endpoint: Endpoint, *, of: str
    ) -> tuple[int, dict[str, str], bytes]:
        return await sent(self._http, request, endpoint, seconds=CALL_SECONDS, of=of)

    def _error(self, code: str, text: str, *, of: str) -> AwsError:
        detail = f"{code}: {text}"
        if code in _DENIALS:
            return AwsError(DENIED, f"AWS denied {of}", detail=detail)
        if code in _MISSING:
            return AwsError(MISSING, f"AWS knows nothing of it ({of})", detail=detail)
        return about_credentials(
            code,
            text,
            profile=self._ambient.owner,
            renewal=self._ambient.renewal,
            detail=detail,
        ) or AwsError("aws-failed", f"AWS refused {of} ({code})", detail=detail)


def _keys(session: AssumedRole) -> ReadOnlyCredentials:
    return ReadOnlyCredentials(
        session.access_key_id,
        session.secret_access_key.reveal(),
        session.session_token.reveal(),
    )
