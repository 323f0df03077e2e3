"""Every resource is of exactly one place: where one policy bears, or anywhere else."""

import pytest

from tests.iam.build import ACCOUNT, ROLE, TABLE, document, statement
from tests.isolation.build import problem_with
from valetkey.isolation.formula import Assignment, Symbol, holds, text
from valetkey.isolation.places import holder_of
from valetkey.isolation.problem import Place
from valetkey.tenancy.tenancy_map import (
    Access,
    AgentRole,
    Kind,
    Owned,
    Shared,
    Tag,
    TenancyMap,
)

BUCKET = "arn:aws:s3:::b"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
POINT = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/p"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
READ = frozenset({Access.READ})
EVERYONE = document(statement(Principal="*"))
TENANCY = TenancyMap(
    ("user_id",),
    (AgentRole("tenant-data", ROLE),),
    owned=(
        Owned(Kind.PREFIX, "tenancy.prefixes[0]", (BUCKET,), READ, key=("a/", Tag("user_id"))),
        Owned(Kind.TABLE, "tenancy.tables[0]", (TABLE,), READ, key=(Tag("user_id"),)),
        Owned(Kind.QUEUE, "tenancy.queues[0]", ("arn:aws:sqs:e:1:q-", Tag("user_id")), READ),
    ),
    shared=(
        Shared("tenancy.shared[0]", "arn:aws:s3:::public/docs/*", READ),
        Shared("tenancy.shared[1]", "arn:aws:s3:::any*", READ),
    ),
)


def places(action: str, **policies: object) -> tuple[Place, ...]:
    supplied = {FUNCTION: EVERYONE, f"{FUNCTION}:1": None, KEY: EVERYONE, BUCKET: EVERYONE}
    problem = problem_with(statement(), tenancy=TENANCY, resource_policies=supplied)
    return problem.places(action)


@pytest.mark.parametrize(
    ("action", "arns"),
    [
        ("s3:GetObject", [BUCKET, "arn:aws:s3:::public", None]),
        ("S3:GetObject", [BUCKET, "arn:aws:s3:::public", None]),
        ("dynamodb:GetItem", [TABLE, None]),
        ("sqs:SendMessage", [None]),
        ("lambda:InvokeFunction", [FUNCTION, f"{FUNCTION}:1", None]),
        ("kms:Decrypt", [KEY, None]),
    ],
)
def test_places_are_the_fixed_resources_of_the_service_and_anywhere_else(
    action: str, arns: list[str | None]
) -> None:
    assert [one.arn for one in places(action)] == arns


@pytest.mark.parametrize(
    ("action", "resource", "arn"),
    [
        ("s3:GetObject", f"{BUCKET}/a/b", BUCKET),
        ("s3:ListBucket", BUCKET, BUCKET),
        ("s3:GetObject", f"{BUCKET}c/a", None),
        ("s3:GetObject", f"{BUCKET}:a", None),
        ("dynamodb:Query", TABLE, TABLE),
        ("dynamodb:Query", f"{TABLE}/index/by_user", TABLE),
        ("dynamodb:Query", f"{TABLE}2", None),
        ("lambda:InvokeFunction", FUNCTION, FUNCTION),
        ("lambda:InvokeFunction", f"{FUNCTION}:2", FUNCTION),
        ("lambda:InvokeFunction", f"{FUNCTION}:1", f"{FUNCTION}:1"),
        ("lambda:InvokeFunction", f"{FUNCTION}2", None),
        ("kms:Decrypt", f"{KEY}/x", None),
    ],
)
def test_a_resource_is_of_exactly_one_place(action: str, resource: str, arn: str | None) -> None:
    given = Assignment({"r": resource}, {})
    for written in (text(resource), (Symbol("r"),)):
        found = [one for one in places(action) if holds(one.inside(written), given)]

        assert [one.arn for one in found] == [arn]


def test_a_place_knows_its_policy_where_it_was_supplied() -> None:
    by_arn = {one.arn: one for action in ("s3:x", "lambda:x") for one in places(action)}

    assert by_arn[BUCKET].known and by_arn[BUCKET].policy is not None
    assert by_arn[f"{FUNCTION}:1"].known and by_arn[f"{FUNCTION}:1"].policy is None
    assert not by_arn["arn:aws:s3:::public"].known
    assert not by_arn[None].known and by_arn[None].policy is None


def test_a_place_has_the_account_of_its_arn() -> None:
    assert [one.account for one in places("dynamodb:GetItem")] == [ACCOUNT, None]
    assert [one.account for one in places("s3:GetObject")] == [None, None, None]


@pytest.mark.parametrize(
    ("arn", "holder"),
    [
        (f"{BUCKET}/a/b", BUCKET),
        (f"{TABLE}/index/i", TABLE),
        (f"{TABLE}/stream/2026", f"{TABLE}/stream/2026"),
        (f"{POINT}/object/a/b", POINT),
        (TABLE, TABLE),
        (KEY, KEY),
        (f"{FUNCTION}:1", f"{FUNCTION}:1"),
        ("no arn", "no arn"),
    ],
)
def test_a_policy_is_on_the_bucket_or_the_table(arn: str, holder: str) -> None:
    assert holder_of(arn) == holder


def test_one_problem_knows_the_places_of_every_service_and_what_bears_there() -> None:
    supplied = {BUCKET: EVERYONE, TABLE: None}
    problem = problem_with(statement(), tenancy=TENANCY, resource_policies=supplied)
    (role,) = problem.roles
    bucket, table = (problem.places(action)[0] for action in ("s3:GetObject", "dynamodb:Query"))

    assert (bucket.arn, table.arn) == (BUCKET, TABLE)
    assert problem.policies_of(role, bucket).resource is bucket.policy is not None
    assert problem.policies_of(role, table).resource is None
    assert problem.policies_of(role, bucket) is problem.policies_of(role, bucket)
