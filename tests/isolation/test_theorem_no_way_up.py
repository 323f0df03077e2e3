"""No-way-up: no action beyond the map's list, and nothing protected is writable."""

from dataclasses import replace
from typing import Any

import pytest

from tests.isolation.trusts import (
    APPROVALS,
    BUCKET,
    a_map,
    a_problem,
    allow,
    answer,
    document,
    permissions,
    verdicts,
    witnesses,
)
from tests.tenancy.maps import ORDERS, ROLE
from valetkey.isolation.answer import Answer
from valetkey.isolation.theorem_no_way_up import no_way_up
from valetkey.tenancy import Protected, Shared

ACCOUNT = "111122223333"
DENY_ALL_ELSE = {
    "Effect": "Deny",
    "NotAction": ["s3:GetObject", "dynamodb:GetItem"],
    "Resource": "*",
}


def test_the_maps_actions_alone_are_proved() -> None:
    assert answer(verdicts(no_way_up, a_problem())) is Answer.PROVED


def owned_by(operator: str, account: str) -> dict[str, Any]:
    return {operator: {"aws:ResourceAccount": account}}


BEYOND = {
    "a wildcard on own data": allow("s3:Get*", f"{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*"),
    "a wildcard that covers the list today": allow("dynamodb:UpdateIte*", ORDERS),
    "one letter": allow("s3:GetObjec?", f"{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*"),
    "every action": allow("*", "*"),
    "all but some": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
    "PartiQL": allow("dynamodb:PartiQLSelect", ORDERS),
    "a scan": allow("dynamodb:Scan", ORDERS),
    "a stream": allow("dynamodb:GetRecords", f"{ORDERS}/stream/*"),
    "an export": allow("dynamodb:ExportTableToPointInTime", ORDERS),
    "a job that reads buckets": allow("s3:CreateJob", "*"),
    "the bucket's policy": allow("s3:PutBucketPolicy", BUCKET),
    "the table's policy": allow("dynamodb:PutResourcePolicy", ORDERS),
    "a grant of a key": allow("kms:CreateGrant", "*"),
    "a grant of one key": allow("kms:CreateGrant", "arn:aws:kms:eu-west-1:111122223333:key/1a2b"),
    "another role": allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/Admin"),
    "a role of another account": allow("sts:AssumeRole", "arn:aws:iam::999988887777:role/Admin"),
    "its own trust": allow("iam:UpdateAssumeRolePolicy", ROLE),
    "an action that nobody knows": allow("newservice:Open", "*"),
    "in odd letters": allow("DynamoDB:sCAN", ORDERS),
    "on a form that nobody listed": allow("dynamodb:RestoreTableFromBackup", f"{ORDERS}/backup/*"),
    "on an ARN of what has none": allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"),
    "on what has no ARN": {"Effect": "Allow", "Action": "ec2:*", "NotResource": "arn:*"},
    "in another account": allow("athena:*", "*", Condition=owned_by("StringNotEquals", ACCOUNT)),
    "in one other account": allow("athena:*", "*", Condition=owned_by("StringEquals", "2" * 12)),
    "a role elsewhere": allow(
        "sts:AssumeRole", "*", Condition=owned_by("StringNotEquals", "${aws:PrincipalAccount}")
    ),
}


@pytest.mark.parametrize("statement", BEYOND.values(), ids=BEYOND)
def test_an_action_beyond_the_list_is_refuted(statement: dict[str, Any]) -> None:
    problem = a_problem(grants=permissions(statement))
    found = verdicts(no_way_up, problem)
    assert answer(found) is Answer.REFUTED
    assert all(one.got == "allow" and one.role == ROLE for one in witnesses(found))


def test_a_wildcard_is_refuted_by_a_real_action_and_by_one_that_aws_has_not_made() -> None:
    problem = a_problem(grants=permissions(allow("dynamodb:*", ORDERS)))
    actions = [one.action for one in witnesses(verdicts(no_way_up, problem))]
    assert "dynamodb:Scan" in actions
    assert "dynamodb:newaction" in actions


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("logs:CreateLogStream", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/some:*"),
        ("xray:PutTraceSegments", "*"),
        ("dynamodb:ListTables", "*"),
    ],
)
def test_a_witness_asks_as_one_would(action: str, resource: str) -> None:
    """The action as the policy spells it, of a resource that there may be."""
    found = witnesses(verdicts(no_way_up, a_problem(grants=permissions(allow(action, "*")))))
    assert [(one.action, one.resource) for one in found] == [(action, resource)]


