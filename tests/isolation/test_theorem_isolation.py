"""Isolation: nothing is allowed but what the map gives to the run's tags, or shares."""

from typing import Any

import pytest

from tests.isolation.tenants import (
    BUCKET,
    OWN_OBJECTS,
    USER,
    a_map_of_prefixes,
    is_proved,
    only,
    open_trust,
    own,
    refuted,
    trust_with,
)
from tests.isolation.trusts import a_problem, allow, answer, document, verdicts
from tests.tenancy.maps import BROKER, ORDERS, ROLE, platform_map, whole_map
from valetkey.isolation.answer import Answer
from valetkey.isolation.problem import problem_of
from valetkey.isolation.theorem_isolation import isolation
from valetkey.tenancy.generating import generated

OWN_ALONE = only(allow("s3:GetObject", OWN_OBJECTS))
ROWS = f"TENANT#{USER}"
EVERY_OBJECT = allow("s3:GetObject", f"{BUCKET}/*")


def test_policies_that_do_what_the_map_says_are_proved() -> None:
    assert is_proved(isolation, a_problem(grants=own()))


def test_what_the_generator_writes_is_proved() -> None:
    for tenancy in (platform_map(), whole_map()):
        assert is_proved(isolation, problem_of(tenancy, generated(tenancy)))


REACHES_ANOTHER: dict[str, dict[str, Any]] = {
    "a broad Allow": EVERY_OBJECT,
    "no final slash": allow("s3:GetObject", f"{BUCKET}/traces/{USER}*"),
    "a listing without a prefix": allow("s3:ListBucket", BUCKET),
    "a listing of the top level": allow(
        "s3:ListBucket", BUCKET, Condition={"StringEquals": {"s3:prefix": ""}}
    ),
    "a listing of what begins all prefixes": allow(
        "s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": "trac*"}}
    ),
    "a listing without the final slash": allow(
        "s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": f"traces/{USER}*"}}
    ),
    "a prefix asked for only if it is there": allow(
        "s3:ListBucket",
        BUCKET,
        Condition={"StringLikeIfExists": {"s3:prefix": f"traces/{USER}/*"}},
    ),
    "a Scan beside ForAllValues": allow(
        ["dynamodb:GetItem", "dynamodb:Scan"],
        ORDERS,
        Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ROWS}},
    ),
    "one own key in a batch": allow(
        "dynamodb:BatchGetItem",
        ORDERS,
        Condition={"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ROWS}},
    ),
    "PartiQL": allow("dynamodb:PartiQLSelect", ORDERS),
    "an index without its key": allow("dynamodb:Query", f"{ORDERS}/index/*"),
    "a copy whose source is another's": allow("s3:GetObject", f"{BUCKET}/*/templates/*"),
    "all but own data": {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "NotResource": OWN_OBJECTS,
    },
    "all but some actions": {"Effect": "Allow", "NotAction": "iam:*", "Resource": f"{BUCKET}/*"},
}


@pytest.mark.parametrize("statement", REACHES_ANOTHER.values(), ids=REACHES_ANOTHER)
def test_a_statement_that_reaches_anothers_data_is_refuted_with_both_runs(
    statement: dict[str, Any],
) -> None:
    witness = refuted(isolation, a_problem(grants=own(statement)))
    asker, owner = witness.runs
    assert (witness.expected, witness.got, witness.role) == ("deny", "allow", ROLE)
    assert asker["user_id"]
    assert owner["user_id"] not in ("", asker["user_id"])


NOT_MENTIONED: dict[str, dict[str, Any]] = {
    "another bucket": allow("s3:GetObject", "arn:aws:s3:::other/*"),
    "another table": allow("dynamodb:GetItem", f"{ORDERS}2"),
    "reading what is protected": allow("dynamodb:Query", ORDERS.replace("Orders", "Approvals")),
    "every key": allow("kms:Decrypt", "*"),
    "versions of own objects": allow("s3:GetObjectVersion", OWN_OBJECTS),
    "deleting own objects": allow("s3:DeleteObject", OWN_OBJECTS),
    "an access point": allow("s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/*"),
    "another partition": allow("s3:GetObject", "arn:aws-cn:s3:::other/*"),
    "every secret": allow("secretsmanager:GetSecretValue", "*"),
}


