"""A checksum is of the body that it came with, whether it stands in a header or in a trailer."""

import base64
import hashlib
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import REGION, World
from valetkey.localaws.checksums import CHECKSUMS, checksum_matches

DATA = "checksums"
BODY = b"what was meant"
DIGESTS = {
    "ChecksumCRC32": zlib.crc32(BODY).to_bytes(4, "big"),
    "ChecksumSHA1": hashlib.sha1(BODY).digest(),
    "ChecksumSHA256": hashlib.sha256(BODY).digest(),
}


@pytest.fixture(scope="module")
def s3(world: World) -> Iterator[Any]:
    """A client that may do all, and a bucket."""
    client = world.client("s3")
    client.create_bucket(Bucket=DATA, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield client


@pytest.mark.parametrize("name", DIGESTS)
def test_an_object_is_stored_with_its_own_checksum_alone(s3: Any, name: str) -> None:
    value = base64.b64encode(DIGESTS[name]).decode()
    put = {"Bucket": DATA, "Key": name, name: value}
    for other in (b"", b"something else"):
        assert refused(partial(s3.put_object, **put, Body=other)) == "BadDigest"
    assert refused(lambda: s3.head_object(Bucket=DATA, Key=name)) == "404"
    s3.put_object(**put, Body=BODY)
    assert s3.head_object(Bucket=DATA, Key=name, ChecksumMode="ENABLED")[name] == value


@pytest.mark.parametrize("junk", ["", "junk", "AAAAAA==", "é"])
def test_what_is_no_checksum_matches_nothing(junk: str) -> None:
    assert not any(checksum_matches(name, junk, BODY) for name in CHECKSUMS)


def test_a_parts_checksum_is_the_parts(s3: Any) -> None:
    upload = {"Bucket": DATA, "Key": "parts"}
    made = s3.create_multipart_upload(**upload, ChecksumAlgorithm="SHA256")
    part = {**upload, "UploadId": made["UploadId"], "PartNumber": 1}
    value = base64.b64encode(DIGESTS["ChecksumSHA256"]).decode()
    assert refused(lambda: s3.upload_part(**part, Body=b"x", ChecksumSHA256=value)) == "BadDigest"
    s3.upload_part(**part, Body=BODY, ChecksumSHA256=value)


def test_two_checksums_are_one_too_many(s3: Any) -> None:
    given = {name: base64.b64encode(digest).decode() for name, digest in DIGESTS.items()}
    put = {"Bucket": DATA, "Key": "two", "Body": BODY, **given}
    assert refused(lambda: s3.put_object(**put)) == "InvalidRequest"


def test_the_checksum_of_a_whole_upload_is_refused_and_not_taken_on_trust(s3: Any) -> None:
    upload = {"Bucket": DATA, "Key": "whole"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=BODY)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    whole = {**upload, "MultipartUpload": parts, "ChecksumSHA256": "A" * 43 + "="}
    assert refused(lambda: s3.complete_multipart_upload(**whole)) == "NotImplemented"
