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
