"""Preconditions of S3's writes and copies, held here: the storage overlooks some of them.

Standard: "Add preconditions to S3 operations with conditional requests" (S3 user guide) and
RFC 9110 §13. Those of reads are the storage's: it knows all of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.s3_request import S3Call
from valetkey.localaws.storage import Storage

_OF_WRITES = ("if-match", "if-none-match")
_OF_SOURCES = "x-amz-copy-source-if-"


def settled(call: S3Call, storage: Storage) -> S3Call:
    """Return the call without the preconditions that hold.

    Raises AwsError PreconditionFailed for one that does not, NoSuchKey where nothing is there
    to match. A bucket that does not exist is the storage's to name.
    """
    if call.method in {"GET", "HEAD"}:
        return call
    if call.bucket in storage.s3.buckets and call.key is not None:
        _check_write(call.headers, storage.s3.get_object(call.bucket, call.key))
    source = call.source
    if source is not None and source.bucket in storage.s3.buckets:
        found = storage.s3.get_object(source.bucket, source.key, version_id=source.version)
        if found is not None:
            _check_source(call.headers, found)
    kept = {
        name: value
        for name, value in call.headers.items()
        if name not in _OF_WRITES and not name.startswith(_OF_SOURCES)
    }
    return replace(call, headers=kept)


def _check_write(headers: Mapping[str, str], stored: Any) -> None:
    if "if-none-match" in headers and stored is not None:
        raise _failed("If-None-Match")
    wanted = headers.get("if-match")
    if wanted is None:
        return
    if stored is None and wanted != "*":
        raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)
    if stored is None or not _matches(wanted, stored):
        raise _failed("If-Match")


def _check_source(headers: Mapping[str, str], stored: Any) -> None:
    """A matching ETag outweighs If-Unmodified-Since, an ETag that is to differ If-Modified-Since
    ("CopyObject", S3 API reference).
    """
    given = {
        name.removeprefix(_OF_SOURCES): value
        for name, value in headers.items()
        if name.startswith(_OF_SOURCES)
    }
    changed = stored.last_modified.replace(microsecond=0, tzinfo=UTC).timestamp()
    if "match" in given:
        holds = _matches(given["match"], stored)
    else:
        holds = "unmodified-since" not in given or changed <= _seconds(given["unmodified-since"])
    if "none-match" in given:
        holds = holds and not _matches(given["none-match"], stored)
    elif "modified-since" in given:
        holds = holds and changed > _seconds(given["modified-since"])
    if not holds:
        raise _failed("x-amz-copy-source-If-")


def _matches(wanted: str, stored: Any) -> bool:
    return wanted == "*" or wanted.strip('"') == str(stored.etag).strip('"')


def _seconds(instant: str) -> float:
    return parsedate_to_datetime(instant).timestamp()


def _failed(condition: str) -> AwsError:
    return AwsError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        status=412,
        fields={"Condition": condition},
    )
