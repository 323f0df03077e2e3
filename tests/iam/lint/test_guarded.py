"""Lesson 18: a role that writes what decides about it."""

import pytest

from tests.iam.build import document, statement
from tests.iam.lint.cases import (
    MINE,
    Ask,
    Case,
    allow,
    check,
    codes,
    deny,
    one,
)

APPROVALS = "arn:aws:dynamodb:eu-west-1:123456789012:table/Approvals"
TABLES = "arn:aws:dynamodb:eu-west-1:123456789012:table/*"
OWN_ROWS = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [MINE]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
APPROVE = Ask("dynamodb:PutItem", APPROVALS, {"dynamodb:LeadingKeys": ("tenant-a",)})
PARAMETERS = "arn:aws:ssm:eu-west-1:123456789012:parameter/policies"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group:audit"
UPDATE, POLICIES = "dynamodb:UpdateItem", "arn:aws:s3:::policies"
OWN_KEY = {"dynamodb:LeadingKeys": [MINE]}
WRITE = ["dynamodb:PutItem", "dynamodb:Query"]

CASES = [
    Case(
        "may-write-guarded",
        "the role approves its own request",
        one(allow(WRITE, TABLES, OWN_ROWS)),
        one(allow(WRITE, TABLES, OWN_ROWS), deny("dynamodb:*", APPROVALS)),
        opens=APPROVE,
        guarded=(APPROVALS,),
    ),
    Case(
        "may-write-guarded",
        "a pattern of actions",
        one(allow("dynamodb:*Item", APPROVALS)),
        one(allow("dynamodb:Get*", APPROVALS)),
        opens=APPROVE,
        guarded=(APPROVALS,),
    ),
    Case(
        "may-write-guarded",
        "all but one action",
        one(statement(Action=None, NotAction="iam:*")),
        one(statement(Action=None, NotAction="iam:*", Resource="arn:aws:s3:::b/*")),
        opens=APPROVE,
        guarded=(APPROVALS,),
    ),
    Case(
        "may-write-guarded",
        "a pattern of no known action",
        one(allow("dynamodb:*Table", APPROVALS)),
        one(allow("dynamodb:*Table", APPROVALS), deny("dynamodb:*", APPROVALS)),
        opens=Ask("dynamodb:DeleteTable", APPROVALS),
        guarded=(APPROVALS,),
    ),
    Case(
        "may-write-guarded",
        "a Deny of one of the writes",
        one(allow(["dynamodb:PutItem", UPDATE], APPROVALS), deny("dynamodb:PutItem", APPROVALS)),
        one(
            allow(["dynamodb:PutItem", UPDATE], APPROVALS),
            deny(["dynamodb:PutItem", UPDATE], APPROVALS),
        ),
        opens=Ask(UPDATE, APPROVALS),
        guarded=(APPROVALS,),
    ),
    Case(
        "may-write-guarded",
        "a Deny of rows that are not the caller's",
        one(
            allow(WRITE, APPROVALS),
            deny("dynamodb:*", APPROVALS, {"ForAnyValue:StringNotEquals": OWN_KEY}),
            deny("dynamodb:*", APPROVALS, {"Null": {"dynamodb:LeadingKeys": "true"}}),
        ),
        one(allow(WRITE, APPROVALS), deny(WRITE, APPROVALS)),
        opens=APPROVE,
        guarded=(APPROVALS,),
    ),
    Case(
        "may-write-guarded",
        "an object of the bucket of policies",
        one(allow("s3:PutObject", f"{POLICIES}/*")),
        one(allow("s3:PutObject", f"{POLICIES}-2/*")),
        opens=Ask("s3:PutObject", f"{POLICIES}/p.cedar"),
        guarded=(POLICIES,),
    ),
    *(
        Case(
            "may-write-guarded",
            f"{action} on all that the guarded ARN begins",
            one(allow(action, f"{arn}/*")),
            one(allow(action, f"{arn}/*"), deny(f"{arn.split(':')[2]}:*", f"{arn}/*")),
            opens=Ask(asked, f"{arn}/x"),
            guarded=(f"{arn}/*",),
        )
        for arn, action, asked in (
            (PARAMETERS, "ssm:PutParameter", "ssm:PutParameter"),
            (PARAMETERS, "ssm:Delete*", "ssm:DeleteParameter"),
            (PARAMETERS, "ssm:*Parameter", "ssm:PutParameter"),
            (LOGS, "logs:DeleteLogGroup", "logs:DeleteLogGroup"),
            (POLICIES, "s3:PutObjectAcl", "s3:PutObjectAcl"),
            (POLICIES, "s3:Put*Tagging", "s3:PutObjectTagging"),
            (POLICIES, "s3:AbortMultipartUpload", "s3:AbortMultipartUpload"),
        )
    ),
    Case(
        "may-write-guarded",
        "NotAction that leaves one way to write",
        one(statement(Action=None, NotAction=["ssm:Put*", "iam:*"])),
        one(statement(Action=None, NotAction=["ssm:*", "iam:*"])),
        opens=Ask("ssm:DeleteParameter", f"{PARAMETERS}/x"),
        guarded=(f"{PARAMETERS}/*",),
    ),
    Case(
        "may-write-guarded",
        "a Deny of some objects",
        one(allow("s3:PutObject", f"{POLICIES}/*"), deny("s3:*", f"{POLICIES}/")),
        one(allow("s3:PutObject", f"{POLICIES}/*"), deny("s3:*", f"{POLICIES}/*")),
        opens=Ask("s3:PutObject", f"{POLICIES}/p.cedar"),
        guarded=(POLICIES,),
    ),
    Case(
        "may-write-guarded",
        "the second of two resources",
        one(
            allow("s3:PutObject", [f"{POLICIES}/a/*", f"{POLICIES}/b/*"]),
            deny("s3:*", f"{POLICIES}/a/*"),
        ),
        one(allow("s3:PutObject", f"{POLICIES}/a/*"), deny("s3:*", f"{POLICIES}/a/*")),
        opens=Ask("s3:PutObject", f"{POLICIES}/b/p.cedar"),
        guarded=(POLICIES,),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


def test_reading_what_is_guarded_is_no_finding() -> None:
    read = document(allow(["dynamodb:Query", "dynamodb:ConditionCheckItem"], APPROVALS))

    assert "may-write-guarded" not in codes(read, guarded=[APPROVALS])


def test_a_deny_with_a_condition_guards_nothing() -> None:
    whole = one(
        allow(WRITE, TABLES),
        deny("dynamodb:*", APPROVALS, {"StringEquals": {"aws:SourceVpc": "vpc-1"}}),
    )

    assert "may-write-guarded" in codes(*whole, guarded=[APPROVALS])


def test_a_write_that_not_action_excludes_is_no_finding() -> None:
    spared = statement(Action=None, NotAction=["dynamodb:*"])

    assert "may-write-guarded" not in codes(*one(spared), guarded=[APPROVALS])


@pytest.mark.parametrize("spared", [APPROVALS, TABLES, "arn:aws:dynamodb:*"])
def test_a_resource_that_not_resource_excludes_is_not_reached(spared: str) -> None:
    others = statement(Action="dynamodb:PutItem", Resource=None, NotResource=[spared])

    assert "may-write-guarded" not in codes(*one(others), guarded=[APPROVALS])


def test_a_not_resource_with_a_variable_spares_the_callers_own_alone() -> None:
    others = statement(Action="dynamodb:PutItem", Resource=None, NotResource=f"{APPROVALS}{MINE}")

    assert "may-write-guarded" in codes(*one(others), guarded=[APPROVALS])


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:PutObject*", "s3:*Object"])
def test_an_object_action_does_not_write_the_bucket_itself(action: str) -> None:
    whole = one(allow(action, "*"), deny("s3:*", f"{POLICIES}/*"))

    assert "may-write-guarded" not in codes(*whole, guarded=[POLICIES])


def test_a_not_resource_may_spare_a_guarded_buckets_objects() -> None:
    others = statement(Action="s3:PutObject", Resource=None, NotResource=f"{POLICIES}/*")

    assert "may-write-guarded" not in codes(*one(others), guarded=[POLICIES])
