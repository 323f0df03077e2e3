"""Whom the policies of mapped resources let in."""

from typing import Any

import pytest

from tests.isolation.trusts import (
    APPROVALS,
    BUCKET,
    ORCHESTRATOR,
    OTHER,
    a_problem,
    allow,
    answer,
    document,
    verdicts,
    witnesses,
)
from tests.tenancy.maps import BROKER, ORDERS, ROLE
from valetkey.isolation.answer import Answer
from valetkey.isolation.theorem_only_by_the_broker import only_by_the_broker


def _resource(principal: Any, **more: Any) -> dict[str, Any]:
    return document({**allow("s3:GetObject", f"{BUCKET}/*"), "Principal": principal, **more})


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (_resource({"AWS": [ROLE, ORCHESTRATOR]}), Answer.PROVED),
        (
            _resource("*", Condition={"ArnEquals": {"aws:PrincipalArn": ORCHESTRATOR}}),
            Answer.PROVED,
        ),
        (_resource("*", Effect="Deny"), Answer.PROVED),
        (_resource({"AWS": OTHER}), Answer.REFUTED),
        (_resource({"AWS": BROKER}), Answer.REFUTED),
        (_resource({"Service": "logging.s3.amazonaws.com"}), Answer.REFUTED),
        (_resource("*"), Answer.REFUTED),
        (_resource("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), Answer.UNKNOWN),
        (
            _resource("*", Condition={"ArnLike": {"aws:PrincipalArn": f"{ORCHESTRATOR}*"}}),
            Answer.UNKNOWN,
        ),
        (
            _resource("*", Condition={"ArnEqualsIfExists": {"aws:PrincipalArn": ORCHESTRATOR}}),
            Answer.UNKNOWN,
        ),
        (_resource({"AWS": "999988887777"}), Answer.UNKNOWN),
    ],
)
def test_a_resource_lets_in_only_whom_the_map_names(
    policy: dict[str, Any], expected: Answer
) -> None:
    problem = a_problem(resources={BUCKET: policy})
    assert answer(verdicts(only_by_the_broker, problem)) is expected


def test_a_protected_resource_lets_in_only_whom_the_map_names() -> None:
    policy = document({**allow("dynamodb:*", APPROVALS), "Principal": {"AWS": OTHER}})
    found = witnesses(verdicts(only_by_the_broker, a_problem(resources={APPROVALS: policy})))
    assert found
    assert {one.resource for one in found} >= {APPROVALS}


def test_a_resource_that_the_map_does_not_know_is_its_owners_business() -> None:
    elsewhere = f"{ORDERS}Elsewhere"
    policy = document({**allow("dynamodb:*", elsewhere), "Principal": {"AWS": OTHER}})
    problem = a_problem(resources={elsewhere: policy})
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED


LEFT_OPEN = {
    "an action that nobody knows": (["s3:GetObject", "s3:Unheard"], f"{BUCKET}/*", "s3:GetObject"),
    "a form that nobody listed": ("s3:CreateBucket", f"{BUCKET}/x", "s3:GetObject"),
}


@pytest.mark.parametrize(("action", "resource", "denied"), LEFT_OPEN.values(), ids=LEFT_OPEN)
def test_what_a_deny_leaves_to_a_stranger_is_refuted(
    action: Any, resource: str, denied: str
) -> None:
    stranger = {"Principal": {"AWS": OTHER}}
    deny = {**allow(denied, f"{BUCKET}/*"), **stranger, "Effect": "Deny"}
    policy = document({**allow(action, resource), **stranger}, deny)
    found = verdicts(only_by_the_broker, a_problem(resources={BUCKET: policy}))
    assert answer(found) is Answer.REFUTED


def test_a_wildcard_that_denies_close_for_a_stranger_is_not_proved_by_known_actions() -> None:
    """A new action of AWS is open where every known one is closed."""
    stranger = {"Principal": {"AWS": OTHER}, "Resource": [BUCKET, f"{BUCKET}/*"]}
    known = [f"s3:{name}*" for name in ("Get", "Put", "List", "Delete", "Create", "Abort")]
    policy = document(
        {"Effect": "Allow", "Action": "s3:*", **stranger},
        {"Effect": "Deny", "Action": known, **stranger},
    )
    found = verdicts(only_by_the_broker, a_problem(resources={BUCKET: policy}))
    assert answer(found) is not Answer.PROVED


def test_a_stranger_in_the_policy_of_a_tables_stream_is_refuted() -> None:
    stream = f"{ORDERS}/stream/2026"
    policy = document({**allow("dynamodb:GetRecords", stream), "Principal": {"AWS": OTHER}})
    found = verdicts(only_by_the_broker, a_problem(resources={stream: policy}))
    assert answer(found) is Answer.REFUTED
    assert stream in {one.resource for one in witnesses(found)}