def test_another_account_is_one_that_there_may_be() -> None:
    some = allow("athena:*", "*", Condition=owned_by("StringLike", "2*"))
    found = witnesses(verdicts(no_way_up, a_problem(grants=permissions(some))))
    assert {one.resource_account for one in found} == {"299999999999"}


def test_what_only_the_roles_account_has_is_not_asked_of_another() -> None:
    own = allow("s3:ListAllMyBuckets", "*", Condition=owned_by("StringEquals", ACCOUNT))
    found = witnesses(verdicts(no_way_up, a_problem(grants=permissions(own))))
    assert {one.resource_account for one in found} == {ACCOUNT}


def test_every_witness_is_of_a_session_that_trust_lets_in() -> None:
    problem = a_problem(grants=permissions(allow("dynamodb:*", ORDERS)))
    for one in witnesses(verdicts(no_way_up, problem)):
        assert set(one.runs[0]) == {"user_id", "valetkey_run"}
        assert one.runs[0]["valetkey_run"].startswith("r-")


def test_a_wildcard_that_an_unconditional_deny_closes_is_proved() -> None:
    problem = a_problem(grants=document(allow("s3:*", "*"), DENY_ALL_ELSE))
    assert answer(verdicts(no_way_up, problem)) is Answer.PROVED


def test_a_wildcard_behind_a_deny_with_a_condition_is_not_proved() -> None:
    deny = {**DENY_ALL_ELSE, "Condition": {"Null": {"aws:PrincipalTag/user_id": "false"}}}
    problem = a_problem(grants=document(allow("s3:*", "*"), deny))
    assert answer(verdicts(no_way_up, problem)) is not Answer.PROVED


def test_a_deny_that_leaves_one_action_open_is_refuted_by_it() -> None:
    deny = {**DENY_ALL_ELSE, "NotAction": ["s3:GetObject", "s3:GetObjectAc?"]}
    problem = a_problem(grants=document(allow("s3:*", "*"), deny))
    actions = {one.action.lower() for one in witnesses(verdicts(no_way_up, problem))}
    assert actions
    assert all(one.startswith("s3:getobjectac") for one in actions)


def test_the_resources_own_policy_may_not_let_the_role_do_more() -> None:
    policy = document({**allow("dynamodb:*", ORDERS), "Principal": {"AWS": ROLE}})
    found = verdicts(no_way_up, a_problem(resources={ORDERS: policy}))
    assert answer(found) is Answer.REFUTED


def test_a_session_that_a_resource_names_is_not_proved() -> None:
    session = "arn:aws:sts::111122223333:assumed-role/AgentTenantData/one"
    policy = document({**allow("dynamodb:GetItem", ORDERS), "Principal": {"AWS": session}})
    found = verdicts(no_way_up, a_problem(resources={ORDERS: policy}))
    assert answer(found) is Answer.UNKNOWN


def test_a_boundary_with_the_list_closes_a_named_action() -> None:
    boundary = document(allow(["s3:GetObject", "dynamodb:GetItem"], "*"))
    grants = permissions(allow("dynamodb:Scan", ORDERS))
    problem = a_problem(grants=grants, boundary=boundary)
    assert answer(verdicts(no_way_up, problem)) is Answer.PROVED


def test_assuming_itself_is_refuted_only_where_its_trust_lets_it() -> None:
    grants = permissions(allow("sts:AssumeRole", ROLE))
    assert answer(verdicts(no_way_up, a_problem(grants=grants))) is Answer.PROVED


WRITES = {
    "by name": allow("dynamodb:PutItem", APPROVALS),
    "by an update": allow("dynamodb:UpdateItem", APPROVALS),
    "by a pattern": allow("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/App*"),
    "by everything": allow("dynamodb:UpdateItem", "*"),
    "by all but one": {
        "Effect": "Allow",
        "Action": "dynamodb:PutItem",
        "NotResource": ORDERS,
    },
    "with its own key": allow(
        "dynamodb:PutItem",
        "*",
        Condition={
            "ForAllValues:StringEquals": {
                "dynamodb:LeadingKeys": "TENANT#${aws:PrincipalTag/user_id}"
            },
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    ),
}


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES)
def test_a_role_that_may_write_what_is_protected_is_refuted(statement: dict[str, Any]) -> None:
    found = witnesses(verdicts(no_way_up, a_problem(grants=permissions(statement))))
    assert APPROVALS in {one.resource for one in found}


