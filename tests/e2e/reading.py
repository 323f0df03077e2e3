"""What a session gets of Alice's data, tried by real SDK calls."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.e2e.world import AwsSide
from valetkey.demo.world import BUCKET, TABLE


def where(aws: AwsSide) -> dict[str, str]:
    """Return where a client of boto3 finds the local AWS."""
    return {"endpoint_url": aws.aws.endpoint, "region_name": aws.aws.region}


def heard(aws: AwsSide, credentials: Mapping[str, str]) -> list[str]:
    """Return `ok` or the code of the refusal for Alice's row, her object, a scan and a listing."""
    session = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    dynamodb, s3 = session.client("dynamodb", **where(aws)), session.client("s3", **where(aws))
    calls: tuple[Callable[[], Any], ...] = (
        lambda: dynamodb.get_item(TableName=TABLE, Key={"user_id": {"S": "alice"}}),
        lambda: s3.get_object(Bucket=BUCKET, Key="traces/alice/1.txt"),
        lambda: dynamodb.scan(TableName=TABLE),
        lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix="traces/"),
    )
    return [_outcome(call) for call in calls]


def _outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    return "ok"
