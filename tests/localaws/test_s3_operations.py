"""Each modelled operation is the one that the storage runs: no row falls through to another."""

from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import REGION, World, code_of
from valetkey.localaws.s3_operations import OPERATIONS

B = {"Bucket": "rows"}
K = {**B, "Key": "k"}
TAGS = {"TagSet": [{"Key": "a", "Value": "b"}]}
SSE = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
OWNER = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
RULE = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}

ROWS: list[tuple[str, str, dict[str, Any], str]] = [
    # operation, boto3 method, arguments, a member of its answer or its own error
    ("ListBuckets", "list_buckets", {}, "Buckets"),
    ("HeadBucket", "head_bucket", B, "BucketRegion"),
    ("ListObjects", "list_objects", B, "Contents"),
    ("ListObjectsV2", "list_objects_v2", B, "KeyCount"),
    ("ListObjectVersions", "list_object_versions", B, "Versions"),
    ("ListMultipartUploads", "list_multipart_uploads", B, "Uploads"),
    ("GetBucketLocation", "get_bucket_location", B, "LocationConstraint"),
    ("GetBucketPolicy", "get_bucket_policy", B, "NoSuchBucketPolicy"),
    ("GetBucketTagging", "get_bucket_tagging", B, "NoSuchTagSet"),
    ("PutBucketTagging", "put_bucket_tagging", {**B, "Tagging": TAGS}, ""),
    ("GetBucketTagging", "get_bucket_tagging", B, "TagSet"),
    ("DeleteBucketTagging", "delete_bucket_tagging", B, ""),
    ("PutBucketEncryption", "put_bucket_encryption",
     {**B, "ServerSideEncryptionConfiguration": SSE}, ""),
    ("GetBucketEncryption", "get_bucket_encryption", B, "ServerSideEncryptionConfiguration"),
    ("DeleteBucketEncryption", "delete_bucket_encryption", B, ""),
    ("PutPublicAccessBlock", "put_public_access_block",
     {**B, "PublicAccessBlockConfiguration": BLOCK}, ""),
    ("GetPublicAccessBlock", "get_public_access_block", B, "PublicAccessBlockConfiguration"),
    ("DeletePublicAccessBlock", "delete_public_access_block", B, ""),
    ("PutBucketOwnershipControls", "put_bucket_ownership_controls",
     {**B, "OwnershipControls": OWNER}, ""),
    ("GetBucketOwnershipControls", "get_bucket_ownership_controls", B, "OwnershipControls"),
    ("DeleteBucketOwnershipControls", "delete_bucket_ownership_controls", B, ""),
    ("PutBucketLifecycleConfiguration", "put_bucket_lifecycle_configuration",
     {**B, "LifecycleConfiguration": {"Rules": [RULE]}}, ""),
    ("GetBucketLifecycleConfiguration", "get_bucket_lifecycle_configuration", B, "Rules"),
    ("DeleteBucketLifecycle", "delete_bucket_lifecycle", B, ""),
    ("GetObject", "get_object", K, "Body"),
    ("HeadObject", "head_object", K, "ContentLength"),
    ("GetObjectAttributes", "get_object_attributes",
     {**K, "ObjectAttributes": ["ObjectSize"]}, "ObjectSize"),
    ("PutObjectTagging", "put_object_tagging", {**K, "Tagging": TAGS}, ""),
    ("GetObjectTagging", "get_object_tagging", K, "TagSet"),
    ("DeleteObjectTagging", "delete_object_tagging", K, ""),
    ("CreateMultipartUpload", "create_multipart_upload", K, "UploadId"),
    ("PutBucketVersioning", "put_bucket_versioning",
     {**B, "VersioningConfiguration": {"Status": "Enabled"}}, ""),
    ("GetBucketVersioning", "get_bucket_versioning", B, "Status"),
]  # fmt: skip

ELSEWHERE = {
    "AbortMultipartUpload", "CompleteMultipartUpload", "CreateBucket", "DeleteBucket",
    "DeleteBucketPolicy", "DeleteObject", "DeleteObjects", "ListParts", "PutBucketPolicy",
    "PutObject", "UploadPart",
}  # fmt: skip


NUMBERS = count()


@pytest.fixture
def bucket(world: World) -> str:
    """A bucket of the test's own, with one object and one upload under way."""
    name = f"rows-{next(NUMBERS)}"
    s3 = world.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="k", Body=b"content")
    s3.create_multipart_upload(Bucket=name, Key="under-way")
    return name


def call(s3: Any, bucket: str, row: tuple[str, str, dict[str, Any], str]) -> Any:
    """Make the row's call, on this bucket where it is on one."""
    where = {"Bucket": bucket} if "Bucket" in row[2] else {}
    return getattr(s3, row[1])(**{**row[2], **where})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[1]))
def test_an_operation_does_what_its_row_says(
    world: World, bucket: str, row: tuple[str, str, dict[str, Any], str]
) -> None:
    operation, _, _, sign = row
    s3 = world.client("s3")
    if not sign.startswith("NoSuch"):
        for other in ROWS:
            if operation.startswith("Get") and other[0] == f"Put{operation[3:]}":
                call(s3, bucket, other)
    before = world.aws.calls(f"s3:{operation}")
    try:
        answer = call(s3, bucket, row)
        assert not sign or sign in answer
        assert "Body" not in answer or operation == "GetObject"
        assert "Contents" not in answer or operation.startswith("ListObjects")
    except ClientError as error:
        assert code_of(error) == sign
    assert world.aws.calls(f"s3:{operation}") == before + 1
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


def test_every_operation_has_a_test() -> None:
    assert {row.name for row in OPERATIONS.values()} == {row[0] for row in ROWS} | ELSEWHERE


def test_parts_are_listed_and_an_upload_is_aborted(world: World, bucket: str) -> None:
    s3 = world.client("s3")
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    s3.upload_part(**upload, PartNumber=1, Body=b"x")
    listed = s3.list_parts(**upload)
    assert [part["PartNumber"] for part in listed["Parts"]] == [1]
    s3.abort_multipart_upload(**upload)
    with pytest.raises(ClientError) as caught:
        s3.list_parts(**upload)
    assert code_of(caught.value) == "NoSuchUpload"
