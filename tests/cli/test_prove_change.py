"""`valetkey prove --since`: what a change opened, and what it closed."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cli.proof_world import (
    BROAD,
    BUCKET,
    OWN,
    REFUTED,
    ROLE,
    TENANCY,
    answered,
    document,
    policies,
    report,
    witness,
)
from valetkey.cli.prove_answering import allows
from valetkey.cli.prove_change import change_of
from valetkey.isolation.answer import Answer, Report, Theorem, Witness
from valetkey.isolation.problem import Problem, problem_of
from valetkey.tenancy.policy_set import PolicySet, RolePolicies
from valetkey.tenancy.tenancy_map import TenancyMap

PROVED = report()
BEFORE = (problem_of(TENANCY, policies(OWN)), PROVED)
NOW = (problem_of(TENANCY, policies(OWN, BROAD)), REFUTED)


def with_map(tenancy: TenancyMap) -> tuple[Problem, Report]:
    return problem_of(tenancy, policies(OWN)), PROVED


def test_nothing_came_of_no_change() -> None:
    change = change_of("main", BEFORE, BEFORE)

    assert (change.opened, change.closed, change.before) == ((), (), Answer.PROVED)


def test_a_theorem_that_no_longer_holds_is_opened() -> None:
    change = change_of("main", BEFORE, NOW)

    assert "isolation was proved and is refuted now" in change.opened
    assert change.closed == ()


def test_a_request_that_was_denied_and_is_allowed_now_is_opened() -> None:
    (opened,) = [one for one in change_of("main", BEFORE, NOW).opened if "asks for" in one]

    assert f"asks for s3:GetObject on {BUCKET}/traces/b/1" in opened
    assert opened.endswith("it was denied and is allowed now")


def test_a_request_that_was_allowed_before_is_not_opened_again() -> None:
    assert change_of("main", NOW, NOW).opened == ()


def test_what_holds_again_is_closed() -> None:
    change = change_of("main", NOW, BEFORE)

    assert change.opened == ()
    assert change.before is Answer.REFUTED
    assert "isolation was refuted and is proved now" in change.closed
    assert any("it was allowed and is denied now" in one for one in change.closed)


def test_no_longer_known_is_opened_and_was_not_known_is_closed() -> None:
    unsure = report(answered(Theorem.USABLE, Answer.UNKNOWN, reasons=("time",)))

    assert (
        "usable was proved and is unknown now"
        in change_of("main", BEFORE, (BEFORE[0], unsure)).opened
    )
    assert (
        "usable was unknown and is proved now"
        in change_of("main", (BEFORE[0], unsure), BEFORE).closed
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"owned": TENANCY.owned[1:]}, f"gives s3:GetObject on `{BUCKET}/traces/{{user_id}}/*`"),
        ({"owned": TENANCY.owned[:1]}, "where dynamodb:LeadingKeys is `{task_id}`"),
        ({"shared": ()}, "gives s3:GetObject on `arn:aws:s3:::public/*`"),
        ({"roles": ()}, f"hold sessions of `{ROLE}`"),
        ({"assumed_by": ()}, "lets `arn:aws:iam::111122223333:role/ValetkeyBroker` make"),
    ],
)
def test_what_the_map_gives_more_is_opened_and_less_is_closed(
    changed: dict[str, object], sentence: str
) -> None:
    less, more = with_map(replace(TENANCY, **changed)), with_map(TENANCY)  # type: ignore[arg-type]

    assert any(sentence in one for one in change_of("main", less, more).opened)
    assert any(sentence in one for one in change_of("main", more, less).closed)
    assert not change_of("main", less, more).closed


def test_what_is_protected_no_more_is_opened() -> None:
    less, more = with_map(replace(TENANCY, protected=())), with_map(TENANCY)

    assert any("is no longer protected" in one for one in change_of("main", more, less).opened)
    assert any("is now protected" in one for one in change_of("main", less, more).closed)


def test_a_witness_is_put_to_all_policies_that_bear() -> None:
    denied = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "s3:*"} | {
        "Resource": f"{BUCKET}/*"
    }
    document = {"Version": "2012-10-17", "Statement": [denied]}
    closed = problem_of(TENANCY, PolicySet(policies(OWN, BROAD).roles, {BUCKET: document}))

    assert allows(NOW[0], witness()) is True
    assert allows(closed, witness()) is False
    assert allows(BEFORE[0], witness()) is False


def test_strangers_are_put_to_trust_and_to_resource_policies() -> None:
    broker = "arn:aws:iam::111122223333:role/Broker"
    anybody = {"Effect": "Allow", "Principal": {"AWS": broker}, "Action": "sts:AssumeRole"}
    let_in = anybody | {"Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}

    def problem(*trusted: dict[str, Any], resource: dict[str, Any]) -> Problem:
        role = RolePolicies(ROLE, document(*trusted), ())
        return problem_of(TENANCY, PolicySet((role,), {BUCKET: document(resource)}))

    session = broker.replace(":iam:", ":sts:").replace("role/", "assumed-role/") + "/s"
    stranger = witness(principal=session, role=broker, runs=(), context={})
    assumes = replace(stranger, action="sts:AssumeRole", resource=ROLE)
    nobody = let_in | {"Effect": "Deny"}

    assert allows(problem(anybody, resource=let_in), assumes) is True
    assert allows(problem(resource=let_in), assumes) is False
    assert allows(problem(resource=let_in), stranger) is True
    assert allows(problem(resource=nobody), stranger) is False
    assert allows(problem(anybody, resource=let_in), replace(assumes, resource="x")) is None


@pytest.mark.parametrize(
    "other",
    [witness(role=f"{ROLE}Other"), witness(role=None), witness(principal="nonsense:assumed-role/")],
)
def test_what_can_not_be_asked_is_neither_allowed_nor_denied(other: Witness) -> None:
    assert allows(NOW[0], other) is None