@pytest.mark.parametrize("statement", NOT_MENTIONED.values(), ids=NOT_MENTIONED)
def test_what_the_map_does_not_give_is_refuted(statement: dict[str, Any]) -> None:
    problem = a_problem(grants=own(statement))
    found = [one for one in verdicts(isolation, problem) if one.answer is Answer.REFUTED]
    assert found


def test_a_batch_with_one_foreign_key_shows_both_keys() -> None:
    batch = REACHES_ANOTHER["one own key in a batch"]
    witness = refuted(isolation, a_problem(grants=own(batch)))
    keys = witness.context["dynamodb:LeadingKeys"]
    assert len(keys) == 2
    assert f"TENANT#{witness.runs[0]['user_id']}" in keys


def test_what_only_another_account_may_be_asked_for_is_refuted_there() -> None:
    elsewhere = {"StringNotEquals": {"aws:ResourceAccount": "111122223333"}}
    statement = allow("s3:PutObject", "*", Condition=elsewhere)
    found = verdicts(isolation, a_problem(grants=own(statement)))
    accounts = {one.witness.resource_account for one in found if one.witness}
    assert accounts == {"999999999999"}


def test_a_resource_policy_that_lets_the_role_in_is_refuted() -> None:
    puts = {**allow("s3:PutObject", f"{BUCKET}/*"), "Principal": {"AWS": ROLE}}
    witness = refuted(isolation, a_problem(grants=own(), resources={BUCKET: document(puts)}))
    assert witness.action == "s3:PutObject"
    assert witness.statements[0].policy == f"resource policy of {BUCKET}"


def test_an_unmapped_key_is_supposed_to_leave_it_to_the_account() -> None:
    found = verdicts(isolation, a_problem(grants=own(allow("kms:Decrypt", "*"))))
    shown = [one.witness.resource for one in found if one.witness]
    assert shown == ["arn:aws:kms:eu-west-1:111122223333:key/x"]


def test_a_broad_allow_beside_a_perfect_bucket_policy_is_refuted() -> None:
    perfect = document(
        {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:*", "Resource": OWN_OBJECTS}
    )
    problem = a_problem(grants=own(EVERY_OBJECT), resources={BUCKET: perfect})
    assert refuted(isolation, problem).statements[0].policy == "permissions"


def test_a_deny_of_the_bucket_that_narrows_a_broad_allow_is_proved() -> None:
    narrowing = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "NotResource": OWN_OBJECTS,
    }
    problem = a_problem(grants=own(EVERY_OBJECT), resources={BUCKET: document(narrowing)})
    assert is_proved(isolation, problem)


def test_a_default_value_that_equals_a_tag_is_refuted_where_trust_lets_in_no_tag() -> None:
    statement = allow("s3:GetObject", f"{BUCKET}/traces/${{aws:PrincipalTag/user_id, 'shared'}}/*")
    witness = refuted(isolation, a_problem(trust=open_trust(), grants=own(statement)))
    assert [run.get("user_id") for run in witness.runs] == [None, "shared"]
    assert is_proved(isolation, a_problem(grants=own(statement)))


def test_a_tag_that_is_not_of_the_map_counts_where_trust_lets_it_in() -> None:
    statement = allow("s3:GetObject", f"{BUCKET}/traces/${{aws:PrincipalTag/repo}}/*")
    assert is_proved(isolation, a_problem(grants=own(statement)))
    more = trust_with(
        ForAllValues_StringEquals={"aws:TagKeys": ["user_id", "valetkey_run", "repo"]}
    )
    witness = refuted(isolation, a_problem(trust=more, grants=own(statement)))
    assert witness.runs[0]["repo"] == witness.runs[1]["user_id"] != witness.runs[0]["user_id"]


