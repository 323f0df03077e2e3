"""The arguments of calls: what is decided is what is sent."""

import json
from typing import Any

import pytest

from tests.tools.written import mapped
from valetkey.tools.arguments import ArgumentFault, Arguments
from valetkey.tools.definition import Json
from valetkey.tools.exact_json import canonical, digest
from valetkey.tools.mapping import MAX_SEEN
from valetkey.tools.validation import MAX_BACKTRACKED

REFUND: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "note": {"type": ["string", "null"], "maxLength": 20},
        "tags": {"type": "array", "items": {"type": "string"}},
        "extra": {"type": "object"},
        "n": {"type": "object", "properties": {"x": {"type": "boolean"}}},
    },
    "required": ["amount"],
}
MEMBER = {"type": "object", "properties": {}}


def accepted(
    value: Json, schema: dict[str, Any] = REFUND, *, undeclared: bool = False
) -> Arguments:
    found = mapped(schema).check(value, undeclared=undeclared)
    assert isinstance(found, Arguments), found
    return found


def refused(
    value: Json, schema: dict[str, Any] = REFUND, *, undeclared: bool = False
) -> ArgumentFault:
    found = mapped(schema).check(value, undeclared=undeclared)
    assert isinstance(found, ArgumentFault), found
    return found


def test_the_text_that_is_decided_is_the_text_that_is_sent() -> None:
    found = accepted({"tags": ["b", "a"], "count": 2.0, "amount": 1e2, "extra": {"k": [None, 0.5]}})
    assert found.text == b'{"amount":100,"count":2,"extra":{"k":[null,0.5]},"tags":["b","a"]}'
    assert found.value == json.loads(found.text)
    assert found.digest == digest(found.value)
    assert json.loads(found.context) == {
        "amount": {"__extn": {"fn": "decimal", "arg": "100.0"}},
        "count": 2,
        "extra": '{"k":[null,0.5]}',
        "tags": ["b", "a"],
    }


def test_an_integer_written_with_a_point_is_an_integer() -> None:
    found = accepted({"amount": 1, "count": 1.0})
    assert found.text == b'{"amount":1,"count":1}'
    assert found.value["count"] == 1
    assert isinstance(found.value["count"], int)
    assert json.loads(found.context)["count"] == 1


def test_null_goes_upstream_and_is_not_there_for_policies() -> None:
    found = accepted({"amount": 1, "note": None})
    assert found.text == b'{"amount":1,"note":null}'
    assert "note" not in json.loads(found.context)


def test_what_is_accepted_is_no_longer_the_callers_object() -> None:
    value: dict[str, Json] = {"amount": 1, "tags": ["a"]}
    found = accepted(value)
    value["amount"] = 9
    assert found.value == {"amount": 1, "tags": ["a"]}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({}, "/amount"),
        ({"amount": "secret"}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"amount": 1, "note": "secret" * 9}, "/note"),
        ({"amount": 1, "tags": ["a", 7]}, "/tags/1"),
        ({"amount": 1, "n": {"x": "secret"}}, "/n/x"),
        ({"amount": 1, "amuont": 2}, "/amuont"),
        ({"amount": 1, "n": {"y": "secret"}}, "/n/y"),
        ({"amount": 1, "n": {"~/": "secret"}}, "/n/~0~1"),
        ({"amount": 1.00001}, "/amount"),
        ({"amount": 922337203685478}, "/amount"),
        (["secret"], ""),
        ("secret", ""),
        (None, ""),
        ({"amount": 2**53}, ""),
        ({"amount": float("nan")}, ""),
        ({"amount": 1, "note": "\ud800"}, ""),
    ],
)
def test_a_fault_names_the_place_and_never_the_value(value: Json, place: str) -> None:
    fault = refused(value)
    assert fault.place == place
    assert fault.what
    assert "secret" not in fault.what


