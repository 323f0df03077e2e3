"""One text beside a condition's values: what the evaluator compares, in a formula."""

import sys

import pytest

from valetkey.iam.condition import compile_condition
from valetkey.iam.glob import STAR, units
from valetkey.isolation.comparing import like
from valetkey.isolation.conditions_encoding import condition_holds
from valetkey.isolation.formula import FALSE, TRUE, Assignment, Formula, Symbol, holds, text
from valetkey.isolation.keys import Absent, Fixed, KeyModel, One
from valetkey.isolation.operators_encoding import KELVIN, compared
from valetkey.isolation.unencodable import Unencodable

S = Symbol("s")
TAG = Symbol("tag")
MODELS: dict[str, KeyModel] = {
    "k": One((S,)),
    "tag": One((TAG,)),
    "account": Fixed("1:2"),
    "absent": Absent(),
}


def encoded(operator: str, *values: str, subject: tuple[str | Symbol, ...] = (S,)) -> Formula:
    condition = compile_condition(operator, "k", values, path="$", variables=True)
    return compared(condition, subject, lambda name: MODELS[name])


def says(formula: Formula, given: str, tag: str = "") -> bool:
    return holds(formula, Assignment({"s": units(given), "tag": units(tag)}, {}))


def test_no_letter_beyond_ascii_but_the_kelvin_sign_is_an_ascii_one_in_lower_case() -> None:
    """On which rests that ASCII texts are compared ignoring case by ASCII's case alone."""
    found = {chr(point) for point in range(128, sys.maxunicode + 1) if chr(point).lower().isascii()}
    assert found == {KELVIN}


@pytest.mark.parametrize("given", ["ok", "OK", "o\u212a", "O\u212a", "okk", "o", "\u00f6k", ""])
def test_a_value_is_compared_ignoring_case_as_the_evaluator_does(given: str) -> None:
    condition = compile_condition("StringEqualsIgnoreCase", "k", ("oK",), path="$", variables=True)

    assert says(encoded("StringEqualsIgnoreCase", "oK"), given) is condition.holds({"k": given})


@pytest.mark.parametrize("value", ["\u00f6", "\u017f", "k" * 7, "${tag}"])
def test_what_can_not_be_said_exactly_ignoring_case_is_not_said(value: str) -> None:
    with pytest.raises(Unencodable):
        encoded("StringEqualsIgnoreCase", value)


def test_a_text_with_an_unknown_is_itself_ignoring_case() -> None:
    assert encoded("StringEqualsIgnoreCase", "${k}") == TRUE


@pytest.mark.parametrize("operator", ["NumericEquals", "NumericLessThan"])
def test_an_unknown_text_is_not_read_as_a_number(operator: str) -> None:
    with pytest.raises(Unencodable):
        encoded(operator, "1")


@pytest.mark.parametrize("given", ["true", "TRUE", "tru\u0435", "false", "1", ""])
def test_a_boolean_is_compared_in_any_case(given: str) -> None:
    condition = compile_condition("Bool", "k", ("True",), path="$", variables=True)

    assert says(encoded("Bool", "True"), given) is condition.holds({"k": given})


ARNS = [
    "arn:aws:s3:::b/t1", "arn:aws:s3:::b/t1:x", "arn:aws:s3:eu:1:b/t1", "arn:aws:s3", "t1", "",
    "arn:aws:s3:a:b:c:d", "xrn:aws:s3:::b/t1", "arn:aws:s3:1:2:b/t1", ":::::", "arn:::::",
]  # fmt: skip


@pytest.mark.parametrize("given", ARNS)
@pytest.mark.parametrize(
    "pattern",
    [
        "*", "arn:aws:s3:::b/*", "arn:*:s3:*:*:b/t?", "arn:aws:*", "*:*:*:*:*:*", "?rn:*:*:*:*:*",
        "arn:aws:s3:*:b/t1", "arn:aws:s3:::*x", "arn:aws:s3:?:?:?/t1", "a*:aws:s3:::b/${tag}*",
        "arn:aws:*:*:*:d", "arn:aws:s3:a:b?c:d",
        "arn:aws:s3:${account}:b/t1", "arn:aws:s3:::${absent}", "arn:aws:s3:::${absent, 'b/t1'}",
    ],
)  # fmt: skip
def test_an_arn_matches_part_by_part_as_the_evaluator_has_it(pattern: str, given: str) -> None:
    condition = compile_condition("ArnLike", "k", (pattern,), path="$", variables=True)
    keys = {"k": given, "tag": "t", "account": "1:2"}

    assert says(encoded("ArnLike", pattern), given, tag="t") is condition.holds(keys)


def test_a_variable_that_may_bring_colons_before_the_last_part_is_not_encoded() -> None:
    with pytest.raises(Unencodable) as raised:
        encoded("ArnEquals", "arn:aws:iam::${tag}:role/x")

    assert "may bring colons" in raised.value.reason


def test_a_text_beside_its_own_beginning_is_not_asked_of_anybody() -> None:
    assert encoded("StringLike", "b/*", subject=text("b/", S)) == TRUE
    assert encoded("StringLike", "c/*", subject=text("b/", S)) == FALSE
    assert encoded("StringLike", "b/${tag}/*", subject=text("b/", S)) == like(
        (S,), (TAG, "/", STAR)
    )


@pytest.mark.parametrize(
    ("operator", "model", "given", "expected"),
    [
        ("StringNotEquals", Absent(), "", True),
        ("StringEquals", Absent(), "", False),
        ("StringEqualsIfExists", Absent(), "", True),
        ("ForAllValues:StringEquals", Absent(), "", True),
        ("ForAnyValue:StringEquals", Absent(), "", False),
        ("ForAnyValue:StringEqualsIfExists", Absent(), "", True),
        ("ForAnyValue:StringNotEquals", Absent(), "", False),
        ("StringNotEquals", Fixed(("a",)), "", False),
        ("StringEquals", Fixed(("x",)), "", False),
        ("ForAllValues:StringEquals", Fixed(("x", "a")), "", False),
        ("ForAnyValue:StringEquals", Fixed(("x", "a")), "", True),
        ("ForAllValues:StringNotEquals", Fixed(("b", "a")), "", True),
        ("ForAllValues:StringEquals", One((S,)), "x", True),
        ("ForAllValues:StringEquals", One((S,)), "", False),
        ("Null", One((S,)), "", False),
        ("Null", Absent(), "", False),
    ],
)
def test_absence_negation_and_sets_are_the_evaluators(
    operator: str, model: KeyModel, given: str, expected: bool
) -> None:
    value = "x" if operator != "Null" else ("true" if model != Absent() else "false")
    condition = compile_condition(operator, "k", (value,), path="$", variables=True)

    assert says(condition_holds(condition, lambda _: model), given) is expected


def test_a_letter_of_two_units_is_compared_as_both() -> None:
    assert says(encoded("StringEquals", "\U0001f600"), "\U0001f600")
    assert says(encoded("StringLike", "??"), "\U0001f600")
