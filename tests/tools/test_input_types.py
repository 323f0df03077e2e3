"""The rules from JSON Schema to Cedar, a row each."""

from typing import Any

import pytest

from tests.tools.written import mapped, written
from valetkey.tools.input_types import MAX_NESTING

S: dict[str, Any] = {"type": "string"}
I: dict[str, Any] = {"type": "integer"}  # noqa: E741
N: dict[str, Any] = {"type": "number"}
B: dict[str, Any] = {"type": "boolean"}
NULL: dict[str, Any] = {"type": "null"}
OBJ: dict[str, Any] = {"type": "object", "properties": {"x": I}, "required": ["x"]}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


SCALARS = [
    (S, "String"),
    ({**S, "format": "date-time"}, "String"),
    ({**S, "format": "ipv4"}, "String"),
    ({**S, "pattern": "^a", "maxLength": 3}, "String"),
    (I, "Long"),
    ({**I, "format": "int32", "minimum": 0}, "Long"),
    (N, "decimal"),
    ({"type": ["integer", "number"]}, "decimal"),
    ({"anyOf": [I, N]}, "decimal"),
    (B, "Bool"),
    ({**S, "enum": ["a", "b"]}, "String"),
    ({"enum": ["a", "b"]}, "String"),
    ({"enum": [1, 2]}, "Long"),
    ({"enum": [1, 2.5]}, "decimal"),
    ({"enum": [0.5]}, "decimal"),
    ({**N, "enum": [1, 2]}, "decimal"),
    ({"enum": [True, False]}, "Bool"),
    ({"enum": ["a", 1]}, "text"),
    ({"const": "a"}, "String"),
    ({"const": 1}, "Long"),
    ({"const": 1.0}, "Long"),
    ({"const": True}, "Bool"),
    ({"anyOf": [{**S, "minLength": 3}, {"enum": ["", "a"]}]}, "String"),
    ({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]}, "String"),
    ({**S, "anyOf": [{"minLength": 1}, {"pattern": "x"}]}, "String"),
    ({"allOf": [S, {"maxLength": 3}]}, "String"),
    ({"allOf": [{"anyOf": [S, I]}, S]}, "String"),
    ({"type": ["string", "integer"], "allOf": [I]}, "Long"),
]
TEXT = [
    {},
    True,
    {"description": "anything"},
    {"minLength": 2},
    NULL,
    {"const": None},
    {"type": ["string", "integer"]},
    {"type": ["string", "array"], "items": S},
    {"anyOf": [S, OBJ]},
    {"anyOf": [S, {}]},
    {"oneOf": [S, I, NULL]},
    {"type": "object"},
    {"type": "object", "additionalProperties": True},
    {"type": "object", "additionalProperties": S},
    {"type": "object", "properties": {"a": S}, "additionalProperties": I},
    {"type": "object", "properties": {"a": S}, "unevaluatedProperties": I},
    {"type": "object", "properties": {"a": S}, "patternProperties": {"^x": S}},
    {"type": "object", "properties": {"__entity": S}},
    {"type": "object", "properties": {"__extn": S, "a": S}},
    {"type": "object", "properties": {"__expr": S}},
    {"anyOf": [OBJ, {"type": "object"}]},
    {"type": "array"},
    array({}),
    array(True),
    array({"type": "object"}),
    array({"anyOf": [S, I]}),
    array({"type": ["string", "null"]}),
    {"type": "array", "prefixItems": [S, I], "items": False},
    {"type": "array", "prefixItems": [S], "items": S},
    {"anyOf": [array(S), array(I)]},
    {"anyOf": [array(S), {"type": "array"}]},
    {"anyOf": [S, array(S)]},
    {"$ref": "#/properties/v"},
    {"anyOf": [{"$ref": "#/properties/v"}, {"type": "integer", "maximum": 3}]},
    {"$dynamicRef": "#"},
]
RECORDS = [
    (OBJ, "{x: Long}"),
    ({**OBJ, "additionalProperties": True}, "{x: Long}"),
    ({**OBJ, "additionalProperties": {}}, "{x: Long}"),
    ({**OBJ, "additionalProperties": False}, "{x: Long}"),
    ({"properties": {"x": I}}, "{x?: Long}"),
    ({"type": "object", "properties": {}, "additionalProperties": False}, "{}"),
    ({"type": "object", "required": ["y"], "properties": {"x": S}}, "{x?: String, y?: text}"),
    ({"allOf": [OBJ, {"properties": {"y": S}, "required": ["y"]}]}, "{x: Long, y: String}"),
    ({**OBJ, "allOf": [{"properties": {"x": {"minimum": 3}}}]}, "{x: Long}"),
    ({"anyOf": [OBJ, {"type": "object", "properties": {"y": S}}]}, "{x?: Long, y?: String}"),
    ({"anyOf": [OBJ, {"type": "object", "properties": {"x": S}}]}, "{x?: text}"),
    ({"anyOf": [OBJ, {**OBJ, "properties": {"x": N}}]}, "{x: decimal}"),
    ({**OBJ, "anyOf": [{"required": ["x"]}, {"maxProperties": 0}]}, "{x: Long}"),
    (
        {
            "type": "object",
            "oneOf": [
                {"properties": {"k": {"const": "a"}, "a": S}, "required": ["k", "a"]},
                {"properties": {"k": {"const": "b"}}, "required": ["k"]},
            ],
        },
        "{k: String, a?: String}",
    ),
    (
        {
            **OBJ,
            "if": {"properties": {"x": {"const": 1}}},
            "then": {"properties": {"y": S}, "required": ["y"]},
            "else": {"properties": {"z": B}},
            "dependentSchemas": {"x": {"properties": {"w": N}}},
        },
        "{y?: String, z?: Bool, w?: decimal, x: Long}",
    ),
    ({**OBJ, "then": {"properties": {"y": S}, "required": ["y"]}}, "{y?: String, x: Long}"),
    (
        {**OBJ, "dependencies": {"x": {"properties": {"w": N}}, "v": ["x"]}},
        "{w?: decimal, x: Long}",
    ),
    ({"$ref": "#/$defs/a~1b%7E0c"}, "String"),
    ({"type": ["object", "null"], "properties": {"x": I}}, "{x?: Long}"),
    (array(S), "Set<String>"),
    ({"items": S}, "Set<String>"),
    (array(array(N)), "Set<Set<decimal>>"),
    (array(OBJ), "Set<{x: Long}>"),
    ({"anyOf": [array(S), {**array(S), "maxItems": 1}]}, "Set<String>"),
    ({**array(S), "anyOf": [{"minItems": 1}, {"maxItems": 3}]}, "Set<String>"),
    ({"$ref": "#/$defs/Place"}, "{lat: decimal}"),
    ({"$ref": "#/$defs/Place", "description": "where"}, "{lat: decimal}"),
    ({"$ref": "#/$defs/a~1b~0c"}, "String"),
    ({"$ref": "#/$defs/Many/anyOf/1"}, "Bool"),
    ({"$ref": "#/$defs/Tree"}, "{name: String, children?: text}"),
]
DEFINITIONS: dict[str, Any] = {
    "Place": {"type": "object", "properties": {"lat": N}, "required": ["lat"]},
    "a/b~c": S,
    "Many": {"anyOf": [S, B]},
    "Tree": {
        "type": "object",
        "properties": {"name": S, "children": array({"$ref": "#/$defs/Tree"})},
        "required": ["name"],
    },
}


