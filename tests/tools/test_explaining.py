"""Of how many values the place of a fault is told: never of so many that it is an attack."""

from typing import Any

import pytest

from valetkey.tools.explaining import explained_values

LEAF: dict[str, Any] = {"type": "string"}
AGAIN: dict[str, Any] = {"$ref": "#"}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"properties": {"a": LEAF}}, 500),
        ({"properties": {"a": AGAIN}}, 500),
        ({"properties": {"a": {"anyOf": [LEAF, {"type": "null"}]}}}, 500),
        ({"anyOf": [LEAF] * 198}, 100),
        ({"anyOf": [LEAF] * 30_000}, 0),
        ({"anyOf": [LEAF, {"items": AGAIN}]}, 0),
        ({"allOf": [LEAF], "properties": {"a": {"$ref": "other.json"}}}, 0),
        ({"not": LEAF, "properties": {"a": {"$dynamicRef": 5}}}, 0),
        ({"oneOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}, 0),
    ],
)
def test_places_are_told_of_as_many_values_as_the_schema_allows(
    schema: dict[str, Any], values: int
) -> None:
    assert explained_values(schema) == values


def test_a_schema_too_deep_to_be_measured_explains_nothing() -> None:
    schema: dict[str, Any] = LEAF
    for _ in range(5_000):
        schema = {"anyOf": [schema]}
    assert explained_values(schema) == 0
