"""Whom a condition leaves out, and which statements are of one caller."""

import pytest

from tests.iam.build import Json, document, statement
from tests.iam.lint.cases import (
    BROKER,
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
    one,
)
from valetkey.iam import Principal, PrincipalKind

GET = "s3:GetObject"
OTHER_ACCOUNT = Principal(
    PrincipalKind.ARN,
    "arn:aws:sts::999988887777:assumed-role/evil/x",
    role_tags={"user_id": "tenant-b"},
)
OURS: Json = {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}


def public(condition: Json | None = None, resource: str = f"{BUCKET}/*") -> Json:
    return statement(Action=GET, Principal="*", Resource=resource, Condition=condition)


def strangers(name: str, condition: Json, resource: str = f"{BUCKET}/*") -> Case:
    """A condition that another account's role meets."""
    context = {
        "aws:PrincipalOrgID": "o-evil",
        "aws:SourceIp": "6.6.6.6",
        "s3:ExistingObjectTag/owner": "tenant-b",
    }
    return Case(
        "everyone-in-resource-policy",
        name,
        [*one(public(condition, resource)), *one(allow("*", "*"))],
        [*one(public({**condition, **OURS}, resource)), *one(allow("*", "*"))],
        opens=Ask(GET, FOREIGN_OBJECT, context, principal=OTHER_ACCOUNT),
    )


OWN = allow(GET, OWN_OBJECTS)
BUCKETS_OWN = statement(Action=GET, Principal={"AWS": ROLE}, Resource=OWN_OBJECTS)
BUCKETS_ALL = {**BUCKETS_OWN, "Resource": f"{BUCKET}/*"}
BUCKETS_PUT = {**BUCKETS_OWN, "Action": "s3:PutObject"}
EIGHTS = [f"{first}.0.0.0/8" for first in range(256)]
NAMED: dict[str, Json] = {
    "role": {"Principal": {"AWS": ROLE}},
    "session": {"Principal": {"AWS": "arn:aws:sts::123456789012:assumed-role/agent/s1"}},
    "account": {"Principal": {"AWS": "123456789012"}},
    "by ARN": {"Principal": "*", "Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}}},
}


def keep_out(condition: Json | None = None) -> Json:
    """A bucket policy's Deny of everyone's objects but the caller's own."""
    return statement(
        Effect="Deny", Principal="*", Action="s3:*", Resource=None,
        NotResource=OWN_OBJECTS, Condition=condition,
    )  # fmt: skip


CASES = [
    strangers(
        "a tag is its own account's word",
        {"StringLike": {"aws:PrincipalTag/user_id": "?*"}},
        f"{BUCKET}/traces/{MINE}/*",
    ),
    strangers("a tag like the object's", {"StringLike": {"s3:ExistingObjectTag/owner": MINE}}),
    strangers("any account's role", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
    strangers("two stars", {"StringLike": {"aws:PrincipalArn": "**"}}),
    strangers("no service", {"Bool": {"aws:PrincipalIsAWSService": "false"}}),
    strangers("any organisation", {"Null": {"aws:PrincipalOrgID": "false"}}),
    strangers("every address", {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
    strangers("one good value of two", {"StringLike": {"aws:PrincipalOrgID": ["o-1", "*"]}}),
    Case(
        "broad-allow-masks-tenant",
        "an inline policy masks a perfect bucket policy",
        [document(allow("s3:*", f"{BUCKET}/*")), document(BUCKETS_OWN)],
        [document(BUCKETS_OWN)],
        opens=Ask(GET, FOREIGN_OBJECT),
        path="$.Statement[0].Resource",
    ),
    Case(
        "broad-allow-masks-tenant",
        "a bucket policy masks a perfect inline policy",
        [document(OWN), document({**BUCKETS_OWN, "Resource": f"{BUCKET}/*"})],
        [document(OWN), document(BUCKETS_OWN)],
        opens=Ask(GET, FOREIGN_OBJECT),
        severity="warning",
    ),
    Case(
        "broad-allow-masks-tenant",
        "two statements of one bucket policy",
        one(BUCKETS_OWN, {**BUCKETS_OWN, "Resource": f"{BUCKET}/*"}),
        one(BUCKETS_OWN),
        opens=Ask(GET, FOREIGN_OBJECT),
    ),
    strangers("every address in many networks", {"IpAddress": {"aws:SourceIp": EIGHTS}}),
    Case(
        "broad-allow-masks-tenant",
        "a bucket policy masks what it ties for the role",
        [document(OWN), *one(BUCKETS_PUT, {**BUCKETS_OWN, "Resource": f"{BUCKET}/*"})],
        [document(OWN), *one(BUCKETS_PUT, BUCKETS_OWN)],
        opens=Ask(GET, FOREIGN_OBJECT),
    ),
    *(
        Case(
            "broad-allow-masks-tenant",
            f"{tied} and {broad} are one role",
            one(
                {**BUCKETS_OWN, **NAMED[tied]},
                {**BUCKETS_OWN, **NAMED[broad], "Resource": f"{BUCKET}/*"},
            ),
            one(BUCKETS_OWN),
            opens=Ask(GET, FOREIGN_OBJECT, {"aws:PrincipalArn": ROLE}),
            severity="warning" if tied == "account" else "error",
        )
        for tied, broad in (
            ("session", "role"),
            ("role", "session"),
            ("by ARN", "role"),
            ("session", "by ARN"),
            ("account", "role"),
        )
    ),
    Case(
        "broad-allow-masks-tenant",
        "a Deny of everyone but this role",
        [document(OWN), *one(BUCKETS_ALL, keep_out({"ArnEquals": {"aws:PrincipalArn": BROKER}}))],
        [document(OWN), *one(BUCKETS_ALL, keep_out({"ArnEquals": {"aws:PrincipalArn": ROLE}}))],
        opens=Ask(GET, FOREIGN_OBJECT, {"aws:PrincipalArn": ROLE}),
        severity="warning",
    ),
    Case(
        "broad-allow-masks-tenant",
        "a Deny that names another role",
        one(BUCKETS_OWN, BUCKETS_ALL, {**keep_out(), "Principal": {"AWS": BROKER}}),
        one(BUCKETS_OWN, BUCKETS_ALL, {**keep_out(), "Principal": {"AWS": ROLE}}),
        opens=Ask(GET, FOREIGN_OBJECT),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalAccount": "123456789012"}},
        {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}},
        {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}},
        {"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}},
        {"StringLike": {"aws:userid": "AROAEXAMPLEROLEID123:*"}},
        {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
        {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/X"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:a-bucket"}},
        {"StringEquals": {"s3:DataAccessPointAccount": "123456789012"}},
        {"StringEquals": {"kms:CallerAccount": "123456789012"}},
        {"StringEquals": {"AWS:SourceOwner": "123456789012"}},
        {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    ],
)
def test_a_condition_that_says_whose_is_enough(condition: Json) -> None:
    assert "everyone-in-resource-policy" not in codes(*one(public(condition)))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}},
        {"StringLike": {"aws:userid": "*:x"}},
        {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}},
        {"StringNotEquals": {"aws:PrincipalAccount": "123456789012"}},
        {"IpAddress": {"aws:SourceIp": "::/0"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}},
        {"StringLike": {"s3:DataAccessPointAccount": "*"}},
    ],
)
def test_a_condition_that_leaves_nobody_out_is_none(condition: Json) -> None:
    assert "everyone-in-resource-policy" in codes(*one(public(condition)))


