"""Conditions of S3: preconditions of writes, what an answer tells, keys of every request."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import ACCOUNT, REGION, World, allow
from valetkey.localaws.faults import Service
from valetkey.localaws.http import Incoming
from valetkey.localaws.surroundings import surroundings

DATA = "conditional"
OBJECTS = f"arn:aws:s3:::{DATA}/*"


@pytest.fixture(scope="module")
def root(world: World) -> Iterator[Any]:
    """A client that may do all, and a bucket with one object, `a`, of two tags."""
    s3 = world.client("s3")
    s3.create_bucket(Bucket=DATA, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=DATA, Key="a", Body=b"secret", Tagging="x=1&y=2")
    yield s3


@pytest.fixture
def etag(root: Any) -> str:
    """The ETag of the object."""
    found: str = root.head_object(Bucket=DATA, Key="a")["ETag"]
    return found


def client(world: World, name: str, *statements: dict[str, Any]) -> Any:
    """Return the client of a new user with these statements."""
    return world.client("s3", world.user(name, *statements))


def test_only_a_write_under_a_condition_can_be_required(world: World, root: Any) -> None:
    must = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    deny = {**allow("s3:PutObject", OBJECTS, condition=must), "Effect": "Deny"}
    s3 = client(world, "once", allow("s3:*", f"{OBJECTS}"), deny)
    new: dict[str, Any] = {"Bucket": DATA, "Key": "new"}
    assert refused(lambda: s3.put_object(**new, Body=b"x")) == "AccessDenied"
    source = {"Bucket": DATA, "Key": "a"}
    assert refused(lambda: s3.copy_object(**new, CopySource=source)) == "AccessDenied"
    s3.put_object(**new, Body=b"x", IfNoneMatch="*")
    upload = {**new, "UploadId": s3.create_multipart_upload(**new)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"y")["ETag"]
    whole = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part}]}}
    assert refused(lambda: s3.complete_multipart_upload(**upload, **whole)) == "AccessDenied"
    root.delete_object(**new)
    s3.complete_multipart_upload(**upload, **whole, IfNoneMatch="*")


def test_an_etag_is_told_to_readers_only(world: World, root: Any, etag: str) -> None:
    s3 = client(world, "blind", allow(["s3:PutObject", "s3:DeleteObject"], OBJECTS))
    for guess in (etag, '"0123456789abcdef0123456789abcdef"'):
        call = {"Bucket": DATA, "Key": "a", "IfMatch": guess}
        assert refused(partial(s3.delete_object, **call)) == "AccessDenied"
        assert refused(partial(s3.put_object, **call, Body=b"")) == "AccessDenied"
    assert root.get_object(Bucket=DATA, Key="a")["Body"].read() == b"secret"


def test_a_delete_under_a_condition_can_be_required(world: World, root: Any) -> None:
    root.put_object(Bucket=DATA, Key="to-go", Body=b"x")
    must = {"Null": {"s3:if-match": "false"}}
    s3 = client(
        world, "careful",
        allow("s3:DeleteObject", OBJECTS, condition=must), allow("s3:GetObject", OBJECTS),
    )  # fmt: skip
    gone = {"Bucket": DATA, "Key": "to-go"}
    assert refused(lambda: s3.delete_object(**gone)) == "AccessDenied"
    s3.delete_object(**gone, IfMatch=s3.head_object(**gone)["ETag"])
    assert refused(lambda: root.head_object(**gone)) == "404"


def test_no_blank_hides_a_tag_from_a_policy(world: World, root: Any) -> None:
    deny = {**allow("s3:PutObjectTagging", OBJECTS), "Effect": "Deny"}
    named = {"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": ["owner"]}}
    s3 = client(world, "retagger", allow("s3:*", OBJECTS), {**deny, "Condition": named})
    for key, code in (
        ("owner", "AccessDenied"),
        ("owner ", "InvalidTag"),
        ("\towner", "InvalidTag"),
    ):
        tagging = {"TagSet": [{"Key": key, "Value": "me"}]}
        call = partial(s3.put_object_tagging, Bucket=DATA, Key="a", Tagging=tagging)
        assert refused(call) == code
    tagging = {"TagSet": [{"Key": "x", "Value": " owner"}]}
    assert (
        refused(partial(s3.put_object_tagging, Bucket=DATA, Key="a", Tagging=tagging))
        == "InvalidTag"
    )


def test_an_empty_set_of_tags_takes_them_away(root: Any) -> None:
    root.put_object(Bucket=DATA, Key="bare", Body=b"", Tagging="x=1")
    call = {"Bucket": DATA, "Key": "bare", "Tagging": {"TagSet": []}}
    assert root.put_object_tagging(**call)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert root.get_object_tagging(Bucket=DATA, Key="bare")["TagSet"] == []
    assert refused(partial(root.put_object_tagging, **{**call, "Key": "none"})) == "NoSuchKey"


def test_how_many_tags_there_are_is_told_to_readers_of_tags(world: World, root: Any) -> None:
    found = {"Bucket": DATA, "Key": "a"}
    assert root.get_object(**found)["TagCount"] == 2
    s3 = client(world, "tagless", allow("s3:GetObject", OBJECTS))
    assert "TagCount" not in s3.get_object(**found)
    headers = s3.head_object(**found)["ResponseMetadata"]["HTTPHeaders"]
    assert "etag" in headers and "x-amz-tagging-count" not in headers


@pytest.mark.parametrize(
    ("more", "action"),
    [
        ({"ObjectOwnership": "ObjectWriter"}, "s3:PutBucketOwnershipControls"),
        ({"ACL": "public-read"}, "s3:PutBucketAcl"),
    ],
)
def test_what_a_new_bucket_is_told_to_be_needs_its_own_action(
    world: World, more: dict[str, Any], action: str
) -> None:
    name = action.removeprefix("s3:").lower()
    create = {
        "Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": REGION}, **more,
    }  # fmt: skip
    maker = client(world, f"maker-{name}", allow("s3:CreateBucket"))
    assert refused(lambda: maker.create_bucket(**create)) == "AccessDenied"
    client(world, f"may-{name}", allow(["s3:CreateBucket", action])).create_bucket(**create)


def test_tags_of_a_new_bucket_are_refused_and_not_dropped(world: World) -> None:
    location = {"LocationConstraint": REGION, "Tags": [{"Key": "a", "Value": "b"}]}
    s3 = world.client("s3")
    assert refused(
        lambda: s3.create_bucket(Bucket="with-tags", CreateBucketConfiguration=location)
    ) == ("NotImplemented")


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"StringNotEquals": {"s3:ResourceAccount": ACCOUNT}}, None),
        ({"StringEquals": {"s3:ResourceAccount": ACCOUNT}}, "AccessDenied"),
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, None),
        ({"NumericLessThan": {"s3:TlsVersion": "1.4"}}, "AccessDenied"),
    ],
)
def test_every_request_has_the_buckets_account_and_the_tls_version(
    world: World, root: Any, condition: dict[str, Any], code: str | None
) -> None:
    deny = {**allow("s3:*", condition=condition), "Effect": "Deny"}
    key, value = next(iter(next(iter(condition.values())).items()))
    name = f"{next(iter(condition))}-{key.replace(':', '-')}-{value}"
    s3 = client(world, name, allow("s3:*"), deny)
    for call in (s3.list_buckets, partial(s3.get_object, Bucket=DATA, Key="a")):
        if code is None:
            call()
        else:
            assert refused(call) == code


def test_without_tls_there_is_no_tls_version() -> None:
    request = Incoming("GET", "/", {}, {}, b"", "127.0.0.1")
    found = surroundings(
        request, Service.S3, region=REGION, account=ACCOUNT, secure_transport=False
    )
    assert found["aws:SecureTransport"] == "false" and "s3:TlsVersion" not in found
