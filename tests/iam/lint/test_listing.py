"""Lesson 15: lists, objects and resource types."""

import pytest

from tests.iam.build import document, statement
from tests.iam.lint.cases import (
    BROKER,
    BUCKET,
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
    read,
)
from valetkey.iam.lint import lint

GET, LIST = "s3:GetObject", "s3:ListBucket"
DELIMITER = "s3:delimiter"
AGENT = {"AWS": ROLE}
OWN_PREFIX = {"StringLike": {"s3:prefix": f"traces/{MINE}/*"}}
A_SESSION = {"AWS": "arn:aws:sts::123456789012:assumed-role/agent/s1"}
LIST_ALL = Ask(LIST, BUCKET)
NARROW, OWN_LIST = allow(GET, OWN_OBJECTS), allow(LIST, BUCKET, OWN_PREFIX)


def _beside(prefix: str) -> dict[str, dict[str, list[str]]]:
    return {"StringLike": {"s3:prefix": [f"traces/{MINE}/*", prefix]}}


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
    *(
        Case(
            "list-without-prefix",
            f"a delimiter without a fixed prefix: {condition}",
            one(NARROW, allow(LIST, BUCKET, condition)),
            one(NARROW, OWN_LIST),
            opens=Ask(LIST, BUCKET, {"s3:prefix": "traces/tenant-b/", DELIMITER: "/"}),
        )
        for condition in (
            {"StringEquals": {DELIMITER: "/"}},
            {"StringLike": {DELIMITER: "*"}},
            {"Null": {DELIMITER: "false"}},
            {"StringEquals": {DELIMITER: "/"}, "StringLike": {"s3:prefix": "traces/*"}},
            {"StringEquals": {DELIMITER: "/"}, "Null": {"s3:prefix": "false"}},
            {"StringEquals": {DELIMITER: ["/", "zzz"]}, "StringLike": {"s3:prefix": "traces/*"}},
        )
    ),
    Case(
        "list-without-prefix",
        "a delimiter that no name has",
        one(NARROW, allow(LIST, BUCKET, {"StringLike": {"s3:prefix": "traces/", DELIMITER: "*"}})),
        one(NARROW, OWN_LIST),
        opens=Ask(LIST, BUCKET, {"s3:prefix": "traces/", DELIMITER: "zzz"}),
    ),
    *(
        Case(
            "list-without-prefix",
            f"all names beside the own prefix: {prefix!r}",
            one(NARROW, allow(LIST, BUCKET, _beside(prefix))),
            one(NARROW, allow(LIST, BUCKET, _beside("public/"))),
            opens=Ask(LIST, BUCKET, {"s3:prefix": prefix}),
        )
        for prefix in ("", "traces/", "tra")
    ),
    Case(
        "list-without-prefix",
        "all names, that a Deny spares",
        one(
            NARROW,
            allow(LIST, BUCKET),
            deny(LIST, "*", {"StringNotLike": {"s3:prefix": [f"traces/{MINE}/*", ""]}}),
        ),
        one(
            NARROW,
            allow(LIST, BUCKET),
            deny(LIST, "*", {"StringNotLike": {"s3:prefix": f"traces/{MINE}/*"}}),
        ),
        opens=Ask(LIST, BUCKET, {"s3:prefix": ""}),
    ),
    Case(
        "list-without-prefix",
        "a Deny of one tenant's prefix",
        one(
            NARROW,
            allow(LIST, BUCKET),
            deny(LIST, "*", {"StringLike": {"s3:prefix": ["", "tenant-b/"]}}),
            deny(LIST, "*", {"Null": {"s3:prefix": "true"}}),
        ),
        one(NARROW, OWN_LIST),
        opens=Ask(LIST, BUCKET, {"s3:prefix": "traces/tenant-b/"}),
    ),
    Case(
        "list-without-prefix",
        "a bucket policy's list for the role, its get for a session of it",
        one(
            statement(Action=LIST, Principal=AGENT, Resource=BUCKET),
            statement(Action=GET, Principal=A_SESSION, Resource=OWN_OBJECTS),
        ),
        one(
            statement(Action=LIST, Principal=AGENT, Resource=BUCKET, Condition=OWN_PREFIX),
            statement(Action=GET, Principal=A_SESSION, Resource=OWN_OBJECTS),
        ),
        opens=LIST_ALL,
    ),
    Case(
        "list-without-prefix",
        "whose list it is, is a guess",
        [
            *one(NARROW, OWN_LIST),
            *one(statement(Action=LIST, Principal={"AWS": BROKER}, Resource=BUCKET)),
        ],
        [
            *one(NARROW, OWN_LIST),
            *one(
                statement(Action=LIST, Principal={"AWS": BROKER}, Resource=BUCKET),
                statement(Action=GET, Principal=AGENT, Resource=OWN_OBJECTS),
            ),
        ],
        severity="warning",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


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


def test_folders_beside_the_own_prefix_are_a_note() -> None:
    prefixes = ["", "traces/", f"traces/{MINE}/*"]
    home = allow(LIST, BUCKET, {"StringLike": {"s3:prefix": prefixes, DELIMITER: "/"}})
    found = lint(read(one(NARROW, home)))

    assert [one.severity.value for one in found if one.code == "list-without-prefix"] == ["note"]
