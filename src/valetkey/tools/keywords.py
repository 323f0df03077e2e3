"""What the keywords of one JSON Schema say about the type of its values. It follows no reference.

Keywords that a dialect does not know are not validated: anything may stand there.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

INTEGER: Final = frozenset({"integer"})
NUMBER: Final = frozenset({"integer", "fraction"})
BRANCHES: Final = ("anyOf", "oneOf")
_CONDITIONS: Final = ("then", "else")
_DEPENDENT: Final = ("dependentSchemas", "dependencies")
_KINDS: Final[Mapping[type, str]] = {
    bool: "boolean",
    int: "integer",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def own_kinds(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the JSON types of `type`, `enum` and `const`, None for all; a number is two."""
    kinds: frozenset[str] | None = None
    type_ = schema.get("type")
    if type_ is not None:
        names = [type_] if isinstance(type_, str) else list_of(type_)
        kinds = frozenset().union(*(NUMBER if n == "number" else {n} for n in names))
    if "enum" in schema or "const" in schema:
        values = list_of(schema["enum"]) if "enum" in schema else [schema["const"]]
        listed = frozenset(_kind(value) for value in values)
        if kinds is None:
            return listed
        # a number stays a number though it lists integers alone
        kinds &= listed | ({"fraction"} if "integer" in listed else frozenset())
    return kinds


def _kind(value: Any) -> str:
    if isinstance(value, float):
        return "integer" if value.is_integer() else "fraction"
    return _KINDS[type(value)]


def kinds_by_keywords(schemas: list[Mapping[str, Any]]) -> frozenset[str]:
    """Return what a schema without `type` is about, where its keywords say it."""
    if any("properties" in each for each in schemas):
        return frozenset({"object"})
    if any("items" in each for each in schemas):
        return frozenset({"array"})
    return frozenset()


def conditional(schema: Mapping[str, Any]) -> Iterator[tuple[list[Any], bool]]:
    """Return groups of schemas that may apply, and whether one of the group always does."""
    for keyword in BRANCHES:
        if keyword in schema:
            yield list_of(schema[keyword]), True
    yield [schema[keyword] for keyword in _CONDITIONS if keyword in schema], False
    for keyword in _DEPENDENT:
        yield list(map_of(schema.get(keyword)).values()), False


def names_by_rule(schema: Mapping[str, Any]) -> bool:
    """Say whether the object is a map: its names follow a rule instead of a list."""
    rules = (schema.get("additionalProperties"), schema.get("unevaluatedProperties"))
    return bool(schema.get("patternProperties")) or any(
        isinstance(rule, Mapping) and rule for rule in rules
    )


def is_closed(schemas: list[Mapping[str, Any]]) -> bool:
    """Say whether an object may have no other members than the declared."""
    return any(
        each.get(keyword) is False
        for each in schemas
        for keyword in ("additionalProperties", "unevaluatedProperties")
    )


def required_names(schemas: list[Mapping[str, Any]]) -> set[str]:
    """Return the members that an object must have."""
    return {name for each in schemas for name in list_of(each.get("required"))}


def list_of(value: Any) -> list[Any]:
    """Return the array that `value` is, an empty one for anything else."""
    return value if isinstance(value, list) else []


def map_of(value: Any) -> Mapping[str, Any]:
    """Return the object that `value` is, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
