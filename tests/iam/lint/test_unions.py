"""Lesson 14: Allows add up."""

import pytest

from tests.iam.build import document, statement
from tests.iam.lint.cases import (
    BUCKET,
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
)

GET = "s3:GetObject"
NARROW = allow(GET, OWN_OBJECTS)
OWN_ROWS = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [MINE]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
ROWS = allow(["dynamodb:Query", "dynamodb:GetItem"], TABLE, OWN_ROWS)
FOREIGN_GET = Ask(GET, FOREIGN_OBJECT)
SCAN = Ask("dynamodb:Scan", TABLE)
KEEP_OUT = deny("s3:*", "*", {"StringNotEquals": {"s3:ExistingObjectTag/user_id": MINE}})

TAG = "aws:PrincipalTag/user_id"
OWN_TAG = {"StringEquals": {"s3:ExistingObjectTag/user_id": MINE}}
NARROW_TOP = allow(GET, f"{BUCKET}/{MINE}/*")
NARROW_BOTH = allow([GET, "s3:PutObject"], OWN_OBJECTS)
ELSEWHERE = statement(Effect="Deny", Action="s3:*", Resource=None, NotResource=OWN_OBJECTS)
ROWS_BATCH = allow("dynamodb:BatchGetItem", TABLE, OWN_ROWS)


def _keep_rows(quantifier: str) -> dict[str, object]:
    condition = {f"{quantifier}:StringNotEquals": {"dynamodb:LeadingKeys": [MINE]}}
    return deny("dynamodb:*", TABLE, condition)


