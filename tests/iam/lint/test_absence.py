"""Lesson 13: what a condition says of a key that the request does not have."""

import pytest

from tests.iam.lint.cases import (
    FOREIGN_OBJECT,
    MINE,
    OWN_OBJECTS,
    TABLE,
    Ask,
    Case,
    allow,
    check,
    codes,
    deny,
    one,
    trust,
)

TAG = "aws:PrincipalTag/user_id"
GET = "s3:GetObject"
UNTAGGED = Ask(GET, FOREIGN_OBJECT, tags={})
NOT_ME = {"StringNotEquals": {TAG: "${aws:ResourceTag/owner}"}}
SCAN, EXPORT = "dynamodb:Scan", "dynamodb:ExportTableToPointInTime"
OWN_KEYS = deny("*", "*", {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}})

CASES = [
    Case(
        "negated-operator-passes-absent-key",
        "an untagged session is not the empty tenant",
        one(allow(GET, "*", {"StringNotEquals": {TAG: ""}})),
        one(allow(GET, "*", {"StringNotEquals": {TAG: ""}, "Null": {TAG: "false"}})),
        opens=UNTAGGED,
        path=f'$.Statement[0].Condition.StringNotEquals["{TAG}"]',
    ),
    Case(
        "negated-operator-passes-absent-key",
        "a tag without a slash may be no tag",
        one(allow(GET, "*", {"StringNotLike": {TAG: "*/*"}})),
        one(allow(GET, "*", {"StringNotLike": {TAG: "*/*"}, "StringLike": {TAG: "?*"}})),
        opens=UNTAGGED,
    ),
    Case(
        "negated-operator-passes-absent-key",
        "a trust policy that asks which tag it is not",
        one(trust(condition={"StringNotEquals": {"aws:RequestTag/user_id": "root"}})),
        one(
            trust(
                condition={
                    "StringNotEquals": {"aws:RequestTag/user_id": "root"},
                    "StringLike": {"aws:RequestTag/user_id": "?*"},
                }
            )
        ),
    ),
    Case(
        "negated-operator-passes-absent-key",
        "another key than a tenant's is a warning",
        one(allow(GET, "*", {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}})),
        one(allow(GET, "*", {"StringEquals": {"aws:SourceVpc": "vpc-2"}})),
        opens=Ask(GET, FOREIGN_OBJECT),
        severity="warning",
    ),
    Case(
        "if-exists-passes-absent-key",
        "an untagged session has no other tenant's tag",
        one(allow(GET, "*", {"StringEqualsIfExists": {TAG: "${s3:ExistingObjectTag/user_id}"}})),
        one(allow(GET, "*", {"StringEquals": {TAG: "${s3:ExistingObjectTag/user_id}"}})),
        opens=UNTAGGED,
    ),
    Case(
        "if-exists-passes-absent-key",
        "a get has no prefix",
        one(allow("s3:*", "*", {"StringLikeIfExists": {"s3:prefix": f"traces/{MINE}/*"}})),
        one(allow("s3:*", "*", {"StringLike": {"s3:prefix": f"traces/{MINE}/*"}})),
        opens=Ask(GET, FOREIGN_OBJECT),
    ),
    Case(
        "null-admits-untagged",
        "whoever has no tenant reads all",
        one(allow(GET, "*", {"Null": {TAG: "true"}})),
        one(allow(GET, "*", {"Null": {TAG: "false"}})),
        opens=UNTAGGED,
    ),
    Case(
        "deny-spares-untagged",
        "the guard of a deny is its hole",
        one(
            allow(GET, "*"),
            deny(GET, "*", {**NOT_ME, "Null": {TAG: "false"}}),
        ),
        one(allow(GET, "*"), deny(GET, "*", NOT_ME)),
        opens=Ask(GET, FOREIGN_OBJECT, {"aws:ResourceTag/owner": "tenant-b"}, tags={}),
        severity="warning",
    ),
    Case(
        "deny-silent-on-absent-key",
        "a scan has no leading keys to deny",
        one(
            allow("dynamodb:*", TABLE),
            deny("*", "*", {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}}),
        ),
        one(
            allow("dynamodb:*", TABLE),
            deny("*", "*", {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}}),
            deny("dynamodb:*", TABLE, {"Null": {"dynamodb:LeadingKeys": "true"}}),
        ),
        opens=Ask("dynamodb:Scan", TABLE),
    ),
    Case(
        "deny-silent-on-absent-key",
        "a deny of one tenant",
        one(allow(GET, "*"), deny(GET, "*", {"StringEquals": {TAG: "suspended"}})),
        one(
            allow(GET, "*"),
            deny(GET, "*", {"StringEquals": {TAG: "suspended"}}),
            deny(GET, "*", {"Null": {TAG: "true"}}),
        ),
        opens=UNTAGGED,
        severity="note",
    ),
    Case(
        "deny-silent-on-absent-key",
        "a Deny of absence for another action",
        one(
            allow("dynamodb:*", TABLE),
            deny("*", "*", {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}}),
            deny("dynamodb:PutItem", TABLE, {"Null": {"dynamodb:LeadingKeys": "true"}}),
        ),
        one(
            allow("dynamodb:*", TABLE),
            deny("*", "*", {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}}),
            deny([SCAN, "dynamodb:PartiQLSelect", EXPORT], TABLE),
        ),
        opens=Ask("dynamodb:Scan", TABLE),
    ),
    Case(
        "deny-spares-untagged",
        "a Deny of absence for other resources",
        one(
            allow(GET, "*"),
            deny(GET, "*", {**NOT_ME, "Null": {TAG: "false"}}),
            deny(GET, "arn:aws:s3:::other/*", {"Null": {TAG: "true"}}),
        ),
        one(
            allow(GET, "*"),
            deny(GET, "*", {**NOT_ME, "Null": {TAG: "false"}}),
            deny("s3:*", "*", {"Null": {TAG: "true"}}),
        ),
        opens=Ask(GET, FOREIGN_OBJECT, {"aws:ResourceTag/owner": "tenant-b"}, tags={}),
        severity="warning",
    ),
    *(
        Case(
            "deny-silent-on-absent-key",
            f"a Deny of Scan leaves {read}",
            one(allow("dynamodb:*", [TABLE, f"{TABLE}/*"]), OWN_KEYS, deny(closed, "*")),
            one(allow("dynamodb:*", [TABLE, f"{TABLE}/*"]), OWN_KEYS, deny([*closed, read], "*")),
            opens=Ask(read, resource),
        )
        for read, resource, closed in (
            ("dynamodb:PartiQLSelect", TABLE, [SCAN, EXPORT, "dynamodb:GetRecords"]),
            (EXPORT, TABLE, [SCAN, "dynamodb:PartiQLSelect", "dynamodb:GetRecords"]),
            (
                "dynamodb:GetRecords",
                f"{TABLE}/stream/2026",
                [SCAN, EXPORT, "dynamodb:PartiQLSelect"],
            ),
        )
    ),
    Case(
        "deny-silent-on-absent-key",
        "PartiQL without a key in its WHERE",
        one(allow("dynamodb:PartiQLSelect", TABLE), OWN_KEYS),
        one(
            allow("dynamodb:PartiQLSelect", TABLE),
            OWN_KEYS,
            deny("dynamodb:*", TABLE, {"Null": {"dynamodb:LeadingKeys": "true"}}),
        ),
        opens=Ask("dynamodb:PartiQLSelect", TABLE),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/x"}},
        {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"ForAnyValue:StringNotEquals": {"aws:PrincipalTag/user_id": "x"}},
    ],
)
def test_a_key_that_is_always_there_needs_no_guard(condition: dict[str, dict[str, str]]) -> None:
    assert "negated-operator-passes-absent-key" not in codes(*one(allow(GET, "*", condition)))


