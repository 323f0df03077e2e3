"""The headers of an S3 request: those that are modelled, each with one meaning; none are dropped.

What an instant says is written in one form, and a precondition stands only where it is one.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime

from valetkey.localaws.faults import Service, Trouble, fault
from valetkey.localaws.http import Incoming
from valetkey.localaws.models import input_shape
from valetkey.localaws.s3_operations import PRECONDITIONS, S3Operation

_FORM = ("application/x-www-form-urlencoded", "multipart/form-data")

_PLAIN_HEADERS = frozenset(
    {
        "cache-control", "content-disposition", "content-encoding", "content-language",
        "content-type", "expires", "if-match", "if-modified-since", "if-none-match",
        "if-unmodified-since", "range",
    }
)  # fmt: skip
_AMZ_HEADERS = frozenset(
    {
        "x-amz-acl", "x-amz-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-checksum-mode",
        "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-type",
        "x-amz-copy-source-if-match", "x-amz-copy-source-if-modified-since",
        "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-unmodified-since",
        "x-amz-copy-source-range", "x-amz-max-parts", "x-amz-metadata-directive",
        "x-amz-mp-object-size", "x-amz-object-attributes", "x-amz-object-ownership",
        "x-amz-part-number-marker", "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled", "x-amz-storage-class",
        "x-amz-tagging-directive", "x-amz-website-redirect-location",
    }
)  # fmt: skip
_OURS = frozenset(
    {
        "x-amz-content-sha256", "x-amz-copy-source", "x-amz-date", "x-amz-expected-bucket-owner",
        "x-amz-request-payer", "x-amz-sdk-checksum-algorithm", "x-amz-security-token",
        "x-amz-source-expected-bucket-owner", "x-amz-tagging", "x-amz-user-agent",
    }
)  # fmt: skip
"""Headers that are read here and rebuilt or dropped, never passed on as they came."""
_CONDITION_HEADERS = frozenset(
    {
        "x-amz-acl", "x-amz-metadata-directive", "x-amz-object-ownership",
        "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-storage-class", "x-amz-tagging-directive", "x-amz-website-redirect-location",
    }
)  # fmt: skip
"""Headers that are condition keys, or change what a copy needs."""
COPIES = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
_RANGE = re.compile(r"bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})")
_INSTANTS = frozenset(
    {
        "if-modified-since", "if-unmodified-since", "x-amz-copy-source-if-modified-since",
        "x-amz-copy-source-if-unmodified-since",
    }
)  # fmt: skip


def kept_headers(request: Incoming, operation: S3Operation) -> dict[str, str]:
    """Return the headers that an operation is to see. Raises AwsError for one not modelled."""
    kept: dict[str, str] = {}
    for name, value in request.headers.items():
        if name in _PLAIN_HEADERS or name in _AMZ_HEADERS or name.startswith("x-amz-meta-"):
            plain = _plain(name, value)
            if plain is not None:
                kept[name] = plain
        elif name.startswith("x-amz-") and name not in _OURS:
            raise fault(Service.S3, Trouble.UNSUPPORTED, f"header `{name}` is not modelled")
    stray = sorted((PRECONDITIONS & set(kept)) - operation.conditions)
    if stray:
        text = f"{operation.name} takes no header `{stray[0]}`"
        raise fault(Service.S3, Trouble.UNSUPPORTED, text)
    if request.method in {"PUT", "POST"}:
        _check_write_conditions(kept)
    if request.method == "POST" and is_form(kept):
        raise fault(Service.S3, Trouble.UNSUPPORTED, "form uploads are not modelled")
    _check_shape(operation.name, kept, copies="x-amz-copy-source" in request.headers)
    slots = {name.replace("_", "-") for name in kept}
    if len(slots) != len(kept):
        raise fault(Service.S3, Trouble.INVALID, "two headers differ only in - and _")
    return kept


def is_form(headers: Mapping[str, str]) -> bool:
    """True if the content type would make a reader of forms take the body apart."""
    return any(kind in headers.get("content-type", "").lower() for kind in _FORM)


def _check_write_conditions(headers: Mapping[str, str]) -> None:
    """Refuse a condition that is none of S3's: it would count as one where a policy asks for it,
    and hold nothing back ("PutObject", S3 API reference).
    """
    if headers.get("if-none-match", "*") != "*" or headers.get("if-match") == "*":
        text = "If-None-Match of a write is `*`, and If-Match an ETag"
        raise fault(Service.S3, Trouble.UNSUPPORTED, text)


def _check_shape(operation: str, headers: Mapping[str, str], *, copies: bool) -> None:
    """Refuse a value that AWS's own shape of the operation does not list.

    A header that the shape does not have would be a condition key where AWS has none.
    """
    shape = input_shape(Service.S3, COPIES.get(operation, operation) if copies else operation)
    members = {} if shape is None else shape.members
    known = {str(one.serialization.get("name", name)).lower(): one for name, one in members.items()}
    for name, value in headers.items():
        member = known.get(name)
        if member is None and name in _CONDITION_HEADERS:
            raise fault(Service.S3, Trouble.INVALID, f"{operation} takes no header `{name}`")
        if member is not None and getattr(member, "enum", None) and value not in member.enum:
            raise fault(Service.S3, Trouble.INVALID, f"`{name}` has a value that S3 does not know")


def _plain(name: str, value: str) -> str | None:
    """Return a header in one form, None where it is as if it were not there."""
    if name == "range":
        return value if _RANGE.fullmatch(value) else None  # RFC 9110 §14.2: ignored
    return _instant(value) if name in _INSTANTS else value


def _instant(value: str) -> str | None:
    """Return an HTTP date in its preferred form (RFC 9110 §5.6.7), None for what is no date:
    that precondition is as if it were not there (§13.1.3).
    """
    try:
        found = parsedate_to_datetime(value)
        return format_datetime(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC), True)
    except (ValueError, OverflowError):
        return None
