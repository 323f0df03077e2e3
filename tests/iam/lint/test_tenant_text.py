"""Lessons 4 and 6: variables and wildcards."""

import pytest

from tests.iam.build import document, statement
from tests.iam.lint.cases import (
    BUCKET,
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
OLD = "2008-10-17"
DEFAULT = "${aws:PrincipalTag/user_id, 'shared'}"

CASES = [
    Case(
        "variable-without-delimiter",
        "tenant-a reaches tenant-ab",
        one(allow(GET, f"{BUCKET}/traces/{MINE}*")),
        one(allow(GET, OWN_OBJECTS)),
        opens=Ask(GET, f"{BUCKET}/traces/tenant-ab/1.txt"),
        path="$.Statement[0].Resource",
    ),
    Case(
        "variable-without-delimiter",
        "in a condition",
        one(allow(LIST, BUCKET, {"StringLike": {"s3:prefix": f"traces/{MINE}*"}})),
        one(allow(LIST, BUCKET, {"StringLike": {"s3:prefix": f"traces/{MINE}/*"}})),
        opens=Ask(LIST, BUCKET, {"s3:prefix": "traces/tenant-ab/"}),
    ),
    Case(
        "wildcard-before-variable",
        "a folder of tenant-b that is called tenant-a",
        one(allow(GET, f"{BUCKET}/*/{MINE}/*")),
        one(allow(GET, OWN_OBJECTS)),
        opens=Ask(GET, f"{BUCKET}/traces/tenant-b/tenant-a/1.txt"),
        severity="warning",
    ),
    Case(
        "variable-in-old-version",
        "a deny that never fires",
        [document(allow("s3:*", "*")), document(deny(GET, f"{BUCKET}/{MINE}/*"), version=OLD)],
        [document(allow("s3:*", "*")), document(deny(GET, f"{BUCKET}/{MINE}/*"))],
        opens=Ask(GET, f"{BUCKET}/tenant-a/1"),
        path="$.Statement[0].Resource",
    ),
    Case(
        "variable-in-old-version",
        "a dead allow",
        [document(allow(GET, OWN_OBJECTS), version=OLD)],
        [document(allow(GET, OWN_OBJECTS))],
        severity="warning",
    ),
    Case(
        "default-for-tenant",
        "every untagged session is the shared tenant",
        one(allow(GET, f"{BUCKET}/traces/{DEFAULT}/*")),
        one(allow(GET, OWN_OBJECTS)),
        opens=Ask(GET, f"{BUCKET}/traces/shared/1.txt", tags={}),
    ),
    Case(
        "wildcard-in-exact-operator",
        "never equal",
        one(allow(LIST, BUCKET, {"StringEquals": {"s3:prefix": f"traces/{MINE}/*"}})),
        one(allow(LIST, BUCKET, {"StringLike": {"s3:prefix": f"traces/{MINE}/*"}})),
        severity="warning",
    ),
    Case(
        "wildcard-in-exact-operator",
        "a deny that never fires",
        one(allow(LIST, BUCKET), deny(LIST, BUCKET, {"StringEquals": {"s3:prefix": "traces/*"}})),
        one(allow(LIST, BUCKET), deny(LIST, BUCKET, {"StringLike": {"s3:prefix": "traces/*"}})),
        opens=Ask(LIST, BUCKET, {"s3:prefix": "traces/tenant-b/"}),
    ),
    Case(
        "variable-without-delimiter",
        "what a Deny spares",
        one(
            allow(GET, f"{BUCKET}/*"),
            statement(Effect="Deny", Resource=None, NotResource=f"{BUCKET}/traces/{MINE}*"),
        ),
        one(
            allow(GET, f"{BUCKET}/*"),
            statement(Effect="Deny", Resource=None, NotResource=OWN_OBJECTS),
        ),
        opens=Ask(GET, f"{BUCKET}/traces/tenant-ab/1.txt"),
        path="$.Statement[1].NotResource",
    ),
    Case(
        "variable-without-delimiter",
        "the prefixes that a Deny spares",
        one(
            allow(LIST, BUCKET),
            deny(LIST, "*", {"StringNotLike": {"s3:prefix": f"{MINE}*"}}),
        ),
        one(
            allow(LIST, BUCKET),
            deny(LIST, "*", {"StringNotLike": {"s3:prefix": f"{MINE}/*"}}),
        ),
        opens=Ask(LIST, BUCKET, {"s3:prefix": "tenant-ab/"}),
    ),
    Case(
        "variable-without-delimiter",
        "a loose Deny beside exact Allows",
        one(
            allow(GET, OWN_OBJECTS),
            statement(Effect="Deny", Resource=None, NotResource=f"{BUCKET}/traces/{MINE}*"),
        ),
        one(allow(GET, OWN_OBJECTS)),
        severity="warning",
    ),
    Case(
        "variable-without-delimiter",
        "a prefix that goes on",
        one(allow(LIST, BUCKET, {"StringEquals": {"s3:prefix": f"traces/{MINE}"}})),
        one(allow(LIST, BUCKET, {"StringEquals": {"s3:prefix": f"traces/{MINE}/"}})),
        opens=Ask(LIST, BUCKET, {"s3:prefix": "traces/tenant-a"}),
        severity="warning",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


def test_a_variable_alone_in_string_like_is_literal_and_right() -> None:
    assert not codes(*one(allow(LIST, BUCKET, {"StringLike": {"s3:prefix": f"traces/{MINE}/"}})))


def test_an_escaped_star_is_no_wildcard() -> None:
    exact = allow(LIST, BUCKET, {"StringEquals": {"s3:prefix": f"{MINE}/${{*}}"}})

    assert "wildcard-in-exact-operator" not in codes(*one(exact))


def test_a_star_in_the_region_stands_before_no_name() -> None:
    table = f"arn:aws:dynamodb:*:*:table/{MINE}"

    assert "wildcard-before-variable" not in codes(*one(allow("dynamodb:Query", table)))


def test_a_deny_of_more_than_the_own_is_no_loose_end() -> None:
    wide = one(allow(GET, "*"), deny(GET, f"{BUCKET}/{MINE}*"))

    assert "variable-without-delimiter" not in codes(*wide)
