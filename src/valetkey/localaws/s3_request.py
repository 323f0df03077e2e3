"""An S3 request as one value: operation, bucket, key, parameters, headers; decoded once.

The decision and the storage both work from this value. What has two readings is refused.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.localaws.checksums import CHECKSUMS, PREFIX, checksum_matches
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Incoming, TargetError, decode_percent, encode_percent
from valetkey.localaws.s3_headers import kept_headers
from valetkey.localaws.s3_operations import OPERATIONS, SELECTORS, Level, S3Operation
from valetkey.localaws.sigv4 import SIGNATURE_PARAMETERS
from valetkey.localaws.tags import clashing_key

MAX_KEY_BYTES = 1024
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_NUMBER = re.compile(r"[0-9]{1,10}")
_NUMERIC = frozenset({"max-keys", "max-parts", "part-number-marker", "partNumber"})


@dataclass(frozen=True, slots=True)
class CopySource:
    """The object that a copy reads."""

    bucket: str
    key: str
    version: str | None

    @property
    def header(self) -> str:
        """The canonical `x-amz-copy-source`, with only one reading."""
        text = f"{self.bucket}/{encode_percent(self.key)}"
        return text if self.version is None else f"{text}?versionId={encode_percent(self.version)}"


@dataclass(frozen=True, slots=True)
class S3Call:
    """A request that is understood completely. `tags` are those that it puts on an object."""

    operation: S3Operation
    level: Level
    method: str
    bucket: str
    key: str | None
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    source: CopySource | None
    tags: Mapping[str, str]
    expected_owners: frozenset[str]

    @property
    def version(self) -> str | None:
        """The version that the request names."""
        return self.query.get("versionId")

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.bucket}"


def read_s3(request: Incoming) -> S3Call:
    """Return the one meaning of an S3 request. Raises AwsError where it has none or two."""
    bucket, key = _bucket_and_key(request)
    level = Level.SERVICE if not bucket else Level.BUCKET if key is None else Level.OBJECT
    query = {
        name: value
        for name, value in request.query.items()
        if name not in SIGNATURE_PARAMETERS and name != "x-id"
    }
    operation = _operation(level, request.method, query)
    _check_body(request, operation)
    return S3Call(
        operation=operation,
        level=level,
        method=request.method,
        bucket=bucket,
        key=key,
        query={name: value if _has_value(name) else "" for name, value in query.items()},
        headers=kept_headers(request, operation),
        body=request.body,
        source=_copy_source(request, operation),
        tags=_header_tags(request.header("x-amz-tagging")),
        expected_owners=frozenset(
            request.headers[name] for name in request.headers if name.endswith("-bucket-owner")
        ),
    )


def _bucket_and_key(request: Incoming) -> tuple[str, str | None]:
    host = (request.header("host") or "").lower()
    name = re.sub(r":\d{1,5}$", "", host)
    path = request.path.removeprefix("/")
    hosted = _hosted_bucket(name)
    if hosted is not None:
        bucket, key = hosted, path
    else:
        bucket, _, key = path.partition("/")
    if bucket and not _BUCKET.fullmatch(bucket):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", status=400)
    if not bucket and (path or request.path != "/"):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", status=400)
    if len(key.encode()) > MAX_KEY_BYTES:
        raise AwsError("KeyTooLongError", "Your key is too long", status=400)
    return bucket, key or None


def _hosted_bucket(host: str) -> str | None:
    """Return the bucket of a virtual-hosted name, None where the path carries it."""
    if host == "localhost" or re.fullmatch(r"127(\.\d{1,3}){3}|\[::1\]", host):
        return None
    if re.fullmatch(r"s3([.-][a-z0-9-]+)?\.(amazonaws\.com|localhost)", host):
        return None
    match = re.fullmatch(r"(.+?)(\.s3([.-][a-z0-9-]+)?)?\.(amazonaws\.com|localhost)", host)
    if match is None:
        raise AwsError("InvalidURI", f"The host `{host}` is not one of the local AWS.", status=400)
    return match[1]


def _operation(level: Level, method: str, query: Mapping[str, str]) -> S3Operation:
    selectors = frozenset(query) & SELECTORS
    operation = OPERATIONS.get((level, method, selectors))
    if operation is None or query.get("list-type", "2") != "2":
        what = "&".join(sorted(selectors)) or "no subresource"
        raise fault(
            Service.S3,
            Trouble.UNSUPPORTED,
            f"valetkey's local AWS does not model {method} on a {level.value} with {what}; it "
            "refuses what it cannot map to an IAM action.",
        )
    stray = sorted(set(query) - selectors - operation.query)
    if stray:
        raise fault(
            Service.S3, Trouble.INVALID, f"{operation.name} takes no query parameter `{stray[0]}`"
        )
    for name, value in query.items():
        if name in {"versionId", "uploadId"} and not value:
            raise fault(Service.S3, Trouble.INVALID, f"`{name}` must not be empty")
        if name in _NUMERIC and not _NUMBER.fullmatch(value):
            raise fault(Service.S3, Trouble.INVALID, f"`{name}` must be a number")
    if operation.name == "UploadPart" and "partNumber" not in query:
        raise fault(Service.S3, Trouble.INVALID, "UploadPart needs partNumber")
    return operation


def _has_value(name: str) -> bool:
    return name not in SELECTORS or name in {"list-type", "uploadId"}


def _copy_source(request: Incoming, operation: S3Operation) -> CopySource | None:
    header = request.header("x-amz-copy-source")
    if header is None:
        return None
    if operation.name not in {"PutObject", "UploadPart"}:
        raise fault(Service.S3, Trouble.INVALID, f"{operation.name} copies nothing")
    path, asks, query = header.partition("?")
    name, _, version = query.partition("=")
    if "+" in header or (asks and (name != "versionId" or not version)):
        raise fault(Service.S3, Trouble.INVALID, "malformed x-amz-copy-source")
    try:
        bucket, _, key = decode_percent(path).removeprefix("/").partition("/")
        source = CopySource(bucket, key, decode_percent(version) if asks else None)
    except TargetError as error:
        raise fault(Service.S3, Trouble.INVALID, "malformed x-amz-copy-source") from error
    if not _BUCKET.fullmatch(bucket) or not 1 <= len(key.encode()) <= MAX_KEY_BYTES:
        raise fault(Service.S3, Trouble.INVALID, "x-amz-copy-source must be BUCKET/KEY")
    return source


def _header_tags(header: str | None) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in (header or "").split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        try:
            key = decode_percent(name.replace("+", "%20"))
            text = decode_percent(value.replace("+", "%20"))
        except TargetError as error:
            raise fault(Service.S3, Trouble.INVALID, "malformed x-amz-tagging") from error
        if clashing_key((*tags, key)) is not None:
            raise fault(Service.S3, Trouble.INVALID, f"tag `{key}` comes twice, ignoring case")
        tags[key] = text
    return tags


def _check_body(request: Incoming, operation: S3Operation) -> None:
    """Return if the body is what the request says of it; a copy's has nothing to be checked."""
    claimed = request.header("content-md5")
    if claimed is not None and not hmac.compare_digest(_md5(request.body), claimed.encode()):
        raise AwsError("BadDigest", "The Content-MD5 you specified did not match.", status=400)
    given = sorted(CHECKSUMS & set(request.headers))
    if not given:
        return
    if len(given) > 1 or request.header("x-amz-copy-source") is not None:
        raise AwsError("InvalidRequest", "Expecting a single x-amz-checksum- header", status=400)
    if operation.name == "CompleteMultipartUpload":
        text = "the checksum of an object that was written in parts is not modelled"
        raise fault(Service.S3, Trouble.UNSUPPORTED, text)
    if not checksum_matches(given[0], request.headers[given[0]], request.body):
        name = given[0].removeprefix(PREFIX).upper()
        raise AwsError("BadDigest", f"The {name} you specified did not match.", status=400)


def _md5(body: bytes) -> bytes:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest())
