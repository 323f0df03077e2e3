"""Lesson 18: a role that decides about itself."""

import pytest

from tests.iam.build import document, statement
from tests.iam.lint.cases import (
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

APPROVALS = "arn:aws:dynamodb:eu-west-1:123456789012:table/Approvals"
TABLES = "arn:aws:dynamodb:eu-west-1:123456789012:table/*"
OWN_ROWS = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [MINE]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
APPROVE = Ask("dynamodb:PutItem", APPROVALS, {"dynamodb:LeadingKeys": ("tenant-a",)})
BY_TAG = {"StringEquals": {"s3:ExistingObjectTag/user_id": MINE}}
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
        "may-change-own-permissions",
        "an inline policy of its own",
        one(allow(["s3:GetObject", "iam:PutRolePolicy"], "*")),
        one(allow(["s3:GetObject", "iam:GetRolePolicy"], "*")),
        opens=Ask("iam:PutRolePolicy", ROLE),
        path="$.Statement[0].Action[1]",
    ),
    Case(
        "may-change-own-permissions",
        "a tag of its own",
        one(allow("iam:Tag*", ROLE)),
        one(allow("iam:Tag*", ROLE), deny("iam:*", "*")),
        opens=Ask("iam:TagRole", ROLE),
    ),
    Case(
        "may-pass-any-role",
        "a function with another role",
        one(allow("iam:PassRole", "*")),
        one(allow("iam:PassRole", ROLE)),
        opens=Ask("iam:PassRole", "arn:aws:iam::123456789012:role/admin"),
        severity="warning",
    ),
    Case(
        "may-assume-any-role",
        "every role that trusts the account",
        one(allow("sts:AssumeRole", "arn:aws:iam::*:role/*")),
        one(allow("sts:AssumeRole", f"{ROLE}-*")),
        severity="warning",
    ),
    Case(
        "tag-it-mine",
        "tag another tenant's object, then read it",
        one(allow("s3:GetObject", "*", BY_TAG), allow("s3:PutObjectTagging", "*")),
        one(allow("s3:GetObject", "*", BY_TAG), allow("s3:PutObjectTagging", "*", BY_TAG)),
        opens=Ask(
            "s3:PutObjectTagging", FOREIGN_OBJECT, {"s3:ExistingObjectTag/user_id": "tenant-b"}
        ),
        path="$.Statement[1].Action",
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
    Case(
        "may-change-own-permissions",
        "a Deny of the first action",
        one(allow("iam:*", "*"), deny("iam:PutRolePolicy", "*")),
        one(allow("iam:*", "*"), deny("iam:*", "*")),
        opens=Ask("iam:AttachRolePolicy", ROLE),
    ),
    Case(
        "tag-it-mine",
        "a Deny of one of the tagging actions",
        one(
            allow("s3:GetObject", "*", BY_TAG),
            allow("s3:Put*Tagging", "*"),
            deny("s3:PutObjectTagging", "*"),
        ),
        one(allow("s3:GetObject", "*", BY_TAG), allow("s3:Put*Tagging", "*"), deny("s3:Put*", "*")),
        opens=Ask("s3:PutObjectVersionTagging", FOREIGN_OBJECT),
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


def test_tagging_ones_own_prefix_is_no_finding() -> None:
    whole = one(allow("s3:GetObject", "*", BY_TAG), allow("s3:PutObjectTagging", OWN_OBJECTS))

    assert "tag-it-mine" not in codes(*whole)


def test_passing_a_role_to_one_service_is_no_finding() -> None:
    bound = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}

    assert "may-pass-any-role" not in codes(*one(allow("iam:PassRole", "*", bound)))


def test_awss_power_user_does_not_change_its_own_permissions() -> None:
    power_user = one(
        statement(Action=None, NotAction=["iam:*", "organizations:*", "account:*"]),
        allow(["iam:CreateServiceLinkedRole", "iam:ListRoles", "account:ListRegions"], "*"),
    )

    assert not {"may-change-own-permissions", "may-pass-any-role"} & codes(*power_user)


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


def test_a_deny_takes_the_passing_of_roles_back() -> None:
    whole = one(allow("*", "*"), deny(["iam:*", "sts:*"], "*"))

    assert not {"may-pass-any-role", "may-assume-any-role"} & codes(*whole)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"elasticloadbalancing:CreateAction": ["CreateListener"]}},
        {"StringEquals": {"aws:ResourceTag/made-by": "${aws:userid}"}},
    ],
)
def test_tagging_what_one_makes_is_no_finding(condition: dict[str, dict[str, object]]) -> None:
    whole = one(
        allow("elasticloadbalancing:*", "*", {"StringEquals": {"aws:ResourceTag/user_id": MINE}}),
        allow("elasticloadbalancing:AddTags", "*", condition),
    )

    assert "tag-it-mine" not in codes(*whole)
