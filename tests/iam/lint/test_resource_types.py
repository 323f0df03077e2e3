"""Lesson 15: actions that never meet their resources."""

import pytest

from tests.iam.lint.cases import (
    BUCKET,
    FOREIGN_OBJECT,
    MINE,
    OWN_OBJECTS,
    Ask,
    Case,
    allow,
    check,
    codes,
    deny,
    one,
)

GET, LIST = "s3:GetObject", "s3:ListBucket"
OWN_PREFIX = {"StringLike": {"s3:prefix": f"traces/{MINE}/*"}}
NARROW, OWN_LIST = allow(GET, OWN_OBJECTS), allow(LIST, BUCKET, OWN_PREFIX)


CASES = [
    Case(
        "prefix-on-object-action",
        "a get has no prefix",
        one(allow([LIST, GET], "*", OWN_PREFIX)),
        one(NARROW, OWN_LIST),
        severity="warning",
        path="$.Statement[0].Action[1]",
    ),
    Case(
        "action-never-meets-resource",
        "a list of objects",
        one(allow(LIST, f"{BUCKET}/*")),
        one(allow(LIST, BUCKET)),
        severity="warning",
    ),
    Case(
        "action-never-meets-resource",
        "a get of a bucket",
        one(allow(GET, BUCKET)),
        one(allow(GET, f"{BUCKET}/*")),
        severity="warning",
    ),
    Case(
        "action-never-meets-resource",
        "a deny of another service's resource",
        one(allow("s3:*", "*"), deny(GET, "arn:aws:sqs:eu-west-1:123456789012:q")),
        one(allow("s3:*", "*"), deny(GET, f"{BUCKET}/*")),
        opens=Ask(GET, FOREIGN_OBJECT),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (GET, "*"),
        (GET, "arn:aws:s3:::*"),
        (GET, "arn:aws:s3:::b*"),
        (GET, "arn:aws:s3:eu-west-1:123456789012:accesspoint/p/object/k"),
        ("s3:*", BUCKET),
        ("s3:GetBucketLocation", BUCKET),
        ("*", BUCKET),
        ("ssm:SendCommand", "arn:aws:ec2:eu-west-1:123456789012:instance/i"),
        ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/*"),
        (GET, "arn:aws:s3"),
        (GET, f"arn:aws:s3:::{MINE}/k"),
    ],
)
def test_actions_that_meet_their_resource_are_no_finding(action: str, resource: str) -> None:
    assert "action-never-meets-resource" not in codes(*one(allow(action, resource)))
