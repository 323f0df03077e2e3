"""No policy and no request make a decision long."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cpu import SOON, within
from tests.iam.build import OBJECT, Json, decide, document, policy, session, statement
from valetkey.iam import (
    ContextValue,
    Effect,
    Layer,
    Policies,
    Policy,
    Request,
    evaluate,
    explain,
    parse_policy,
)
from valetkey.iam.evaluate import TOO_MUCH
from valetkey.iam.parse import MAX_DOCUMENT
from valetkey.iam.request import MAX_RESOURCE
from valetkey.iam.work import MAX_STEPS, Work, added, is_too_much

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
    allowing = statement(Condition={"StringLike": {"aws:UserAgent": values}})
    context = {"aws:UserAgent": LONG, "aws:Referer": LONG[:50_000]}
    with within(SOON):
        decision = decide(statement(), allowing, context=context)

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
    with within(SOON):
        decision = explain(request, Policies(identity=(policy(statement(Condition=slow)),)))

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


def test_the_cost_is_of_values_letters_and_pairs() -> None:
    keys: dict[str, ContextValue] = {"k": "x" * 999, "many": ("y" * 500, "y" * 500)}

    def limit(work: Work) -> bool:
        return is_too_much(work, "r", keys)

    assert not limit(Work(MAX_STEPS // 2))
    assert limit(Work(MAX_STEPS // 2 + 1))
    assert not limit(added([Work(0, MAX_STEPS // 4_000), Work(0, MAX_STEPS // 4_000)]))
    assert limit(added([Work(0, MAX_STEPS // 4_000), Work(0, MAX_STEPS // 4_000 + 1)]))
    assert not limit(Work(0, 0, MAX_STEPS // 4_000_000))
    assert limit(Work(0, 0, MAX_STEPS // 4_000_000 + 1))


def filled(make: Callable[[int], str], wrap: Callable[[list[str]], Json]) -> Policy:
    """A policy with as many values as fit into a document."""
    length = len(json.dumps(make(10_000))) + 2
    values = [make(index) for index in range((MAX_DOCUMENT - 300) // length)]
    return parse_policy(json.dumps(document(wrap(values))), name="p", layer=Layer.IDENTITY)


RESOURCE = ("arn:aws:s3:::" + "a" * MAX_RESOURCE)[:MAX_RESOURCE]
MIDDLE = "a" * 50 + "b" + "a" * 50


@pytest.mark.parametrize(
    "make",
    [
        lambda index: f"arn:*a?{index}",
        lambda index: f"arn:aws:s3:*x:{index}*y*?a",
        lambda index: f"arn:*{MIDDLE}*{index}",
        lambda index: f"arn:*${{k}}*{index}a",
        lambda index: f"arn:*?${{k}}{index}",
        lambda index: "arn:" + "${k}" * 2_000,
        lambda index: "arn:" + "a*" * 4_000 + "b",
    ],
)
def test_a_document_full_of_resources_takes_no_second(make: Callable[[int], str]) -> None:
    one = filled(make, lambda values: statement(Resource=values))
    context: dict[str, ContextValue] = {"k": "a" * 1_000 + "b" + "a" * 1_000}
    request = Request(session(), "s3:GetObject", RESOURCE, context=context)

    with within(SOON):
        decision = evaluate(request, Policies(identity=(one,) * 8))

    assert decision.effect is Effect.IMPLICIT_DENY


def test_the_same_document_decides_on_what_people_ask_for() -> None:
    one = filled(
        lambda index: f"arn:aws:s3:::*b/*?{index}", lambda values: statement(Resource=values)
    )
    request = Request(session(), "s3:GetObject", "arn:aws:s3:::b/traces/x/17")

    assert evaluate(request, Policies(identity=(one,))).allowed


def test_a_document_full_of_actions_takes_no_second() -> None:
    one = filled(lambda index: f"s3:*a?{index}", lambda values: statement(Action=values))
    policies = Policies(identity=(one,) * 8)
    with within(SOON):
        decision = evaluate(Request(session(), "s3:" + "a" * 4_000, OBJECT), policies)

    assert decision.because == TOO_MUCH
    assert evaluate(Request(session(), "s3:xa-17", OBJECT), policies).allowed


@pytest.mark.parametrize(
    ("operator", "make"),
    [
        ("StringLike", lambda index: f"*{MIDDLE}*{index}"),
        ("StringLike", lambda index: f"{index}*"),
        ("StringLike", lambda index: f"{index}${{j}}"),
        ("StringEquals", lambda index: f"{index}${{j}}"),
        ("StringEquals", lambda index: "${j}"),
        ("StringEqualsIgnoreCase", lambda index: f"{index}${{j}}"),
        ("ArnLike", lambda index: f"arn:a:a:a:a:{index}*"),
        ("ArnLike", lambda index: f"arn:a:a:a:a:{index}${{j}}"),
        ("IpAddress", lambda index: f"::{index}"),
        ("NumericEquals", str),
    ],
)
def test_a_document_full_of_values_takes_no_second(
    operator: str, make: Callable[[int], str]
) -> None:
    block = f"ForAnyValue:{operator}"
    one = filled(make, lambda values: statement(Condition={block: {"k": values}}))
    first = {"ArnLike": "arn:a:a:a:a:", "IpAddress": "ffff::", "NumericEquals": "9"}
    member = first.get(operator, "") + "9" * (0 if operator == "IpAddress" else 20)
    context: dict[str, ContextValue] = {"k": (member,) * 1_000, "j": "b"}
    request = Request(session(), "s3:GetObject", OBJECT, context=context)

    with within(SOON):
        decision = evaluate(request, Policies(identity=(one,) * 8))

    assert decision.effect is Effect.IMPLICIT_DENY


@pytest.mark.parametrize("operator", ["StringEquals", "Bool"])
def test_a_document_full_of_conditions_takes_no_second(operator: str) -> None:
    keys = [f"k{index}" for index in range(3_000)]
    one = policy(statement(Condition={f"ForAllValues:{operator}": dict.fromkeys(keys, "true")}))
    context: dict[str, ContextValue] = dict.fromkeys(keys, ("true",) * 1_000)
    request = Request(session(), "s3:GetObject", OBJECT, context=context)

    with within(SOON):
        evaluate(request, Policies(identity=(one,) * 8))


def test_a_session_role_is_never_measured() -> None:
    one = policy(
        statement(
            Resource="arn:aws:s3:::b/${aws:PrincipalTag/user_id}/*",
            Condition={
                "StringLike": {"s3:prefix": "traces/${aws:PrincipalTag/user_id}/*"},
                "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/a}"},
                "StringNotEquals": {"aws:SourceIdentity": "${aws:PrincipalTag/valetkey_run}"},
            },
        )
    )
    assert Policies(identity=(one,)).bearing_on("s3:getobject", by_arn=True).light