def test_a_slash_in_a_tag_makes_two_owners_of_one_key() -> None:
    witness = refuted(isolation, a_problem(trust=trust_with(StringNotLike=None), grants=own()))
    assert [run["user_id"] for run in witness.runs] == ["a", "a/b"]
    assert witness.resource.startswith(f"{BUCKET}/traces/a/b/")


JOINED = a_map_of_prefixes("traces/{org}-{user_id}/", tags=("org", "user_id"))
JOIN = only(allow("s3:GetObject", f"{BUCKET}/traces/${{aws:PrincipalTag/org}}-{USER}/*"))
JOIN_TRUST = {
    "StringLike": {"aws:RequestTag/user_id": "?*", "aws:RequestTag/org": "?*"},
    "ForAllValues_StringEquals": {"aws:TagKeys": ["org", "user_id"]},
}


def test_a_join_that_collides_makes_two_owners_of_one_key() -> None:
    problem = a_problem(JOINED, trust=trust_with(**JOIN_TRUST), grants=JOIN)
    one, other = refuted(isolation, problem).runs
    assert one != other
    assert f"{one['org']}-{one['user_id']}" == f"{other['org']}-{other['user_id']}"


def test_a_join_is_proved_where_trust_refuses_what_stands_between() -> None:
    refuses = {"aws:RequestTag/user_id": "*/*", "aws:RequestTag/org": "*-*"}
    trust = trust_with(**JOIN_TRUST, StringNotLike=refuses)
    assert is_proved(isolation, a_problem(JOINED, trust=trust, grants=JOIN))


BESIDE = a_map_of_prefixes("{user_id}/", shared=[{"arn": f"{BUCKET}/shared/*", "access": ["read"]}])
BOTH = only(
    allow("s3:GetObject", f"{BUCKET}/{USER}/*"), allow("s3:GetObject", f"{BUCKET}/shared/*")
)


def test_shared_data_where_a_tag_may_stand_is_refuted_unless_trust_refuses_that_tag() -> None:
    one, other = refuted(isolation, a_problem(BESIDE, grants=BOTH)).runs
    assert "shared" in (one["user_id"], other["user_id"])
    refuses = {"aws:RequestTag/user_id": ["*/*", "shared", "SHARED"]}
    trust = trust_with(StringNotLike=refuses)
    assert is_proved(isolation, a_problem(BESIDE, trust=trust, grants=BOTH))


def test_an_entry_within_another_makes_two_owners_of_one_key() -> None:
    tenancy = a_map_of_prefixes(
        "traces/{user_id}/", "traces/{user_id}/private/{task_id}/", tags=("user_id", "task_id")
    )
    trust = trust_with(
        ForAllValues_StringEquals={"aws:TagKeys": ["user_id", "task_id", "valetkey_run"]}
    )
    one, other = refuted(isolation, a_problem(tenancy, trust=trust, grants=OWN_ALONE)).runs
    assert one["user_id"] == other["user_id"]
    assert one["task_id"] != other["task_id"]


def test_a_session_that_a_resource_policy_names_leaves_it_unknown() -> None:
    session = "arn:aws:sts::111122223333:assumed-role/AgentTenantData/one"
    named = document({**EVERY_OBJECT, "Principal": {"AWS": session}})
    problem = a_problem(grants=own(), resources={BUCKET: named})
    assert answer(verdicts(isolation, problem)) is Answer.UNKNOWN


def test_somebody_elses_trust_lets_no_session_of_ours_reach_more() -> None:
    nobody = document(
        {
            "Effect": "Deny",
            "Principal": {"AWS": BROKER},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    )
    assert is_proved(isolation, a_problem(trust=nobody, grants=own(EVERY_OBJECT)))
