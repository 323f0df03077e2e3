"""What stands where the principal's tag should."""

import pytest

from tests.iam.lint.cases import BUCKET, OWN_OBJECTS, Ask, Case, allow, check, codes, one

GET = "s3:GetObject"
FOREIGN = f"{BUCKET}/traces/tenant-b/1.txt"
OWN = one(allow(GET, OWN_OBJECTS))

CASES = [
    Case(
        "request-tag-separates-tenants",
        "the caller names any tenant",
        one(allow(GET, f"{BUCKET}/traces/${{aws:RequestTag/user_id}}/*")),
        OWN,
        opens=Ask(GET, FOREIGN, {"aws:RequestTag/user_id": "tenant-b"}),
        tags=("user_id",),
    ),
    Case(
        "request-tag-separates-tenants",
        "a condition that no get can meet",
        one(allow(GET, "*", {"StringEquals": {"aws:RequestTag/user_id": "x"}})),
        OWN,
        tags=("user_id",),
    ),
    Case(
        "session-name-separates-tenants",
        "the caller of AssumeRole chooses it",
        one(allow(GET, f"{BUCKET}/traces/${{aws:userid}}/*")),
        OWN,
        opens=Ask(GET, FOREIGN, {"aws:userid": "tenant-b"}),
        severity="warning",
    ),
    Case(
        "username-of-a-role",
        "a session has none",
        one(allow(GET, f"{BUCKET}/traces/${{aws:username}}/*")),
        OWN,
        severity="warning",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("action", ["dynamodb:CreateTable", "sqs:TagQueue", "sts:AssumeRole"])
def test_a_request_tag_on_what_sets_tags_is_right(action: str) -> None:
    asked = allow(action, "*", {"StringLike": {"aws:RequestTag/user_id": "?*"}})

    assert "request-tag-separates-tenants" not in codes(*one(asked), tags=["user_id"])