@pytest.mark.parametrize(
    ("keyword", "rule", "value"),
    [
        ("enum", ["a", "b"], "secret"),
        ("const", "a", "secret"),
        ("pattern", "^a", "secret"),
        ("maxLength", 2, "secret"),
        ("not", {"const": "secret"}, "secret"),
        ("anyOf", [{"const": "x"}, {"maxLength": 1}], "secret"),
        ("oneOf", [{"minLength": 1}, {"maxLength": 10}], "secret"),
        ("minimum", 3, 2),
        ("multipleOf", 3, 7654321),
        ("uniqueItems", True, ["secret", "secret"]),
        ("contains", {"const": 1}, ["secret"]),
        ("maxProperties", 0, {"secret": 1}),
        ("propertyNames", {"maxLength": 1}, {"secret": 1}),
        ("dependentRequired", {"a": ["b"]}, {"a": "secret"}),
    ],
)
def test_every_keyword_of_the_schema_is_checked(keyword: str, rule: Json, value: Json) -> None:
    fault = refused({"v": value}, {"type": "object", "properties": {"v": {keyword: rule}}})
    assert fault.place.startswith("/v")
    assert "secret" not in fault.what
    assert "7654321" not in fault.what


def test_closed_objects_name_the_member_too_many() -> None:
    fault = refused({"amount": 1, "x\x1b[2J": 2}, {**REFUND, "additionalProperties": False})
    assert fault.place == "/x\\u001b[2J"
    closed = {"type": "object", "properties": {"v": {**MEMBER, "unevaluatedProperties": False}}}
    assert refused({"v": {"w": 1}}, closed).place == "/v/w"


def test_undeclared_arguments_pass_unseen_where_the_server_says_so() -> None:
    found = accepted({"amount": 1, "more": 2, "n": {"y": 3}}, undeclared=True)
    assert found.text == b'{"amount":1,"more":2,"n":{"y":3}}'
    context = json.loads(found.context)
    assert context.keys() == {"amount", "n"}
    assert context["n"] == {}


def test_a_closed_schema_stays_closed_where_undeclared_arguments_may_pass() -> None:
    schema = {**REFUND, "additionalProperties": False}
    assert refused({"amount": 1, "more": 2}, schema, undeclared=True).place == "/more"


def test_formats_are_annotations() -> None:
    schema = {"type": "object", "properties": {"v": {"type": "string", "format": "ipv4"}}}
    for dialect in (
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-07/schema#",
    ):
        accepted({"v": "not an address"}, {**schema, "$schema": dialect})


def test_a_pattern_that_backtracks_without_end_says_no() -> None:
    pattern = r"^(?=a)(a|aa)+$(?<!x)"
    schema = {"type": "object", "properties": {"v": {"type": "string", "pattern": pattern}}}
    accepted({"v": "aaa"}, schema)
    assert refused({"v": "a" * 5_000 + "b"}, schema).place == "/v"


def test_arguments_may_be_as_deep_as_a_message() -> None:
    value: Json = 1
    for _ in range(62):
        value = [value]
    schema = {"type": "object", "properties": {"v": {}}}
    found = accepted({"v": value}, schema)
    assert json.loads(found.context)["v"].encode() == canonical(value)
    assert refused({"v": [[value]]}, schema).place == ""


def test_long_arguments_never_meet_a_pattern_that_backtracks() -> None:
    pattern = {"type": "string", "pattern": "^(?!x)"}
    schema = {"type": "object", "properties": {"v": pattern, "w": {"type": "string"}}}
    accepted({"v": "a", "w": "b" * 1_000}, schema)
    assert "bytes" in refused({"v": "a", "w": "b" * MAX_BACKTRACKED}, schema).what


@pytest.mark.parametrize(
    ("items", "element", "weight"),
    [
        ({"type": "number"}, 1.5, 4),
        ({"type": "string"}, "x", 1),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1}, 2),
    ],
)
def test_policies_look_at_no_more_values_than_they_have_time_for(
    items: dict[str, Any], element: Json, weight: int
) -> None:
    schema = {"type": "object", "properties": {"v": {"type": "array", "items": items}}}
    most = (MAX_SEEN - 1) // weight
    accepted({"v": [element] * most}, schema)
    assert "more values" in refused({"v": [element] * (most + 1)}, schema).what


def test_what_policies_see_as_text_is_one_value() -> None:
    schema = {"type": "object", "properties": {"v": {"type": "array"}}}
    accepted({"v": [1.5] * (MAX_SEEN + 1)}, schema)