def of(schema: Any, *, required: bool = False, **more: Any) -> str:
    """Return the type of an argument `v` of this schema."""
    whole = {
        "type": "object",
        "properties": {"v": schema},
        "required": ["v"] if required else [],
        "$defs": DEFINITIONS,
        **more,
    }
    return written(mapped(whole).input)


@pytest.mark.parametrize(("schema", "type_"), [*SCALARS, *RECORDS])
def test_an_argument_has_the_type_of_its_schema(schema: Any, type_: str) -> None:
    assert of(schema) == f"{{v?: {type_}}}"


@pytest.mark.parametrize("schema", TEXT)
def test_what_has_no_type_in_cedar_is_its_json_text(schema: Any) -> None:
    assert of(schema) == "{v?: text}"


@pytest.mark.parametrize(("schema", "type_"), SCALARS)
def test_null_beside_a_type_makes_an_argument_optional(schema: Any, type_: str) -> None:
    assert of(schema, required=True) == f"{{v: {type_}}}"
    assert of({"anyOf": [schema, NULL]}, required=True) == f"{{v?: {type_}}}"
    assert of({"oneOf": [NULL, schema]}, required=True) == f"{{v?: {type_}}}"


def test_null_in_a_list_of_types_or_values_makes_an_argument_optional() -> None:
    assert of({"type": ["string", "null"]}, required=True) == "{v?: String}"
    assert of({**S, "enum": ["a", None]}, required=True) == "{v: String}"
    assert of({"enum": ["a", None]}, required=True) == "{v?: String}"
    assert of({"type": ["string", "null"], "enum": ["a"]}, required=True) == "{v: String}"


@pytest.mark.parametrize(
    "name", ["a-b", "a.b", "a/b c", 'q"q', "in", "if", "true", "", "ü", "\0", "__cedar", "type"]
)
def test_any_name_is_an_attribute(name: str) -> None:
    tool = mapped({"type": "object", "properties": {name: S}, "required": [name]})
    assert list(tool.input.attributes) == [name]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {},
        {"type": "object", "additionalProperties": S},
        {"type": "object", "patternProperties": {"^x": S}},
        {"type": "object", "properties": {}},
    ],
)
def test_arguments_are_a_record_even_where_nothing_is_declared(schema: Any) -> None:
    assert written(mapped(schema).input) == "{}"


def test_arguments_of_alternatives_are_a_record_of_all() -> None:
    schema = {
        "type": "object",
        "anyOf": [{"properties": {"id": I}, "required": ["id"]}, {"properties": {"name": S}}],
    }
    assert written(mapped(schema).input) == "{id?: Long, name?: String}"


def test_an_older_dialect_is_read_by_its_own_rules() -> None:
    draft = "http://json-schema.org/draft-07/schema#"
    schema = {
        "$schema": draft,
        "type": "object",
        "definitions": {"P": {"type": "integer"}},
        "properties": {
            "a": {"$ref": "#/definitions/P"},
            "t": {"type": "array", "items": [S, I]},
            "odd": {"type": "object", "properties": {"x": S}, "dependentSchemas": 5},
        },
    }
    assert written(mapped(schema).input) == "{a?: Long, t?: text, odd?: {x?: String}}"


def test_records_nested_beyond_what_cedar_reads_are_text() -> None:
    schema: dict[str, Any] = I
    for _ in range(MAX_NESTING + 3):
        schema = {"type": "object", "properties": {"d": schema}}
    type_ = written(mapped(schema).input)
    assert type_.count("{") == MAX_NESTING + 1
    assert "text" in type_
