"""Only-by-the-broker: who comes to a session, and with which other tags."""

from dataclasses import replace
from typing import Any

import pytest

from tests.isolation.trusts import (
    a_map,
    a_problem,
    answer,
    bounded,
    document,
    replayed,
    trust_of,
    verdicts,
    without,
    witnesses,
)
from tests.tenancy.maps import BROKER, ROLE, whole_map
from valetkey.iam import Policies
from valetkey.isolation.answer import Answer
from valetkey.isolation.callers import SUPPOSED
from valetkey.isolation.problem import problem_of
from valetkey.isolation.theorem_only_by_the_broker import only_by_the_broker
from valetkey.tenancy import AgentRole, Source, generated


def _with(operator: str, key: str, value: Any) -> dict[str, Any]:
    condition = bounded()
    condition[operator] = {**condition.get(operator, {}), key: value}
    return condition


def test_exactly_our_tags_from_the_broker_are_proved() -> None:
    assert answer(verdicts(only_by_the_broker, a_problem())) is Answer.PROVED


def test_a_second_statement_for_the_source_identity_is_proved() -> None:
    source = {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": "sts:SetSourceIdentity",
        "Condition": {"StringLike": {"sts:SourceIdentity": "r-*"}},
    }
    problem = a_problem(trust=trust_of(source))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED


UNBOUNDED = {
    "no conditions": {},
    "a tag may be absent": without("StringLike", "aws:RequestTag/user_id"),
    "the run may be absent": without("StringLike", "aws:RequestTag/valetkey_run"),
    "a tag may be empty": _with("StringLike", "aws:RequestTag/user_id", "*"),
    "a delimiter in a tag": without("StringNotLike"),
    "only two slashes are kept out": _with("StringNotLike", "aws:RequestTag/user_id", "*/*/*"),
    "any other tag": without("ForAllValues:StringEquals"),
    "one more tag": _with(
        "ForAllValues:StringEquals", "aws:TagKeys", ["user_id", "valetkey_run", "x"]
    ),
    "tags by a pattern": {
        **without("ForAllValues:StringEquals"),
        "ForAllValues:StringLike": {"aws:TagKeys": ["user_*", "valetkey_run"]},
    },
    "one of the tags must be ours": {
        **without("ForAllValues:StringEquals"),
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["user_id", "valetkey_run"]},
    },
    "two other tags must be there": {
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["q"]},
        "ForAnyValue:StringLike": {"aws:TagKeys": ["p*"]},
    },
    "a run is any text": _with("StringLike", "aws:RequestTag/valetkey_run", "?*"),
    "tags if they exist": {
        **without("StringLike"),
        "StringLikeIfExists": bounded()["StringLike"],
    },
    "a negated test for empty": {
        **without("StringLike", "aws:RequestTag/user_id"),
        "StringNotEquals": {"aws:RequestTag/user_id": ""},
    },
}


@pytest.mark.parametrize("condition", UNBOUNDED.values(), ids=UNBOUNDED)
def test_a_tag_that_the_text_does_not_bound_is_refuted(condition: dict[str, Any]) -> None:
    problem = a_problem(trust=trust_of(condition=condition))
    found = witnesses(verdicts(only_by_the_broker, problem))
    assert found
    policies = Policies(identity=(SUPPOSED,), trust=problem.roles[0].trust)
    assert all(replayed(one, policies) for one in found)
    assert all(one.got == "allow" for one in found)


def test_the_witness_of_an_absent_tag_has_no_such_tag() -> None:
    trust = trust_of(condition=without("StringLike", "aws:RequestTag/user_id"))
    found = witnesses(verdicts(only_by_the_broker, a_problem(trust=trust)))
    assert any("user_id" not in one.runs[0] for one in found)
    assert all(one.principal.startswith("arn:aws:sts::111122223333:assumed-role/ValetkeyBroker/")
               for one in found)  # fmt: skip


