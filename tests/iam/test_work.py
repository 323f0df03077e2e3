"""No policy and no request make a decision long."""

import time
from typing import Any

import pytest

from tests.iam.build import OBJECT, decide, policy, session, statement
from valetkey.iam import ContextValue, Effect, Policies, Request, explain
from valetkey.iam.evaluate import TOO_MUCH
from valetkey.iam.work import Work, added, is_too_much

LONG = "a" * 60_000


@pytest.mark.parametrize(
    "values",
    [
        [f"*a?b{n}*" for n in range(1_400)],
        [f"?*{n}" for n in range(1_400)],
        ["*?${aws:Referer}?*"] * 500,
    ],
)
def test_too_much_to_match_is_denied_at_once(values: list[str]) -> None:
    started = time.process_time()
    allowing = statement(Condition={"StringLike": {"aws:UserAgent": values}})
    context = {"aws:UserAgent": LONG, "aws:Referer": LONG[:50_000]}
    decision = decide(statement(), allowing, context=context)

    assert time.process_time() - started < 0.5
    assert (decision.effect, decision.because) == (Effect.IMPLICIT_DENY, TOO_MUCH)


@pytest.mark.parametrize("operator", ["StringLike", "ArnLike", "StringNotLike", "ArnNotEquals"])
def test_every_pattern_operator_is_counted(operator: str) -> None:
    values = [f"arn:a?s:iam::{n}:*?x" for n in range(1_400)]
    decision = decide(
        statement(Condition={operator: {"aws:UserAgent": values}}), context={"aws:UserAgent": LONG}
    )
    assert decision.because == TOO_MUCH


def test_explaining_costs_no_more_than_deciding() -> None:
    slow = {"StringLike": {"aws:UserAgent": [f"*a?b{n}*" for n in range(1_400)]}}
    request = Request(session(), "s3:GetObject", OBJECT, context={"aws:UserAgent": LONG})
    started = time.process_time()
    decision = explain(request, Policies(identity=(policy(statement(Condition=slow)),)))

    assert time.process_time() - started < 0.5
    assert (decision.because, decision.near_misses) == (TOO_MUCH, ())


def test_what_a_person_writes_is_decided() -> None:
    guards: dict[str, Any] = {"StringLike": {"aws:UserAgent": ["?*", "*bot?*"] * 10}}
    keys: dict[str, ContextValue] = {
        "aws:UserAgent": "b" * 8_192,
        "dynamodb:LeadingKeys": ("k" * 200,) * 100,
    }
    assert decide(statement(Condition=guards), context=keys).allowed


def test_only_the_statements_of_the_action_are_counted() -> None:
    slow = statement(Action="s3:PutObject", Condition={"StringLike": {"aws:UserAgent": ["?a*"]}})
    assert decide(statement(), *[slow] * 100, context={"aws:UserAgent": LONG}).allowed


def test_a_variable_costs_as_much_as_the_request_may_bring() -> None:
    keys: dict[str, ContextValue] = {"k": "x" * 30_000, "many": ("y" * 10_000, "")}
    assert not is_too_much(added([Work(50, 0), Work(49, 0)]), keys)
    assert is_too_much(added([Work(50, 0), Work(51, 0)]), keys)
    assert is_too_much(Work(1, 2), keys)
    assert not is_too_much(Work(1, 1), keys)
