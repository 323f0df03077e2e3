"""Every attribute that an expression could touch is named."""

import pytest

from valetkey.localaws.dynamodb_attributes import canonical_expressions, named_attributes
from valetkey.localaws.faults import AwsError


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ({"ProjectionExpression": "a, b.c, d[0].e"}, {"a", "b", "d"}),
        ({"FilterExpression": "begins_with(a, :x) AND NOT size(b) > :y"}, {"a", "b"}),
        ({"UpdateExpression": "SET a = if_not_exists(b, :x) REMOVE c ADD d :y"}, set("abcd")),
        ({"ConditionExpression": "a BETWEEN :x AND :y or b IN (:x, :z)"}, {"a", "b"}),
        ({"ProjectionExpression": "#a.#b",
          "ExpressionAttributeNames": {"#a": "x", "#b": "y"}}, {"x", "y"}),
        ({"ProjectionExpression": "size"}, {"size"}),
    ],
)  # fmt: skip
def test_the_top_level_attributes_are_found(part: dict[str, object], names: set[str]) -> None:
    assert named_attributes(part) == names


@pytest.mark.parametrize(
    "part",
    [
        {"ProjectionExpression": "a-b; c"},
        {"ProjectionExpression": "#unknown"},
        {"ProjectionExpression": "é"},
        {"ProjectionExpression": "a", "ExpressionAttributeNames": {"a": "secret"}},
    ],
)
def test_another_language_is_refused(part: dict[str, object]) -> None:
    with pytest.raises(AwsError) as caught:
        named_attributes(part)
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("a ,\n b", "a , b"),
        ("a . b [0] . #c", "a.b[0].#c"),
        ("\tattribute_exists (a)\r\n AND  b = :x ", "attribute_exists(a) AND b = :x"),
        ("SET a=:x-:y", "SET a=:x-:y"),
    ],
)
def test_an_expression_is_left_single_spaced(written: str, plain: str) -> None:
    assert canonical_expressions({"FilterExpression": written}) == {"FilterExpression": plain}
