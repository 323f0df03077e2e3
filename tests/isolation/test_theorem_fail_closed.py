"""Fail-closed: without one of the map's tags, or with an empty one, nothing owned is reached."""

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
from tests.isolation.trusts import a_problem, allow, document, verdicts
from tests.tenancy.maps import ORDERS, ROLE, a_table, of, platform_map, section
from valetkey.isolation.answer import Answer
from valetkey.isolation.problem import problem_of
from valetkey.isolation.theorem_fail_closed import fail_closed
from valetkey.tenancy import AgentRole
from valetkey.tenancy.generating import generated

UNTAGGED = {"Null": {"aws:PrincipalTag/user_id": "true"}}
ROWS = f"TENANT#{USER}"
NO_BOUND = {"StringLike": {"aws:RequestTag/valetkey_run": "r-*"}}


def test_policies_that_name_the_tag_in_every_resource_are_proved() -> None:
    assert is_proved(fail_closed, a_problem(grants=own()))


def test_what_the_generator_writes_is_proved() -> None:
    tenancy = platform_map()
    assert is_proved(fail_closed, problem_of(tenancy, generated(tenancy)))


WITHOUT_THE_TAG: dict[str, dict[str, Any]] = {
    "a default value": allow(
        "s3:GetObject", f"{BUCKET}/traces/${{aws:PrincipalTag/user_id, 'public'}}/*"
    ),
    "a statement for who has no tag": allow("s3:GetObject", f"{BUCKET}/*", Condition=UNTAGGED),
    "a broad Allow": allow("s3:GetObject", f"{BUCKET}/traces/*"),
    "StringNotEquals of nothing": allow(
        "s3:GetObject",
        f"{BUCKET}/traces/*",
        Condition={"StringNotEquals": {"aws:PrincipalTag/user_id": ""}},
    ),
    "a condition that asks only if it is there": allow(
        "s3:GetObject",
        f"{BUCKET}/traces/*",
        Condition={"StringEqualsIfExists": {"aws:PrincipalTag/user_id": "a"}},
    ),
    "an index that the map does not list": allow(
        "dynamodb:Query", f"{ORDERS}/index/*", Condition=UNTAGGED
    ),
    "a stream": allow("dynamodb:GetRecords", f"{ORDERS}/stream/*", Condition=UNTAGGED),
    "a Scan beside ForAllValues": allow(
        "dynamodb:Scan",
        ORDERS,
        Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ROWS}},
    ),
    "a listing of the top level": allow(
        "s3:ListBucket", BUCKET, Condition={"StringEquals": {"s3:prefix": ["", "traces/"]}}
    ),
}


@pytest.mark.parametrize("statement", WITHOUT_THE_TAG.values(), ids=WITHOUT_THE_TAG)
def test_a_statement_that_needs_no_tag_is_refuted_though_trust_requires_it(
    statement: dict[str, Any],
) -> None:
    witness = refuted(fail_closed, a_problem(grants=own(statement)))
    assert (witness.expected, witness.got) == ("deny", "allow")
    assert "user_id" not in witness.runs[0]
    assert witness.runs[1]["user_id"]


def test_an_empty_tag_is_refuted_where_trust_lets_it_in() -> None:
    witness = refuted(fail_closed, a_problem(trust=trust_with(**NO_BOUND), grants=own()))
    assert witness.runs[0]["user_id"] == ""
    assert witness.context["dynamodb:LeadingKeys"] == ("TENANT#",)


def test_no_item_has_an_empty_partition_key() -> None:
    table = a_table(partition_key="{user_id}", indexes={})
    rows = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": USER},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    problem = a_problem(
        of(section(tables=[table]), tags=("user_id",)),
        trust=trust_with(**NO_BOUND),
        grants=only(allow("dynamodb:GetItem", ORDERS, Condition=rows)),
    )
    assert is_proved(fail_closed, problem)


def test_an_empty_tag_is_refuted_by_the_statement_itself() -> None:
    nothing_empty = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/user_id": ""}},
    }
    problem = a_problem(trust=trust_with(**NO_BOUND), grants=own(nothing_empty))
    assert is_proved(fail_closed, problem)


