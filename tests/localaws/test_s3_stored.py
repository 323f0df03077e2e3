"""What a request takes for granted and is not there is an error of S3's, never a failure inside."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import REGION, World

DATA = "taken-for-granted"


@pytest.fixture(scope="module")
def s3(world: World) -> Iterator[Any]:
    """A client that may do all, and a bucket with three objects."""
    client = world.client("s3")
    client.create_bucket(Bucket=DATA, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in "abc":
        client.put_object(Bucket=DATA, Key=key, Body=key.encode())
    yield client


def test_a_page_goes_on_where_one_ended_alone(s3: Any) -> None:
    first = s3.list_objects_v2(Bucket=DATA, MaxKeys=2)
    rest = s3.list_objects_v2(Bucket=DATA, ContinuationToken=first["NextContinuationToken"])
    assert [one["Key"] for one in first["Contents"] + rest["Contents"]] == ["a", "b", "c"]
    listing = {"Bucket": DATA, "ContinuationToken": "x"}
    assert refused(lambda: s3.list_objects_v2(**listing)) == "InvalidArgument"


@pytest.mark.parametrize("number", [0, 2, 99999])
def test_an_object_of_one_call_has_one_part(s3: Any, number: int) -> None:
    part = {"Bucket": DATA, "Key": "a", "PartNumber": number}
    assert refused(lambda: s3.get_object(**part)) == "InvalidPartNumber"
    assert refused(lambda: s3.head_object(**part)) == "416"
    assert s3.get_object(Bucket=DATA, Key="a", PartNumber=1)["Body"].read() == b"a"


def test_a_range_that_is_none_is_as_if_it_were_not_there(s3: Any) -> None:
    for junk in ("junk", "bytes=a-b", "bytes=", "bytes=0-0,2-2", "lines=0-1"):
        assert s3.get_object(Bucket=DATA, Key="a", Range=junk)["Body"].read() == b"a"
    assert refused(lambda: s3.get_object(Bucket=DATA, Key="a", Range="bytes=9-")) == "InvalidRange"


@pytest.mark.parametrize(
    "junk",
    [{"ACL": "junk"}, {"StorageClass": "junk"}, {"ServerSideEncryption": "junk"},
     {"ChecksumAlgorithm": "junk"}],
)  # fmt: skip
def test_a_value_that_s3_does_not_know_is_refused(s3: Any, junk: dict[str, str]) -> None:
    upload = {"Bucket": DATA, "Key": "new", **junk}
    assert refused(lambda: s3.create_multipart_upload(**upload)) == "InvalidArgument"
    if "ChecksumAlgorithm" not in junk:
        assert refused(lambda: s3.put_object(**upload, Body=b"x")) == "InvalidArgument"


def test_a_header_of_another_operation_is_no_condition_of_this_one(s3: Any) -> None:
    def private(request: Any, **_: Any) -> None:
        request.headers["x-amz-acl"] = "private"

    s3.meta.events.register("before-sign.s3.DeleteObject", private)
    try:
        assert refused(lambda: s3.delete_object(Bucket=DATA, Key="a")) == "InvalidArgument"
    finally:
        s3.meta.events.unregister("before-sign.s3.DeleteObject", private)
