"""Statements as a careful engineer writes them, and the Denies that people add to them."""

import json
from typing import Any

from tests.fuzz.places import Names

Statement = dict[str, Any]
USER = "${aws:PrincipalTag/user_id}"
REPO = "${aws:PrincipalTag/repo}"
MINUTE_MS, HOUR_MS = "60000", "3600000"  # far from every age that a presigned URL here has
_S3_OBJECT = [
    "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject",
    "s3:DeleteObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging", "s3:DeleteObjectTagging", "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts", "s3:GetObjectAttributes",
]  # fmt: skip
_ITEMS = [
    "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
    "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem", "dynamodb:Scan", "dynamodb:PartiQL*",
]  # fmt: skip


def document(statements: list[Statement]) -> str:
    """Return the policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, ensure_ascii=False)


def safe_statements(names: Names) -> list[Statement]:
    """Return what keeps tenants apart: prefix, leading keys, tags, each with its guard."""
    leading = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": REPO},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    listing = {"StringLike": {"s3:prefix": f"traces/{USER}/*"}}
    return [
        allow(_S3_OBJECT, f"{names.bucket_arn}/traces/{USER}/*"),
        allow(["s3:ListBucket", "s3:ListBucketVersions"], names.bucket_arn, listing),
        allow(_ITEMS, names.table_arn, leading),
        allow(["dynamodb:Query", "dynamodb:PartiQLSelect"],
              [f"{names.table_arn}/index/by-holder", f"{names.table_arn}/index/by-rank"], leading),
        allow(["dynamodb:DescribeTable"], names.table_arn),
        allow(["sqs:*", "secretsmanager:*", "ssm:*", "lambda:*"], names.extra_arns,
              {"StringEquals": {"aws:ResourceTag/repo": REPO}}),
        allow(["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"], "*"),
    ]  # fmt: skip


def guards(names: Names) -> list[Statement]:
    """Return Denies of the kind that people add: each rests on one key or one kind of ARN."""
    table, bucket, objects = names.table_arn, names.bucket_arn, f"{names.bucket_arn}/*"
    index = f"{table}/index/*"
    return [
        deny("dynamodb:*Item", table, {"StringLike": {"dynamodb:ReturnValues": "*_*"}}),
        deny("dynamodb:*", index),
        deny("dynamodb:Query", table),
        deny("s3:GetObject*", objects, {"StringNotEquals": {"s3:ExistingObjectTag/owner": USER}}),
        deny("s3:*", objects, {"StringEquals": {"s3:ExistingObjectTag/owner": USER}}),
        deny("s3:PutObject", objects, {"Null": {"s3:RequestObjectTag/owner": "false"}}),
        deny("s3:*Version", objects, {"Null": {"s3:VersionId": "false"}}),
        deny("s3:PutObject", objects,
             {"StringNotLikeIfExists": {"s3:x-amz-copy-source": f"*/traces/{USER}/*"}}),
        deny("s3:List*", bucket, {"NumericGreaterThanIfExists": {"s3:max-keys": "2"}}),
        deny("dynamodb:*", [table, index],
             {"ForAnyValue:StringEquals": {"dynamodb:Attributes": ["secret"]}}),
        deny("dynamodb:*", table, {"Null": {"dynamodb:EnclosingOperation": "false"}}),
        deny(["dynamodb:Query", "dynamodb:Scan", "dynamodb:GetItem", "dynamodb:*Select"],
             [table, index],
             {"StringNotEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}),
        deny(["sqs:Receive*", "ssm:Get*", "secretsmanager:Get*", "lambda:Invoke*"], "*",
             {"StringNotEquals": {"aws:ResourceTag/repo": REPO}}),
        deny(["ssm:Put*", "sqs:Send*", "secretsmanager:Put*", "lambda:Get*"], names.extra_arns),
        deny("s3:*", "*", {"NumericGreaterThan": {"s3:signatureAge": MINUTE_MS}}),
        deny("s3:*Object*", objects, {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}),
        deny(["s3:List*", "s3:Put*"], "*", {"Null": {"s3:signatureAge": "false"}}),
        deny(["sqs:*", "lambda:*"], [names.fifo_queues, names.qualified]),
        deny(["sqs:Delete*", "sqs:Change*", "lambda:Invoke*"], names.plain_names),
        deny(["secretsmanager:*Policy", "sqs:Set*", "lambda:AddPermission"], names.extra_arns),
        deny("lambda:*Permission", "*", {"StringLike": {"lambda:Principal": ["${*}", "*:root"]}}),
    ]  # fmt: skip


def deny(actions: Any, resource: Any, condition: Any = None) -> Statement:
    """Return a Deny."""
    return {**allow(actions, resource, condition), "Effect": "Deny"}


def allow(actions: Any, resource: Any, condition: Any = None) -> Statement:
    """Return an Allow."""
    found: Statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return found if condition is None else {**found, "Condition": condition}
