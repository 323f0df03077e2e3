"""Buckets and tables of a seed have its data, and its policies after them."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.localaws.seeds import DENY_PUTS, TABLE, seed, sown
from tests.localaws.world import code_of


def test_buckets_have_what_the_seed_says(tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(b"\0\xff")
    objects = {
        "a b/ü+%2F.txt": "text",
        "bytes": "file:object",
        "more": {"text": "file:x", "content_type": "text/x", "tags": {"tenant": "a b"}},
    }
    bucket = {
        "name": "traces", "versioning": True, "tags": {"a": "b"}, "objects": objects,
        "policy": {**DENY_PUTS, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::traces/*"},
    }  # fmt: skip
    with sown(seed(folder=tmp_path, buckets=[bucket])) as aws:
        s3 = aws.session().client("s3")
        assert s3.get_object(Bucket="traces", Key="a b/ü+%2F.txt")["Body"].read() == b"text"
        assert s3.get_object(Bucket="traces", Key="bytes")["Body"].read() == b"\0\xff"
        more = s3.get_object(Bucket="traces", Key="more")
        assert (more["Body"].read(), more["ContentType"]) == (b"file:x", "text/x")
        tags = s3.get_object_tagging(Bucket="traces", Key="more")["TagSet"]
        assert tags == [{"Key": "tenant", "Value": "a b"}]
        assert s3.get_bucket_versioning(Bucket="traces")["Status"] == "Enabled"
        assert s3.get_bucket_tagging(Bucket="traces")["TagSet"] == [{"Key": "a", "Value": "b"}]
        with pytest.raises(ClientError) as caught:  # its policy came after the objects
            s3.put_object(Bucket="traces", Key="new", Body=b"")
        assert code_of(caught.value) == "AccessDenied"


def test_tables_have_what_the_seed_says() -> None:
    table = {
        "name": "Notes", "key": "tenant:S", "sort": "at:N", "tags": {"a": "b"},
        "indexes": {"by-kind": {"key": "kind:S"}},
        "items": [{"tenant": "a", "at": 1, "kind": "note", "labels": ["x"]}],
        "policy": {**DENY_PUTS, "Action": "dynamodb:PutItem", "Resource": TABLE},
    }  # fmt: skip
    with sown(seed(tables=[table])) as aws:
        dynamodb = aws.session().client("dynamodb")
        found = dynamodb.query(
            TableName="Notes",
            IndexName="by-kind",
            KeyConditionExpression="kind = :k",
            ExpressionAttributeValues={":k": {"S": "note"}},
        )["Items"]
        assert found == [
            {"tenant": {"S": "a"}, "at": {"N": "1"}, "kind": {"S": "note"},
             "labels": {"L": [{"S": "x"}]}}
        ]  # fmt: skip
        assert dynamodb.list_tags_of_resource(ResourceArn=TABLE)["Tags"] == [
            {"Key": "a", "Value": "b"}
        ]
        with pytest.raises(ClientError) as caught:
            dynamodb.put_item(TableName="Notes", Item=found[0])
        assert code_of(caught.value) == "AccessDeniedException"
