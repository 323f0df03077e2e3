"""How a JSON value becomes a value of Cedar: exactly, or not at all."""

from typing import Any

import pytest

from valetkey.tools.cedar_types import (
    Attribute,
    CedarRecord,
    CedarSet,
    CedarType,
    Scalar,
    Unfit,
    cedar_value,
    schema_of,
)
from valetkey.tools.definition import Json


def decimal(text: str) -> dict[str, Any]:
    return {"__extn": {"fn": "decimal", "arg": text}}


@pytest.mark.parametrize(
    ("type_", "value", "seen"),
    [
        (Scalar.STRING, "a", "a"),
        (Scalar.STRING, "", ""),
        (Scalar.LONG, 5, 5),
        (Scalar.LONG, 5.0, 5),
        (Scalar.LONG, -0.0, 0),
        (Scalar.BOOL, True, True),
        (Scalar.BOOL, False, False),
        (Scalar.DECIMAL, 5, decimal("5.0")),
        (Scalar.DECIMAL, -0.0, decimal("0.0")),
        (Scalar.DECIMAL, 999.99, decimal("999.99")),
        (Scalar.DECIMAL, 0.0001, decimal("0.0001")),
        (Scalar.DECIMAL, -1.5, decimal("-1.5")),
        (Scalar.DECIMAL, 922337203685477, decimal("922337203685477.0")),
        (Scalar.DECIMAL, -922337203685477.5, decimal("-922337203685477.5")),
        (Scalar.TEXT, "a", '"a"'),
        (Scalar.TEXT, {"b": 1.0, "a": [None, 0.5]}, '{"a":[null,0.5],"b":1}'),
        (CedarSet(Scalar.STRING), [], []),
        (CedarSet(Scalar.DECIMAL), [1, 0.5], [decimal("1.0"), decimal("0.5")]),
    ],
)
def test_a_value_keeps_its_meaning(type_: CedarType, value: Json, seen: Any) -> None:
    was = cedar_value(type_, value, undeclared=False)
    assert was == seen
    assert type(was) is type(seen)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Scalar.STRING, 1),
        (Scalar.STRING, None),
        (Scalar.LONG, "1"),
        (Scalar.LONG, True),
        (Scalar.LONG, 1.5),
        (Scalar.LONG, 2**63),
        (Scalar.BOOL, 1),
        (Scalar.BOOL, "true"),
        (Scalar.DECIMAL, "1.5"),
        (Scalar.DECIMAL, True),
        (Scalar.DECIMAL, 0.00001),
        (Scalar.DECIMAL, 1e-7),
        (Scalar.DECIMAL, 1.23456),
        (Scalar.DECIMAL, 0.1 + 0.2),
        (Scalar.DECIMAL, 922337203685478),
        (Scalar.DECIMAL, -922337203685478),
        (CedarSet(Scalar.LONG), 1),
        (CedarSet(Scalar.LONG), {"0": 1}),
        (CedarSet(Scalar.LONG), [1, None]),
        (CedarSet(Scalar.LONG), [1, "2"]),
        (CedarRecord({}), []),
        (CedarRecord({}), "x"),
    ],
)
def test_what_a_type_cannot_hold_exactly_is_refused(type_: CedarType, value: Json) -> None:
    with pytest.raises(Unfit):
        cedar_value(type_, value, undeclared=True)


RECORD = CedarRecord(
    {
        "a": Attribute(Scalar.LONG, required=True),
        "b": Attribute(Scalar.STRING, required=False),
        "n": Attribute(CedarRecord({"x": Attribute(Scalar.BOOL, required=True)}), required=False),
    }
)


def test_members_that_are_null_are_not_there() -> None:
    assert cedar_value(RECORD, {"a": 1, "b": None, "n": None}, undeclared=False) == {"a": 1}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({}, ("a",)),
        ({"a": None}, ("a",)),
        ({"a": 1, "z": 1}, ("z",)),
        ({"a": 1, "z": None}, ("z",)),
        ({"a": 1, "A": 1}, ("A",)),
        ({"a": 1, "n": {}}, ("n", "x")),
        ({"a": 1, "n": {"x": True, "z": 1}}, ("n", "z")),
        ({"a": 1, "n": {"x": 1}}, ("n", "x")),
        ({"a": 1, "__entity": {"type": "T", "id": "i"}}, ("__entity",)),
    ],
)
def test_a_record_has_its_required_members_and_no_others(
    value: Json, place: tuple[str, ...]
) -> None:
    with pytest.raises(Unfit) as refused:
        cedar_value(RECORD, value, undeclared=False)
    assert refused.value.place == place


def test_members_that_may_pass_undeclared_are_not_seen_at_any_depth() -> None:
    value: Json = {"a": 1, "z": {"__entity": 1}, "n": {"x": True, "z": 2}}
    assert cedar_value(RECORD, value, undeclared=True) == {"a": 1, "n": {"x": True}}


def test_the_place_of_an_element_is_its_index() -> None:
    with pytest.raises(Unfit) as refused:
        cedar_value(CedarSet(Scalar.LONG), [1, 2, "x"], undeclared=False)
    assert refused.value.place == (2,)


def test_types_in_cedars_schema_format() -> None:
    text = {"type": "EntityOrCommon", "name": "__cedar::String"}
    assert schema_of(Scalar.TEXT) == schema_of(Scalar.STRING) == text
    assert schema_of(CedarSet(Scalar.STRING)) == {"type": "Set", "element": text}
    record = CedarRecord({"a": Attribute(Scalar.STRING, required=False)})
    assert schema_of(record) == {
        "type": "Record",
        "attributes": {"a": {**text, "required": False}},
    }