def of(principal: str, resource: str, action: str | list[str] = GET) -> Json:
    return statement(Action=action, Principal={"AWS": principal}, Resource=resource)


MASKED = "broad-allow-masks-tenant"


def test_an_administrators_statement_in_the_same_bucket_policy_masks_nothing() -> None:
    policy = one(of(ROLE, OWN_OBJECTS), of(BROKER, f"{BUCKET}/*", ["s3:ListBucket", GET]))

    assert not {MASKED, "list-without-prefix"} & codes(*policy)


def test_an_account_in_a_bucket_policy_only_delegates() -> None:
    policies = [*one(allow(GET, OWN_OBJECTS)), *one(of("123456789012", f"{BUCKET}/*"))]

    assert MASKED not in codes(*policies)


def test_where_the_role_is_a_guess_it_is_a_warning() -> None:
    from tests.iam.lint.cases import read
    from valetkey.iam.lint import lint

    def severity(*statements: Json) -> str:
        documents = read([*one(allow(GET, OWN_OBJECTS)), *one(*statements)])
        return next(one.severity.value for one in lint(documents) if one.code == MASKED)

    assert severity(of(ROLE, f"{BUCKET}/*"), of(ROLE, OWN_OBJECTS)) == "error"
    assert severity(of(ROLE, f"{BUCKET}/*")) == "warning"
    assert severity(of(ROLE, f"{BUCKET}/x"), of(BROKER, f"{BUCKET}/*")) == "warning"


def test_a_grant_to_another_role_masks_nothing_where_this_one_is_named() -> None:
    others = of(BROKER, f"{BUCKET}/*", ["s3:ListBucket", GET])
    policies = [*one(allow(GET, OWN_OBJECTS)), *one(of(ROLE, OWN_OBJECTS), others)]

    assert not {MASKED, "list-without-prefix"} & codes(*policies)


def test_a_deny_of_all_but_an_administrator_is_of_the_role() -> None:
    everyone = keep_out({"ArnNotEquals": {"aws:PrincipalArn": BROKER}})

    assert MASKED not in codes(*one(BUCKETS_OWN, BUCKETS_ALL, everyone))
