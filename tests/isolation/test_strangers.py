"""Whom a trust policy names and the map does not."""

from typing import Any

import pytest

from tests.isolation.trusts import (
    OTHER,
    a_problem,
    answer,
    bounded,
    document,
    trust_of,
    verdicts,
    without,
    witnesses,
)
from tests.tenancy.maps import BROKER, PROVIDER, ROLE
from valetkey.isolation.answer import Answer
from valetkey.isolation.theorem_only_by_the_broker import only_by_the_broker

STRANGERS = {
    "another role": {"AWS": [BROKER, OTHER]},
    "a role of another account": {"AWS": [BROKER, "arn:aws:iam::999988887777:role/ValetkeyBroker"]},
    "the role itself, by chaining": {"AWS": [BROKER, ROLE]},
    "an IAM person": {"AWS": [BROKER, "arn:aws:iam::111122223333:user/alice"]},
    "a service": {"AWS": BROKER, "Service": "lambda.amazonaws.com"},
    "another provider": {"AWS": BROKER, "Federated": f"{PROVIDER}s"},
    "anybody": "*",
}


@pytest.mark.parametrize("principal", STRANGERS.values(), ids=STRANGERS)
def test_a_principal_that_the_map_does_not_name_is_refuted(principal: Any) -> None:
    trust = trust_of({"Effect": "Allow", "Principal": principal, "Action": "sts:*"})
    assert answer(verdicts(only_by_the_broker, a_problem(trust=trust))) is Answer.REFUTED


def test_a_stranger_is_refuted_even_with_all_bounds() -> None:
    found = verdicts(only_by_the_broker, a_problem(trust=trust_of(principal={"AWS": OTHER})))
    assert [one.role for one in witnesses(found)] == [OTHER]


@pytest.mark.parametrize(
    "wanted",
    [
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["project"]}},
        {"ForAnyValue:StringLike": {"aws:TagKeys": ["p*"]}},
        {"StringEquals": {"aws:RequestTag/project": "x"}, "Null": {"aws:TagKeys": "false"}},
    ],
)
def test_a_stranger_that_needs_a_tag_of_another_key_is_refuted(wanted: dict[str, Any]) -> None:
    stranger = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": wanted,
    }
    found = witnesses(verdicts(only_by_the_broker, a_problem(trust=trust_of(stranger))))
    assert [one.role for one in found] == [OTHER]
    assert any(key.startswith("p") for key in found[0].runs[0])


def test_chaining_into_the_role_is_refuted_by_a_session_of_the_role() -> None:
    condition = without("StringLike", "aws:RequestTag/valetkey_run")
    trust = trust_of(principal={"AWS": [BROKER, ROLE]}, condition=condition)
    found = witnesses(verdicts(only_by_the_broker, a_problem(trust=trust)))
    chained = [one for one in found if one.role == ROLE]
    assert [one.action for one in chained] == ["sts:AssumeRole"]


@pytest.mark.parametrize(
    "principal",
    [{"AWS": "111122223333"}, {"AWS": "arn:aws:iam::999988887777:root"}, {"AWS": "*"}],
)
def test_whom_a_principal_delegates_to_is_not_known(principal: Any) -> None:
    condition = {**bounded(), "ArnEquals": {"aws:PrincipalArn": BROKER}}
    problem = a_problem(trust=trust_of(principal=principal, condition=condition))
    found = verdicts(only_by_the_broker, problem)
    assert answer(found) is Answer.UNKNOWN
    assert all(one.reason for one in found if one.answer is Answer.UNKNOWN)


def test_the_broker_named_by_its_account_still_needs_our_tags() -> None:
    trust = trust_of(principal={"AWS": "111122223333"}, condition={})
    found = verdicts(only_by_the_broker, a_problem(trust=trust))
    assert answer(found) is Answer.REFUTED
    assert any(one.role == BROKER for one in witnesses(found))


def test_everybody_behind_a_deny_is_not_proved() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": BROKER}},
    }
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    problem = a_problem(trust=document(everybody, deny))
    assert answer(verdicts(only_by_the_broker, problem)) is not Answer.PROVED
    problem = a_problem(trust=trust_of({**everybody, "Action": "sts:SetSourceIdentity"}, deny))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.UNKNOWN


def test_a_stranger_whom_a_deny_keeps_out_is_proved() -> None:
    deny = {"Effect": "Deny", "Principal": {"AWS": OTHER}, "Action": "sts:*"}
    named = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sts:AssumeRole"}
    problem = a_problem(trust=trust_of(named, deny))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED


def test_a_session_of_the_broker_by_name_is_unknown() -> None:
    session = "arn:aws:sts::111122223333:assumed-role/ValetkeyBroker/one"
    found = verdicts(only_by_the_broker, a_problem(trust=trust_of(principal={"AWS": session})))
    assert answer(found) is Answer.UNKNOWN
