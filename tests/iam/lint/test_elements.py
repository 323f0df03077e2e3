"""Elements that say the opposite of what they seem to, and keys that nobody has."""

import pytest

from tests.iam.build import Json, statement
from tests.iam.lint.cases import (
    BROKER,
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
from valetkey.iam import Principal, PrincipalKind

GET = "s3:GetObject"
SPARED: Json = {"AWS": [BROKER, "arn:aws:iam::123456789012:root"]}
ANYBODY = Principal(PrincipalKind.ANONYMOUS, "*")
PUBLIC = statement(Action=GET, Principal="*", Resource=f"{BUCKET}/*")

CASES = [
    Case(
        "not-principal",
        "whom it spares is disputed",
        one(statement(Effect="Deny", NotPrincipal=SPARED)),
        one(
            statement(
                Effect="Deny",
                Principal="*",
                Condition={"ArnNotEquals": {"aws:PrincipalArn": BROKER}},
            )
        ),
        severity="warning",
        path="$.Statement[0].NotPrincipal",
    ),
    Case(
        "not-resource-with-variable",
        "without a tag nothing is excepted",
        one(statement(Action="s3:*", Resource=None, NotResource=f"{BUCKET}/private/{MINE}/*")),
        one(allow("s3:*", OWN_OBJECTS)),
        opens=Ask(GET, FOREIGN_OBJECT, tags={}),
    ),
    Case(
        "not-resource-in-allow",
        "all that is made tomorrow",
        one(statement(Action="s3:*", Resource=None, NotResource=f"{BUCKET}/private/*")),
        one(allow("s3:*", OWN_OBJECTS)),
        opens=Ask(GET, FOREIGN_OBJECT),
        severity="warning",
    ),
    Case(
        "not-action-in-allow",
        "every other service",
        one(statement(Action=None, NotAction="iam:*")),
        one(allow(GET, OWN_OBJECTS)),
        opens=Ask(GET, FOREIGN_OBJECT),
        severity="warning",
    ),
    Case(
        "everyone-in-resource-policy",
        "anonymous readers",
        one(PUBLIC),
        one({**PUBLIC, "Condition": {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}}),
        opens=Ask(GET, FOREIGN_OBJECT, principal=ANYBODY),
        path="$.Statement[0].Principal",
    ),
    Case(
        "empty-list",
        "a dead statement",
        one(allow([], "*")),
        one(allow([GET], OWN_OBJECTS)),
        severity="warning",
        path="$.Statement[0].Action",
    ),
    Case(
        "unknown-condition-key",
        "a misspelt key is an absent key",
        one(allow(GET, "*"), deny(GET, "*", {"StringEquals": {"aws:PrincipalAcount": "1"}})),
        one(
            allow(GET, "*"),
            deny(GET, "*", {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}),
        ),
        opens=Ask(GET, FOREIGN_OBJECT),
    ),
    Case(
        "unknown-condition-key",
        "a dead allow",
        one(allow("s3:ListBucket", BUCKET, {"StringLike": {"s3:prefixes": "x"}})),
        one(allow("s3:ListBucket", BUCKET, {"StringLike": {"S3:Prefix": "x"}})),
        severity="warning",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


def test_the_mend_of_a_misspelt_key_names_the_right_one() -> None:
    from tests.iam.lint.cases import findings

    case = CASES[-2]
    (found,) = [one for one in findings(case, case.bad) if one.code == case.code]

    assert found.mend == "write `aws:principalaccount`"


@pytest.mark.parametrize("key", ["ec2:Region", "aws:ResourceTag/x", "aws:PrincipalTag/x", "my:key"])
def test_a_key_of_a_service_that_is_not_known_by_heart_is_no_finding(key: str) -> None:
    found = codes(*one(allow(GET, OWN_OBJECTS, {"StringEquals": {key: "x"}})))

    assert "unknown-condition-key" not in found


STRANGER = Principal(
    PrincipalKind.ARN,
    "arn:aws:sts::999988887777:assumed-role/evil/x",
    role_tags={"user_id": "tenant-a"},
)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("aws:PrincipleTag/user_id", "aws:principaltag/user_id"),
        ("aws:PrincipalTags/user_id", "aws:principaltag/user_id"),
        ("aws:PrincipalTag", "aws:principaltag/TAG"),
        ("aws:RequestTag", "aws:requesttag/TAG"),
        ("s3:ExistingObjectTags/Owner", "s3:existingobjecttag/Owner"),
        ("dynamodb:LeadingKey", "dynamodb:leadingkeys"),
        ("aws:SourceVpcee", "aws:sourcevpce"),
    ],
)
def test_a_misspelt_tag_key_is_mended_to_a_tag_key(key: str, meant: str) -> None:
    from tests.iam.lint.cases import findings

    case = Case(
        "unknown-condition-key", "", one(allow(GET, "*", {"StringNotEquals": {key: "x"}})), []
    )
    (found,) = [one for one in findings(case, case.bad) if one.code == case.code]

    assert found.mend == f"write `{meant}`"
