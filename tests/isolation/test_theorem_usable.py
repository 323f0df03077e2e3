"""Usable: each run can do to its own data what the map says."""

from typing import Any

import pytest

from tests.isolation.tenants import (
    BUCKET,
    OWN_OBJECTS,
    a_map_of_prefixes,
    is_proved,
    only,
    own,
    refuted,
    trust_with,
)
from tests.isolation.trusts import (
    a_problem,
    allow,
    answer,
    bounded,
    document,
    trust_of,
    verdicts,
)
from tests.tenancy.maps import (
    ORDERS,
    ROLE,
    a_prefix,
    a_table,
    of,
    platform_map,
    section,
    whole_map,
)
from valetkey.isolation.answer import Answer
from valetkey.isolation.problem import Problem, problem_of
from valetkey.isolation.theorem_usable import usable
from valetkey.tenancy import AgentRole, Attached, PolicySet, RolePolicies
from valetkey.tenancy.generating import generated

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:work"


def deny(action: Any, resource: Any, **condition: Any) -> dict[str, Any]:
    """Return a Deny."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **condition}


def test_policies_that_do_what_the_map_says_are_proved() -> None:
    assert is_proved(usable, a_problem(grants=own()))


def test_what_the_generator_writes_is_proved() -> None:
    for tenancy in (platform_map(), whole_map()):
        assert is_proved(usable, problem_of(tenancy, generated(tenancy)))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a Deny of own data": (deny("s3:*", OWN_OBJECTS), "s3:GetObject"),
    "a Deny of some own keys": (deny("s3:GetObject", f"{BUCKET}/*/secret"), "s3:GetObject"),
    "a Deny without a header": (
        deny("dynamodb:PutItem", ORDERS, Condition={"Null": {"aws:SourceVpce": "true"}}),
        "dynamodb:PutItem",
    ),
    "a Deny of one tag": (
        deny("s3:ListBucket", "*", Condition={"StringLike": {"aws:PrincipalTag/user_id": "x*"}}),
        "s3:ListBucket",
    ),
}


@pytest.mark.parametrize(("statement", "action"), REFUSED.values(), ids=REFUSED)
def test_a_run_that_is_refused_its_own_data_refutes_it(
    statement: dict[str, Any], action: str
) -> None:
    witness = refuted(usable, a_problem(grants=own(statement)))
    assert (witness.action, witness.expected, witness.got) == (action, "allow", "deny")
    assert witness.runs[0]["user_id"]


def test_a_policy_that_allows_nothing_is_refuted() -> None:
    nothing = only(allow("s3:GetObject", "arn:aws:s3:::other/x"))
    assert answer(verdicts(usable, a_problem(grants=nothing))) is Answer.REFUTED


def test_an_access_of_which_no_action_is_allowed_is_refuted() -> None:
    tenancy = a_map_of_prefixes("traces/{user_id}/")
    wrong = f"{BUCKET}/trace/${{aws:PrincipalTag/user_id}}/*"
    problem = a_problem(tenancy, grants=only(allow("s3:GetObject", wrong)))
    assert refuted(usable, problem).action == "s3:GetObject"


WRITTEN = of(
    section(prefixes=[a_prefix(access=["write"])]),
    tags=("user_id",),
    roles=(AgentRole("tenant-data", ROLE),),
)


def test_what_only_goes_with_an_access_may_be_left_out_but_not_broken() -> None:
    put = allow("s3:PutObject", OWN_OBJECTS)
    assert is_proved(usable, a_problem(WRITTEN, grants=only(put)))
    broken = allow("s3:AbortMultipartUpload", f"{BUCKET}/other/*")
    problem = a_problem(WRITTEN, grants=only(put, broken))
    assert refuted(usable, problem).action == "s3:AbortMultipartUpload"
    alone = only(allow("s3:AbortMultipartUpload", OWN_OBJECTS))
    assert refuted(usable, a_problem(WRITTEN, grants=alone)).action == "s3:PutObject"


def test_the_resource_policy_may_be_what_gives_it() -> None:
    tenancy = a_map_of_prefixes("traces/{user_id}/")
    gives = document({**allow("s3:GetObject", OWN_OBJECTS), "Principal": {"AWS": ROLE}})
    grants = only(deny("s3:PutObject", "*"))
    problem = a_problem(tenancy, grants=grants, resources={BUCKET: gives})
    assert is_proved(usable, problem)


def test_a_boundary_that_leaves_out_an_action_refutes_it() -> None:
    boundary = only(allow(["dynamodb:*", "s3:ListBucket"], "*"))
    assert refuted(usable, a_problem(grants=own(), boundary=boundary)).action == "s3:GetObject"


def test_a_run_that_trust_lets_in_with_what_it_asks_for_is_found() -> None:
    condition = {"StringEquals": {"sts:ExternalId": "x", "aws:RequestTag/user_id": "Some Body"}}
    assert is_proved(usable, a_problem(trust=trust_of(condition=condition), grants=own()))


def test_where_nobody_is_let_in_nothing_is_proved() -> None:
    never = trust_with(StringNotLike={"aws:RequestTag/user_id": "*"})
    assert answer(verdicts(usable, a_problem(trust=never, grants=own()))) is Answer.UNKNOWN


def test_a_role_may_do_less_of_an_access_but_not_nothing() -> None:
    tenancy = of(
        section(queues=[{"arn": f"{QUEUE}-{{user_id}}", "access": ["receive"]}]),
        tags=("user_id",),
        roles=(AgentRole("tenant-data", ROLE),),
    )
    whose = f"{QUEUE}-${{aws:PrincipalTag/user_id}}"
    assert is_proved(usable, a_problem(tenancy, grants=only(allow("sqs:ReceiveMessage", whose))))
    nothing = only(allow("sqs:GetQueueUrl", whose))
    assert refuted(usable, a_problem(tenancy, grants=nothing)).action == "sqs:ReceiveMessage"


@pytest.mark.parametrize(
    ("actions", "missing"),
    [
        (["dynamodb:Query", "dynamodb:PutItem"], None),
        (["dynamodb:GetItem", "dynamodb:DeleteItem"], None),
        (["dynamodb:PutItem"], "dynamodb:GetItem"),
        (["dynamodb:GetItem", "dynamodb:BatchWriteItem"], "dynamodb:PutItem"),
    ],
)
def test_rows_are_read_and_changed_by_one_action_at_least(
    actions: list[str], missing: str | None
) -> None:
    tenancy = of(
        section(tables=[a_table(partition_key="{user_id}", indexes={})]), tags=("user_id",)
    )
    rows = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/user_id}"}}
    problem = a_problem(tenancy, grants=only(allow(actions, ORDERS, Condition=rows)))
    if missing is None:
        assert is_proved(usable, problem)
    else:
        assert refuted(usable, problem).action == missing


def test_the_witness_names_the_condition_that_keeps_it_from_its_own() -> None:
    tenancy = a_map_of_prefixes("traces/{user_id}/")
    office = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    grants = only({**allow("s3:GetObject", OWN_OBJECTS, Condition=office), "Sid": "Office"})
    witness = refuted(usable, a_problem(tenancy, grants=grants))
    assert "statement Office" in witness.why
    assert "`aws:SourceIp`" in witness.why
    assert [one.sid for one in witness.statements] == ["Office"]


def test_a_resource_policy_that_was_not_supplied_may_be_what_gives_it() -> None:
    tenancy = a_map_of_prefixes("traces/{user_id}/")
    role = a_problem(tenancy, grants=only(deny("s3:PutObject", "*"))).policies.roles
    problem = problem_of(tenancy, PolicySet(role, {}))
    assert Answer.REFUTED not in {one.answer for one in verdicts(usable, problem)}
    role = a_problem(tenancy, grants=only(deny("s3:GetObject", "*"))).policies.roles
    assert refuted(usable, problem_of(tenancy, PolicySet(role, {}))).action == "s3:GetObject"


SECOND = f"{ROLE}2"


def two_roles(trust: dict[str, Any], *, external: str = "x") -> Problem:
    """Return a problem of a role that everybody comes to and may put, and another that reads."""
    tenancy = of(
        section(prefixes=[a_prefix(access=["read", "write"])]),
        tags=("user_id",),
        roles=(AgentRole("one", ROLE), AgentRole("two", SECOND)),
    )
    condition = {**bounded(), "StringEquals": {"sts:ExternalId": external}}
    puts, reads = (only(allow(one, OWN_OBJECTS)) for one in ("s3:PutObject", "s3:GetObject"))
    roles = (
        RolePolicies(ROLE, trust_of(condition=condition), (Attached("permissions", puts),)),
        RolePolicies(SECOND, trust, (Attached("permissions", reads),)),
    )
    return problem_of(tenancy, PolicySet(roles, {BUCKET: None}))


def test_a_role_counts_for_the_runs_that_it_lets_in() -> None:
    only_x = {**bounded()["StringLike"], "aws:RequestTag/user_id": "x"}
    witness = refuted(usable, two_roles(trust_with(StringLike=only_x)))
    assert witness.action == "s3:GetObject"
    assert witness.runs[0]["user_id"] != "x"


def test_roles_with_ids_of_their_own_may_share_the_work() -> None:
    other = trust_of(condition={**bounded(), "StringEquals": {"sts:ExternalId": "y"}})
    assert is_proved(usable, two_roles(other))


def test_what_a_resource_policy_gives_to_others_is_none_of_the_runs() -> None:
    others = {**allow("dynamodb:BatchGetItem", ORDERS), "Principal": {"AWS": f"{ROLE}3"}}
    assert is_proved(usable, a_problem(grants=own(), resources={ORDERS: document(others)}))