CASES = [
    Case(
        "broad-allow-masks-tenant",
        "one inline policy masks a perfect one",
        [document(NARROW), document(allow("s3:*", "*"))],
        [document(NARROW), document(allow("s3:*", "arn:aws:s3:::public-assets/*"))],
        opens=FOREIGN_GET,
        path="$.Statement[0].Resource",
    ),
    Case(
        "broad-allow-masks-tenant",
        "a broad resource in the same statement",
        one(allow(GET, [OWN_OBJECTS, f"{BUCKET}/*"])),
        one(allow(GET, [OWN_OBJECTS, f"{BUCKET}/public/*"])),
        opens=FOREIGN_GET,
        path="$.Statement[0].Resource[1]",
    ),
    Case(
        "broad-allow-masks-tenant",
        "a pattern of actions",
        one(ROWS, allow("dynamodb:Get*", "arn:aws:dynamodb:*:*:table/Ev*")),
        one(ROWS, allow("dynamodb:Get*", "arn:aws:dynamodb:*:*:table/Ref*")),
        opens=Ask("dynamodb:GetItem", TABLE, {"dynamodb:LeadingKeys": ("tenant-b",)}),
    ),
    Case(
        "broad-allow-masks-tenant",
        "all but one action",
        one(NARROW, statement(Action=None, NotAction="iam:*")),
        one(NARROW, statement(Action=None, NotAction="iam:*", Resource=f"{BUCKET}-2/*")),
        opens=FOREIGN_GET,
    ),
    Case(
        "broad-allow-masks-tenant",
        "all but one resource",
        one(NARROW, statement(Action="s3:*", Resource=None, NotResource="arn:aws:s3:::x/*")),
        one(NARROW),
        opens=FOREIGN_GET,
    ),
    Case(
        "broad-allow-masks-tenant",
        "a condition on the object may keep it apart",
        one(NARROW, allow(GET, "*", {"StringEquals": {"s3:ExistingObjectTag/public": "yes"}})),
        one(NARROW),
        severity="warning",
    ),
    Case(
        "data-action-without-tenant",
        "a scan in a statement of its own",
        one(ROWS, allow(["dynamodb:DescribeTable", "dynamodb:Scan"], TABLE)),
        one(ROWS, allow("dynamodb:DescribeTable", TABLE)),
        opens=SCAN,
    ),
    Case(
        "data-action-without-tenant",
        "old versions of everybody's objects",
        one(NARROW, allow("s3:GetObjectVersion", f"{BUCKET}/*")),
        one(NARROW, allow("s3:GetObjectVersion", OWN_OBJECTS)),
        opens=Ask("s3:GetObjectVersion", FOREIGN_OBJECT),
    ),
    Case(
        "broad-value-beside-tenant",
        "all prefixes beside the own",
        one(
            allow(
                "s3:ListBucket",
                BUCKET,
                {"StringLike": {"s3:prefix": [f"traces/{MINE}/*", "traces/*"]}},
            )
        ),
        one(
            allow(
                "s3:ListBucket",
                BUCKET,
                {"StringLike": {"s3:prefix": [f"traces/{MINE}/*", "pub/*"]}},
            )
        ),
        opens=Ask("s3:ListBucket", BUCKET, {"s3:prefix": "traces/tenant-b/"}),
        path='$.Statement[0].Condition.StringLike["s3:prefix"][1]',
    ),
    *(
        Case(
            "broad-allow-masks-tenant",
            f"every tenant has a tag: {condition}",
            one(NARROW, allow(GET, f"{BUCKET}/*", condition)),
            one(NARROW, allow(GET, f"{BUCKET}/*", OWN_TAG)),
            opens=Ask(GET, FOREIGN_OBJECT, {"aws:SourceIdentity": "tenant-a"}),
        )
        for condition in (
            {"StringLike": {TAG: "*"}},
            {"StringEquals": {TAG: MINE}},
            {"StringNotEquals": {TAG: ""}, "Null": {TAG: "false"}},
            {"StringNotEquals": {"s3:ExistingObjectTag/user_id": MINE}},
            {"StringEquals": {"aws:SourceIdentity": MINE}},
            {"StringEquals": {TAG: "${aws:SourceIdentity}"}},
        )
    ),
    Case(
        "broad-allow-masks-tenant",
        "one tenant that reads all",
        one(NARROW, allow(GET, f"{BUCKET}/*", {"StringEquals": {TAG: "admin"}})),
        one(NARROW, allow(GET, f"{BUCKET}/*", OWN_TAG)),
        opens=Ask(GET, FOREIGN_OBJECT, tags={"user_id": "admin"}),
        severity="warning",
    ),
    Case(
        "broad-allow-masks-tenant",
        "a Deny of the first action",
        one(NARROW_BOTH, allow([GET, "s3:PutObject"], f"{BUCKET}/*"), {**ELSEWHERE, "Action": GET}),
        one(NARROW_BOTH, allow([GET, "s3:PutObject"], f"{BUCKET}/*"), ELSEWHERE),
        opens=Ask("s3:PutObject", FOREIGN_OBJECT),
    ),
    Case(
        "data-action-without-tenant",
        "a Deny of the narrow statement's action alone",
        one(NARROW, allow("s3:*", f"{BUCKET}/*"), {**ELSEWHERE, "Action": GET}),
        one(NARROW, allow("s3:*", f"{BUCKET}/*"), ELSEWHERE),
        opens=Ask("s3:DeleteObject", FOREIGN_OBJECT),
    ),
    Case(
        "broad-allow-masks-tenant",
        "a Deny of batches without an own key",
        one(ROWS_BATCH, allow("dynamodb:BatchGetItem", TABLE), _keep_rows("ForAllValues")),
        one(ROWS_BATCH, allow("dynamodb:BatchGetItem", TABLE), _keep_rows("ForAnyValue")),
        opens=Ask(
            "dynamodb:BatchGetItem", TABLE, {"dynamodb:LeadingKeys": ("tenant-a", "tenant-b")}
        ),
    ),
    *(
        Case(
            "broad-allow-masks-tenant",
            f"a Deny of some that takes the shortest name: {closed}",
            one(NARROW_TOP, allow(GET, f"{BUCKET}/*"), deny(GET, [f"{BUCKET}/{closed}"])),
            one(NARROW_TOP, allow(GET, f"{BUCKET}/*"), deny(GET, [f"{BUCKET}/*"])),
            opens=Ask(GET, f"{BUCKET}/other/1.txt"),
        )
        for closed in ("*/", "t*", "*-b/*", "tenant-?/*")
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


def test_a_deny_that_speaks_of_the_tenant_closes_the_broad_allow() -> None:
    closed = one(NARROW, allow(GET, f"{BUCKET}/*"), KEEP_OUT)

    assert "broad-allow-masks-tenant" not in codes(*closed)


def test_a_deny_that_hangs_on_something_else_closes_nothing() -> None:
    vpc = deny("s3:*", "*", {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}})

    assert "broad-allow-masks-tenant" in codes(*one(NARROW, allow(GET, f"{BUCKET}/*"), vpc))


def test_a_folder_that_is_named_is_no_other_tenants() -> None:
    assert "broad-allow-masks-tenant" not in codes(
        *one(NARROW, allow(GET, f"{BUCKET}/traces/shared/*"))
    )


def test_a_role_without_tenants_has_nothing_to_mask() -> None:
    assert not codes(*one(allow("s3:*", "*"), allow(GET, f"{BUCKET}/*")))


@pytest.mark.parametrize("spared", [["s3:*", "iam:*"], ["*:GetObject"], ["s3:Get*"]])
def test_what_not_action_excludes_is_not_covered(spared: list[str]) -> None:
    rest = statement(Action=None, NotAction=spared)

    assert "broad-allow-masks-tenant" not in codes(*one(NARROW, rest))


def test_a_value_of_the_resource_ties_either_way_round() -> None:
    turned = {"StringEquals": {TAG: "${s3:ExistingObjectTag/user_id}"}}

    assert "broad-allow-masks-tenant" not in codes(*one(NARROW, allow(GET, f"{BUCKET}/*", turned)))


def test_a_resource_control_closes_the_broad_allow() -> None:
    everybody = statement(
        Effect="Deny", Principal="*", Action="s3:*", Resource=None,
        NotResource=[OWN_OBJECTS, BUCKET],
    )  # fmt: skip
    whole = [document(NARROW, allow("s3:*", f"{BUCKET}/*")), document(everybody)]

    assert "broad-allow-masks-tenant" not in codes(*whole)


def test_a_deny_that_may_spare_the_role_closes_nothing() -> None:
    spared = {"AWS": ["123456789012", "arn:aws:iam::123456789012:role/agent"]}
    others = statement(Effect="Deny", NotPrincipal=spared, Action="s3:*", Resource=f"{BUCKET}/*")
    whole = [document(NARROW, allow("s3:*", f"{BUCKET}/*")), document(others)]

    assert "broad-allow-masks-tenant" in codes(*whole)
