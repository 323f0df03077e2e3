"""Which tokens of our provider take a role."""

from typing import Any

import pytest

from tests.isolation.trusts import (
    HOST,
    a_map,
    a_problem,
    answer,
    bounded,
    replayed,
    token_trust,
    verdicts,
    witnesses,
)
from valetkey.iam import Policies
from valetkey.isolation.answer import Answer
from valetkey.isolation.theorem_only_by_the_broker import only_by_the_broker
from valetkey.tenancy import Source

OURS = {"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": "grant:tenant-data"}}


def test_tokens_with_their_audience_and_subject_pinned_are_proved() -> None:
    problem = a_problem(a_map(Source.WEB_IDENTITY), trust=token_trust(OURS))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED


TOKENS: dict[str, dict[str, Any]] = {
    "any token": {},
    "the audience alone": {"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}},
    "the subject alone": {"StringEquals": {f"{HOST}:sub": "grant:tenant-data"}},
    "another grant too": {
        "StringEquals": {
            f"{HOST}:aud": "sts.amazonaws.com",
            f"{HOST}:sub": ["grant:tenant-data", "grant:admin"],
        }
    },
    "for all values": {
        "ForAllValues:StringEquals": {
            **bounded()["ForAllValues:StringEquals"],
            **OURS["StringEquals"],
        }
    },
    "if it exists": {"StringEqualsIfExists": OURS["StringEquals"]},
    "another provider's claims": {
        "StringEquals": {"id.example.org:aud": "sts.amazonaws.com", "id.example.org:sub": "x"}
    },
}


@pytest.mark.parametrize("is_ours", TOKENS.values(), ids=TOKENS)
def test_a_token_that_is_not_the_brokers_own_is_refuted(is_ours: dict[str, Any]) -> None:
    problem = a_problem(a_map(Source.WEB_IDENTITY), trust=token_trust(is_ours))
    found = witnesses(verdicts(only_by_the_broker, problem))
    assert [one.action for one in found] == ["sts:AssumeRoleWithWebIdentity"]
    assert replayed(found[0], Policies(trust=problem.roles[0].trust))


def test_a_subject_by_a_pattern_is_refuted() -> None:
    condition = {**bounded(), "StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}}
    condition["StringLike"] = {**condition["StringLike"], f"{HOST}:sub": "*grant:tenant-data"}
    problem = a_problem(a_map(Source.WEB_IDENTITY), trust=token_trust(condition))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.REFUTED