def test_the_witness_of_other_tags_has_all_that_the_trust_asks_for() -> None:
    wanted = {
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["q"]},
        "ForAnyValue:StringLike": {"aws:TagKeys": ["p*"]},
    }
    more = {**bounded(), **wanted}
    del more["ForAllValues:StringEquals"]
    found = witnesses(verdicts(only_by_the_broker, a_problem(trust=trust_of(condition=more))))
    assert found
    for run in (one.runs[0] for one in found):
        assert "q" in run
        assert any(key.startswith("p") for key in run)


def test_a_bound_that_rests_on_the_case_of_letters_is_not_proved() -> None:
    """`A/*` keeps `A/b` out, and `a/b` only where the service reads values in any case."""
    condition = _with("StringNotLike", "aws:RequestTag/user_id", ["*/*"])
    condition["StringLike"]["aws:RequestTag/user_id"] = "A/*"
    nothing = a_problem(trust=trust_of(condition=condition))
    assert answer(verdicts(only_by_the_broker, nothing)) is Answer.PROVED
    condition = _with("StringNotLike", "aws:RequestTag/user_id", ["A*/*", "b*/*"])
    condition["StringLike"]["aws:RequestTag/user_id"] = ["A*", "b*"]
    by_case = a_problem(trust=trust_of(condition=condition))
    assert answer(verdicts(only_by_the_broker, by_case)) is Answer.UNKNOWN


def test_a_run_that_begins_otherwise_in_capitals_is_refuted() -> None:
    condition = _with("StringLike", "aws:RequestTag/valetkey_run", ["r-*", "X-*"])
    problem = a_problem(trust=trust_of(condition=condition))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.REFUTED


def test_a_statement_without_conditions_beside_a_perfect_one_is_refuted() -> None:
    bare = {"Effect": "Allow", "Principal": {"AWS": BROKER}, "Action": "sts:AssumeRole"}
    found = witnesses(verdicts(only_by_the_broker, a_problem(trust=trust_of(bare))))
    assert any(one.runs[0] == {} for one in found)


def test_bounds_on_the_tags_action_alone_let_an_untagged_session_in() -> None:
    own = {"Effect": "Allow", "Principal": {"AWS": BROKER}}
    tags = {**own, "Action": "sts:TagSession", "Condition": bounded()}
    problem = a_problem(trust=document({**own, "Action": "sts:AssumeRole"}, tags))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.REFUTED


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (bounded(), Answer.PROVED),
        (without("StringLike", "aws:RequestTag/valetkey_run"), Answer.REFUTED),
    ],
)
def test_an_agents_role_that_the_map_lets_assume_is_kept_out_by_the_run_alone(
    condition: dict[str, Any], expected: Answer
) -> None:
    """STS takes no inherited transitive tag again, and every session of a run has that one."""
    tenancy = replace(a_map(), assumed_by=(BROKER, ROLE))
    trust = trust_of(principal={"AWS": [BROKER, ROLE]}, condition=condition)
    assert answer(verdicts(only_by_the_broker, a_problem(tenancy, trust=trust))) is expected


GRANTS = {
    "an external id": [AgentRole("one", ROLE, external_id="us")],
    "tokens": [AgentRole("one", ROLE, source=Source.WEB_IDENTITY)],
    "both ways": [AgentRole("one", ROLE), AgentRole("two", ROLE, source=Source.WEB_IDENTITY)],
    "two audiences": [
        AgentRole("one", ROLE, source=Source.WEB_IDENTITY),
        AgentRole("two", ROLE, source=Source.WEB_IDENTITY, audience="elsewhere"),
    ],
}


@pytest.mark.parametrize("roles", GRANTS.values(), ids=GRANTS)
def test_what_the_generator_writes_is_proved(roles: list[AgentRole]) -> None:
    tenancy = whole_map(roles)
    problem = problem_of(tenancy, generated(tenancy))
    assert answer(verdicts(only_by_the_broker, problem)) is Answer.PROVED
