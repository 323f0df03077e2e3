"""A precondition of a write or a copy holds it back, or the request is refused: none is ignored."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import REGION, World

DATA = "preconditions"
FAILED, PAST, FUTURE = "PreconditionFailed", "2001-01-01T00:00:00Z", "2901-01-01T00:00:00Z"
OTHER = '"0123456789abcdef0123456789abcdef"'


@pytest.fixture(scope="module")
def s3(world: World) -> Iterator[Any]:
    """A client that may do all, and a bucket with one object, `source`."""
    client = world.client("s3")
    client.create_bucket(Bucket=DATA, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_object(Bucket=DATA, Key="source", Body=b"source")
    yield client


def put(s3: Any, key: str, **conditions: str) -> Any:
    """Write an object in one call."""
    return s3.put_object(Bucket=DATA, Key=key, Body=b"new", **conditions)


def copy(s3: Any, key: str, **conditions: str) -> Any:
    """Copy `source` to an object."""
    return s3.copy_object(Bucket=DATA, Key=key, CopySource=f"{DATA}/source", **conditions)


def complete(s3: Any, key: str, **conditions: str) -> Any:
    """Write an object in parts."""
    upload = {"Bucket": DATA, "Key": key}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"new")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    return s3.complete_multipart_upload(**upload, MultipartUpload=parts, **conditions)


WRITES = [put, copy, complete]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_expects_nothing_there_overwrites_nothing(
    s3: Any, write: Callable[..., Any]
) -> None:
    key = f"new-{write.__name__}"
    write(s3, key, IfNoneMatch="*")
    kept = s3.head_object(Bucket=DATA, Key=key)["ETag"]
    assert refused(lambda: write(s3, key, IfNoneMatch="*")) == FAILED
    for other in ("junk", kept, OTHER, ""):
        assert refused(partial(write, s3, key, IfNoneMatch=other)) == "NotImplemented"
    assert s3.head_object(Bucket=DATA, Key=key)["ETag"] == kept


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_expects_an_etag_replaces_that_one_alone(
    s3: Any, write: Callable[..., Any]
) -> None:
    key = f"old-{write.__name__}"
    assert refused(lambda: write(s3, key, IfMatch=OTHER)) == "NoSuchKey"
    kept = s3.put_object(Bucket=DATA, Key=key, Body=b"old")["ETag"]
    assert refused(lambda: write(s3, key, IfMatch=OTHER)) == FAILED
    assert refused(lambda: write(s3, key, IfMatch="*")) == "NotImplemented"
    assert s3.head_object(Bucket=DATA, Key=key)["ETag"] == kept
    write(s3, key, IfMatch=kept)
    assert s3.head_object(Bucket=DATA, Key=key)["ETag"] != kept


def test_a_delete_may_expect_any_object_or_one(s3: Any) -> None:
    gone = {"Bucket": DATA, "Key": "to-go"}
    assert refused(lambda: s3.delete_object(**gone, IfMatch="*")) == FAILED
    put(s3, "to-go")
    assert refused(lambda: s3.delete_object(**gone, IfMatch=OTHER)) == FAILED
    s3.delete_object(**gone, IfMatch="*")
    assert refused(lambda: s3.head_object(**gone)) == "404"


def test_a_copy_takes_the_source_that_it_expects_alone(s3: Any) -> None:
    etag = s3.head_object(Bucket=DATA, Key="source")["ETag"]
    prefix = "CopySourceIf"
    for condition in (
        {"Match": OTHER}, {"NoneMatch": etag}, {"ModifiedSince": FUTURE},
        {"UnmodifiedSince": PAST}, {"Match": etag, "NoneMatch": etag},
    ):  # fmt: skip
        given = {f"{prefix}{name}": value for name, value in condition.items()}
        assert refused(partial(copy, s3, "copied", **given)) == FAILED, condition
    for condition in (
        {"Match": etag, "UnmodifiedSince": PAST}, {"NoneMatch": OTHER, "ModifiedSince": FUTURE},
        {"ModifiedSince": PAST}, {"UnmodifiedSince": FUTURE},
    ):  # fmt: skip
        copy(s3, "copied", **{f"{prefix}{name}": value for name, value in condition.items()})


def test_a_copied_part_takes_the_source_that_it_expects_alone(s3: Any) -> None:
    upload = {"Bucket": DATA, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = {**upload, "PartNumber": 1, "CopySource": f"{DATA}/source"}
    assert refused(lambda: s3.upload_part_copy(**part, CopySourceIfMatch=OTHER)) == FAILED


def test_a_condition_on_an_instant_that_is_none_is_as_if_it_were_not_there(s3: Any) -> None:
    def junk(request: Any, **_: Any) -> None:
        request.headers["If-Modified-Since"] = "junk"

    s3.meta.events.register("before-sign.s3.GetObject", junk)
    try:
        found = s3.get_object(Bucket=DATA, Key="source")
    finally:
        s3.meta.events.unregister("before-sign.s3.GetObject", junk)
    assert found["Body"].read() == b"source"
    assert refused(lambda: s3.get_object(Bucket=DATA, Key="source", IfModifiedSince=FUTURE)) == (
        "304"
    )