def test_what_is_protected_may_be_read() -> None:
    grants = permissions(allow("dynamodb:GetItem", APPROVALS))
    assert answer(verdicts(no_way_up, a_problem(grants=grants))) is Answer.PROVED


def test_what_is_protected_may_not_let_the_role_write_by_its_own_policy() -> None:
    policy = document({**allow("dynamodb:PutItem", APPROVALS), "Principal": {"AWS": ROLE}})
    found = witnesses(verdicts(no_way_up, a_problem(resources={APPROVALS: policy})))
    assert APPROVALS in {one.resource for one in found}


def test_what_is_protected_by_a_pattern_is_not_writable() -> None:
    pattern = APPROVALS.replace("Approvals", "Appro*")
    tenancy = replace(a_map(), protected=(Protected("tenancy.protected[0]", pattern),))
    grants = permissions(allow("dynamodb:PutItem", APPROVALS))
    found = witnesses(verdicts(no_way_up, a_problem(tenancy, grants=grants)))
    assert APPROVALS in {one.resource for one in found}


LOGS = "arn:aws:logs:eu-west-1:111122223333:log-group:/agents:*"
NAMED = (
    Shared("tenancy.shared[0]", LOGS, frozenset(), ("logs:PutLogEvents",)),
    Shared("tenancy.shared[1]", "*", frozenset(), ("xray:PutTraceSegments",)),
    Shared("tenancy.shared[2]", ORDERS, frozenset(), ("dynamodb:DescribeTable",)),
)


def naming(*statements: dict[str, Any]) -> Answer:
    tenancy = replace(a_map(), shared=NAMED)
    return answer(verdicts(no_way_up, a_problem(tenancy, grants=permissions(*statements))))


def test_actions_that_the_map_names_are_proved_on_what_they_are_named_for() -> None:
    own = allow("dynamodb:DescribeTable", ORDERS)
    traces = allow("xray:PutTraceSegments", "*")
    assert naming(allow("logs:PutLogEvents", LOGS), own, traces) is Answer.PROVED


@pytest.mark.parametrize(
    "statement",
    [
        allow("logs:PutLogEvents", "*"),
        allow("logs:PutLogEvents", LOGS.replace("agents", "audit")),
        allow("logs:Put*", LOGS),
        allow("xray:PutTelemetryRecords", "*"),
        allow("dynamodb:DescribeTable", "*"),
        allow("dynamodb:DescribeTable", APPROVALS),
        allow("dynamodb:DescribeT*", ORDERS),
    ],
    ids=["all", "other", "more", "another", "tables", "protected", "pattern"],
)
def test_actions_that_the_map_names_are_refuted_beside_it(statement: dict[str, Any]) -> None:
    assert naming(statement) is Answer.REFUTED


SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:approvals"
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:approve"


@pytest.mark.parametrize(
    ("arn", "action", "wide", "reached"),
    [
        (SECRET, "secretsmanager:PutSecretValue", "secret:app*", SECRET + "-"),
        (FUNCTION, "lambda:InvokeFunction", "function:*", FUNCTION + ":"),
    ],
)
def test_what_is_protected_is_so_under_every_arn_that_it_has(
    arn: str, action: str, wide: str, reached: str
) -> None:
    """A secret's ARN goes on with six characters of AWS's, a function's with a version."""
    tenancy = replace(a_map(), protected=(Protected("tenancy.protected[0]", arn),))
    name = ":".join(arn.split(":")[:5])
    deny = {"Effect": "Deny", "Action": action, "Resource": arn}
    grants = permissions(allow(action, f"{name}:{wide}"), deny)
    found = witnesses(verdicts(no_way_up, a_problem(tenancy, grants=grants)))
    assert any(one.resource.startswith(reached) for one in found)
    deny["Resource"] = f"{arn}*"
    grants = permissions(allow(action, f"{name}:{wide}"), deny)
    found = witnesses(verdicts(no_way_up, a_problem(tenancy, grants=grants)))
    assert not any(one.resource.startswith(arn) for one in found)
