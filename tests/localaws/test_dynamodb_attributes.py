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
        ({"ProjectionExpression": "remove, Remove[0]"}, {"remove", "Remove"}),
        ({"FilterExpression": "(NOT remove = :v) OR (begins_with(remove, :v))"}, {"remove"}),
        ({"FilterExpression": "NOT (NOT (a = :x) AND NOT b = :y)"}, {"a", "b"}),
        ({"UpdateExpression": "SET remove = :v REMOVE a, REMOVE.b"}, {"remove", "a", "REMOVE"}),
        ({"UpdateExpression": "remove remove"}, {"remove"}),
        ({"UpdateExpression": "SET a = list_append(b, :v) ADD c :n DELETE d :s"}, set("abcd")),
        ({"KeyConditionExpression": "remove = :v"}, {"remove"}),
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
    "part",
    [
        {"ProjectionExpression": "set"},
        {"ProjectionExpression": "a, And"},
        {"FilterExpression": "in = :v"},
        {"FilterExpression": "attribute_exists(and)"},
        {"FilterExpression": "size(between) > :n"},
        {"FilterExpression": "size(not) > :n"},
        {"FilterExpression": "a NOT = :n"},
        {"ConditionExpression": "add = :v"},
        {"UpdateExpression": "SET delete = :v"},
        {"UpdateExpression": "SET a = or"},
    ],
)
def test_a_reserved_word_names_no_attribute(part: dict[str, object]) -> None:
    with pytest.raises(AwsError, match="reserved keyword"):
        named_attributes(part)


@pytest.mark.parametrize(
    ("name", "written", "plain"),
    [
        ("ProjectionExpression", "a ,\n b", "a , b"),
        ("ProjectionExpression", "a . b [0] . #c", "a.b[0].#c"),
        (
            "FilterExpression",
            "\tattribute_exists (a)\r\n AND  b = :x ",
            "attribute_exists(a) AND b = :x",
        ),
        ("UpdateExpression", "SET a=:x-:y", "SET a=:x-:y"),
    ],
)
def test_an_expression_is_left_single_spaced(name: str, written: str, plain: str) -> None:
    assert canonical_expressions({name: written}) == {name: plain}