def test_a_tag_of_the_role_stands_in_for_a_missing_one_whatever_its_case() -> None:
    problem = a_problem(grants=own(), tags={"User_ID": "alice"})
    witness = refuted(fail_closed, problem)
    assert [run.get("user_id") for run in witness.runs] == [None, "alice"]


def test_a_tag_of_the_role_that_collides_is_never_proved() -> None:
    problem = a_problem(
        grants=only(allow("s3:GetObject", "arn:aws:s3:::a/b")), tags={"USER_ID": ""}
    )
    found = verdicts(fail_closed, problem)
    assert Answer.UNKNOWN in {one.answer for one in found}


def test_another_tag_of_the_role_does_no_harm() -> None:
    assert is_proved(fail_closed, a_problem(grants=own(), tags={"team": "a"}))


def test_an_entry_by_one_tag_is_refuted_where_the_other_is_absent() -> None:
    tenancy = a_map_of_prefixes("traces/{user_id}/", tags=("user_id", "task_id"))
    one = only(allow("s3:GetObject", OWN_OBJECTS))
    witness = refuted(fail_closed, a_problem(tenancy, grants=one))
    assert set(witness.runs[0]) & {"user_id", "task_id"} == {"user_id"}
    guard = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Null": {"aws:PrincipalTag/task_id": "true"}},
    }
    empty = {**guard, "Condition": {"StringEquals": {"aws:PrincipalTag/task_id": ""}}}
    resources = {BUCKET: document(guard, empty)}
    assert is_proved(fail_closed, a_problem(tenancy, grants=one, resources=resources))


def test_shared_data_stays_open_without_tags() -> None:
    shared = [{"arn": f"{BUCKET}/assets/*", "access": ["read", "list"]}]
    tenancy = a_map_of_prefixes("traces/{user_id}/", shared=shared)
    grants = only(
        allow("s3:GetObject", [OWN_OBJECTS, f"{BUCKET}/assets/*"]),
        allow("s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": "assets/*"}}),
    )
    assert is_proved(fail_closed, a_problem(tenancy, grants=grants))


def test_without_any_bound_of_trust_the_policies_still_close() -> None:
    found = verdicts(fail_closed, a_problem(trust=open_trust(), grants=own()))
    absent = [one for one in found if "absent" in one.about]
    assert {one.answer for one in absent} == {Answer.PROVED}


def test_what_an_entry_lets_nobody_list_is_not_listed_without_the_tag() -> None:
    tenancy = a_map_of_prefixes("traces/{user_id}/")
    lists = allow("s3:ListBucket", BUCKET, Condition=UNTAGGED)
    grants = only(allow("s3:GetObject", OWN_OBJECTS), lists)
    assert refuted(fail_closed, a_problem(tenancy, grants=grants)).action == "s3:ListBucket"


PARAMETERS = "arn:aws:ssm:eu-west-1:111122223333:parameter"


@pytest.mark.parametrize(
    ("path", "closed"),
    [("/app", False), ("/app/b", False), ("/", False), ("/other", True), ("/application", True)],
)
def test_a_path_of_parameters_reaches_all_that_is_below_it(path: str, closed: bool) -> None:
    entry = {"arn": f"{PARAMETERS}/app/{{user_id}}/*", "access": ["write"]}
    tenancy = of(section(parameters=[entry]), tags=("user_id",), roles=(AgentRole("a", ROLE),))
    reads = allow("ssm:GetParametersByPath", f"{PARAMETERS}{path}", Condition=UNTAGGED)
    assert is_proved(fail_closed, a_problem(tenancy, grants=only(reads))) is closed


def test_an_action_reaches_nothing_of_another_service() -> None:
    everywhere = allow(["sqs:SendMessage", "logs:PutLogEvents"], "*", Condition=UNTAGGED)
    assert is_proved(fail_closed, a_problem(grants=own(everywhere)))
