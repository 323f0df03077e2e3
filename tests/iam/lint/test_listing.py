"""Lesson 15: lists, objects and resource types."""

import pytest

from tests.iam.build import document, statement
from tests.iam.lint.cases import (
    BUCKET,
    FOREIGN_OBJECT,
    MINE,
    OWN_OBJECTS,
    ROLE,
    Ask,
    Case,
    allow,
    check,
    codes,
    deny,
    one,
)

GET, LIST = "s3:GetObject", "s3:ListBucket"
DELIMITER = "s3:delimiter"
AGENT = {"AWS": ROLE}
OWN_PREFIX = {"StringLike": {"s3:prefix": f"traces/{MINE}/*"}}
LIST_ALL = Ask(LIST, BUCKET)
NARROW, OWN_LIST = allow(GET, OWN_OBJECTS), allow(LIST, BUCKET, OWN_PREFIX)

CASES = [
    Case(
        "list-and-get-in-one-statement",
        "the names of everybody's objects",
        one(allow([LIST, GET], [BUCKET, OWN_OBJECTS])),
        one(NARROW, OWN_LIST),
        opens=LIST_ALL,
        path="$.Statement[0].Resource[0]",
    ),
    Case(
        "list-without-prefix",
        "the bucket of the tenants' objects",
        [document(NARROW), document(allow("s3:List*", BUCKET))],
        [document(NARROW), document(allow("s3:List*", BUCKET, OWN_PREFIX))],
        opens=LIST_ALL,
    ),
    Case(
        "list-without-prefix",
        "a bucket of which nothing is known",
        one(NARROW, allow(LIST, "arn:aws:s3:::other")),
        one(NARROW, allow(LIST, f"arn:aws:s3:::data-{MINE}")),
        severity="warning",
    ),
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
    *(
        Case(
            "list-without-prefix",
            f"a prefix of everybody's: {condition}",
            one(NARROW, allow(LIST, BUCKET, condition)),
            one(NARROW, OWN_LIST),
            opens=Ask(LIST, BUCKET, {"s3:prefix": prefix}),
        )
        for prefix, condition in (
            ("traces/tenant-b/", {"StringLike": {"s3:prefix": "*"}}),
            ("traces/tenant-b/", {"StringLike": {"s3:prefix": "traces/*"}}),
            ("traces/", {"StringEquals": {"s3:prefix": "traces/"}}),
            ("", {"StringEquals": {"s3:prefix": ""}}),
            ("traces/tenant-b/", {"Null": {"s3:prefix": "false"}}),
            ("traces/tenant-b/", {"StringNotLike": {"s3:prefix": "other/*"}}),
            ("", {"StringLike": {"aws:PrincipalTag/user_id": "?*"}}),
        )
    ),
    Case(
        "list-without-prefix",
        "folders, one level at a time",
        one(
            NARROW,
            allow(LIST, BUCKET, {"StringEquals": {"s3:prefix": ["", "traces/"], DELIMITER: "/"}}),
        ),
        one(NARROW, OWN_LIST),
        severity="note",
    ),
    Case(
        "list-without-prefix",
        "a Deny of the other list",
        one(NARROW, allow("s3:List*", BUCKET), deny(LIST, BUCKET)),
        one(NARROW, allow("s3:List*", BUCKET), deny("s3:ListBucket*", BUCKET)),
        opens=Ask("s3:ListBucketVersions", BUCKET),
    ),
    Case(
        "list-and-get-in-one-statement",
        "in a bucket policy",
        one(statement(Action=[LIST, GET], Principal=AGENT, Resource=[BUCKET, OWN_OBJECTS])),
        one(
            statement(Action=GET, Principal=AGENT, Resource=OWN_OBJECTS),
            statement(Action=LIST, Principal=AGENT, Resource=BUCKET, Condition=OWN_PREFIX),
        ),
        opens=LIST_ALL,
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


def test_a_deny_by_prefix_closes_the_list() -> None:
    closing = deny(LIST, "*", {"StringNotLike": {"s3:prefix": f"traces/{MINE}/*"}})

    assert "list-without-prefix" not in codes(*one(NARROW, allow(LIST, BUCKET), closing))


def test_a_role_without_tenants_may_list() -> None:
    assert not codes(*one(allow(LIST, BUCKET)))


@pytest.mark.parametrize("prefix", ["public/*", "traces-of-nobody/", ["a/*", "b/"]])
def test_a_prefix_that_no_tenant_has_is_no_finding(prefix: str | list[str]) -> None:
    public = allow(LIST, BUCKET, {"StringLike": {"s3:prefix": prefix}})

    assert "list-without-prefix" not in codes(*one(NARROW, public))


def test_a_value_beside_the_own_prefix_is_said_once() -> None:
    both = allow(LIST, BUCKET, {"StringLike": {"s3:prefix": [f"traces/{MINE}/*", "traces/*"]}})
    found = codes(*one(NARROW, both))

    assert "broad-value-beside-tenant" in found
    assert "list-without-prefix" not in found


def test_lists_that_not_action_excludes_are_not_covered() -> None:
    rest = statement(Action=None, NotAction=["s3:*", "iam:*"])

    assert "list-without-prefix" not in codes(*one(NARROW, rest))
