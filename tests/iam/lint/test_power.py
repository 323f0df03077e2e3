"""Lesson 18: a role that decides about itself."""

import pytest

from tests.iam.build import statement
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

BY_TAG = {"StringEquals": {"s3:ExistingObjectTag/user_id": MINE}}

CASES = [
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
    Case(
        "may-change-own-permissions",
        "a Deny of roles alone leaves policies and users",
        one(allow("iam:*", "*"), deny("iam:*", "arn:aws:iam::123456789012:role/*")),
        one(allow("iam:*", "*"), deny("iam:*", "arn:aws:iam::123456789012:*")),
        opens=Ask("iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/mine"),
    ),
    Case(
        "may-change-own-permissions",
        "a Deny of some roles",
        one(allow("iam:TagRole", "*"), deny("iam:*", "arn:aws:iam::123456789012:role/s*")),
        one(allow("iam:TagRole", "*"), deny("iam:*", "arn:aws:iam::123456789012:role/*")),
        opens=Ask("iam:TagRole", ROLE),
    ),
    Case(
        "may-change-own-permissions",
        "a Deny for one tenant",
        one(
            allow("iam:*", "*"),
            deny("iam:*", "*", {"StringEquals": {"aws:PrincipalTag/user_id": "tenant-a"}}),
        ),
        one(allow("iam:*", "*"), deny("iam:*", "*")),
        opens=Ask("iam:TagRole", ROLE, tags={"user_id": "tenant-b"}),
    ),
    Case(
        "may-change-own-permissions",
        "a boundary on whoever is changed is a warning",
        one(
            allow(
                ["iam:CreateRole", "iam:PutRolePolicy"],
                f"{ROLE}-*",
                {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/b"}},
            )
        ),
        one(allow(["iam:CreateRole", "iam:GetRolePolicy"], f"{ROLE}-*")),
        severity="warning",
    ),
    Case(
        "may-pass-any-role",
        "any role of an account that is written out",
        one(allow("iam:PassRole", "arn:aws:iam::123456789012:role/*")),
        one(allow("iam:PassRole", ROLE)),
        opens=Ask("iam:PassRole", "arn:aws:iam::123456789012:role/admin"),
        severity="warning",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


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


def test_a_deny_of_policies_closes_what_acts_on_policies() -> None:
    whole = one(
        allow("iam:CreatePolicyVersion", "*"),
        deny("iam:*", "arn:aws:iam::123456789012:policy/*"),
    )

    assert "may-change-own-permissions" not in codes(*whole)
