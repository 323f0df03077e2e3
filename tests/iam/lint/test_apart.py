"""What keeps two statements to different data, and what does not."""

from tests.iam.lint.cases import BUCKET, MINE, OWN_OBJECTS, allow, codes, one

GET = "s3:GetObject"


def test_values_that_never_meet_keep_two_lists_apart() -> None:
    def listing(prefix: str) -> dict[str, object]:
        return allow("s3:ListBucket", BUCKET, {"StringLike": {"s3:prefix": prefix}})

    assert "broad-allow-masks-tenant" not in codes(
        *one(listing(f"traces/{MINE}/*"), listing("public/*"))
    )
    assert "broad-allow-masks-tenant" in codes(
        *one(listing(f"traces/{MINE}/*"), listing("traces/*"))
    )


def test_arns_of_two_kinds_of_resource_never_meet() -> None:
    tied = {"StringEquals": {"aws:ResourceTag/user_id": MINE}}
    kinds = one(
        allow("ec2:CreateVolume", "arn:aws:ec2:*:*:volume/*", tied),
        allow("ec2:CreateVolume", "arn:aws:ec2:*:*:snapshot/*"),
    )

    assert "broad-allow-masks-tenant" not in codes(*kinds)


def test_two_accounts_data_are_apart() -> None:
    same, other = (
        {name: {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
        for name in ("StringEquals", "StringNotEquals")
    )
    apart = one(allow(GET, OWN_OBJECTS, same), allow(GET, "*", other))

    assert "broad-allow-masks-tenant" not in codes(*apart)


def test_where_a_request_comes_from_does_not_say_whose_data() -> None:
    narrow = allow(GET, OWN_OBJECTS, {"StringEquals": {"aws:SourceVpc": "vpc-1"}})
    wide = allow(GET, f"{BUCKET}/*", {"StringEquals": {"aws:SourceVpc": "vpc-2"}})

    assert "broad-allow-masks-tenant" in codes(*one(narrow, wide))


def test_all_data_but_the_own_is_not_apart_from_the_own() -> None:
    own = {"StringEquals": {"s3:ExistingObjectTag/user_id": MINE}}
    others = {"StringNotEquals": {"s3:ExistingObjectTag/user_id": MINE}}

    assert "broad-allow-masks-tenant" in codes(*one(allow(GET, "*", own), allow(GET, "*", others)))