def test_a_negated_operator_in_a_deny_is_right() -> None:
    good = one(deny(GET, OWN_OBJECTS, {"StringNotEquals": {TAG: "x"}}))

    assert not codes(*good)


def test_if_exists_on_a_key_that_separates_nobody_is_no_finding() -> None:
    found = codes(*one(allow(GET, OWN_OBJECTS, {"BoolIfExists": {"aws:SecureTransport": "true"}})))

    assert not found


def test_a_scan_of_another_table_slips_by_no_deny() -> None:
    apart = one(
        allow("dynamodb:Scan", f"{TABLE}-of-countries"),
        deny("*", TABLE, {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}}),
    )

    assert "deny-silent-on-absent-key" not in codes(*apart)


def test_if_exists_beside_what_ties_the_statement_is_no_finding() -> None:
    tutorial = {
        "StringEquals": {"aws:ResourceTag/user_id": MINE},
        "StringEqualsIfExists": {"aws:RequestTag/user_id": MINE},
    }
    weak = {
        "StringEqualsIfExists": {"aws:ResourceTag/user_id": MINE, "aws:RequestTag/user_id": MINE}
    }

    assert "if-exists-passes-absent-key" not in codes(
        *one(allow("secretsmanager:*", "*", tutorial))
    )
    assert "if-exists-passes-absent-key" in codes(*one(allow("secretsmanager:*", "*", weak)))
