"""A seed's buckets and tables as API calls.

A resource policy comes last: it may deny what put the data there.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from valetkey.iam import Layer
from valetkey.localaws.seed_items import table_items, table_parameters
from valetkey.localaws.seed_reading import Seed
from valetkey.localaws.seed_shape import BucketTable, DynamoTable, ObjectTable
from valetkey.localaws.seed_steps import Call
from valetkey.localaws.service_tags import tag_list

NO_CONSTRAINT = "us-east-1"  # the region that CreateBucket must not be told


def storage_steps(seed: Seed, *, account: str, region: str) -> Iterator[Call]:
    """Yield the calls that make and fill buckets and tables."""
    for bucket in seed.tables.buckets:
        yield from _bucket(bucket, seed, region)
    for table in seed.tables.tables:
        arn = f"arn:aws:dynamodb:{region}:{account}:table/{table.name}"
        yield from _table(table, seed, arn)


def _bucket(bucket: BucketTable, seed: Seed, region: str) -> Iterator[Call]:
    place = f"bucket `{bucket.name}`"
    where = {} if region == NO_CONSTRAINT else {"LocationConstraint": region}

    def call(operation: str, **params: Any) -> Call:
        return Call(place, "s3", operation, {"Bucket": bucket.name, **params})

    made = {"CreateBucketConfiguration": where} if where else {}
    yield Call(
        place, "s3", "CreateBucket", {"Bucket": bucket.name, **made},
        kind="bucket", name=bucket.name, identifier=f"arn:aws:s3:::{bucket.name}",
    )  # fmt: skip
    if bucket.versioning:
        yield call("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
    if bucket.tags:
        yield call("PutBucketTagging", Tagging={"TagSet": tag_list(bucket.tags)})
    for key, written in bucket.objects.items():
        here = f"{place}: objects.`{key}`"
        params = {"Bucket": bucket.name, "Key": key, **_object(written, seed, place=here)}
        yield Call(here, "s3", "PutObject", params)
    if bucket.policy is not None:
        text = seed.policy(bucket.policy, Layer.RESOURCE, place=f"{place}: policy")
        yield call("PutBucketPolicy", Policy=text)


def _object(written: str | ObjectTable, seed: Seed, *, place: str) -> dict[str, Any]:
    found: dict[str, Any] = {"Body": seed.content(written, place=place)}
    if isinstance(written, ObjectTable):
        if written.content_type is not None:
            found["ContentType"] = written.content_type
        if written.tags:
            found["Tagging"] = urlencode(written.tags)
    return found


def _table(table: DynamoTable, seed: Seed, arn: str) -> Iterator[Call]:
    place = f"table `{table.name}`"
    yield Call(
        place, "dynamodb", "CreateTable", table_parameters(table, seed, place=place),
        kind="table", name=table.name, answer=("TableDescription", "TableArn"),
    )  # fmt: skip
    for here, item in table_items(table, seed, place=place):
        yield Call(here, "dynamodb", "PutItem", {"TableName": table.name, "Item": item})
    if table.policy is not None:
        text = seed.policy(table.policy, Layer.RESOURCE, place=f"{place}: policy")
        params = {"ResourceArn": arn, "Policy": text}
        yield Call(place, "dynamodb", "PutResourcePolicy", params)
