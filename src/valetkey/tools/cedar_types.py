"""The types of Cedar that a tool's arguments have, and how a JSON value becomes one of them.

Conversion is exact or refused: nothing is rounded, cut or defaulted. It does not know JSON Schema
(`mapping` chooses the types) and assumes no validation: a value of another type is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from valetkey.tools.definition import Json
from valetkey.tools.exact_json import canonical, number_text

MAX_LONG: Final = 2**63 - 1
DECIMAL_PLACES: Final = 4
_MAX_SCALED: Final = 2**63 - 1
"""A decimal of Cedar is a 64-bit integer of ten-thousandths."""


class Scalar(Enum):
    """`TEXT` is a String that holds the canonical JSON text of whatever the value is."""

    STRING = "String"
    LONG = "Long"
    BOOL = "Bool"
    DECIMAL = "decimal"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class CedarSet:
    """A set: the order of an array and how often it says the same are not in it."""

    element: "CedarType"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A member of a record."""

    type: "CedarType"
    required: bool


@dataclass(frozen=True, slots=True)
class CedarRecord:
    """A closed record: exactly these names."""

    attributes: Mapping[str, Attribute]


CedarType: TypeAlias = Scalar | CedarSet | CedarRecord


class Unfit(Exception):  # noqa: N818 - a way out of a recursion, caught in this room
    """A value that its Cedar type can't hold exactly: where, and a sentence without the value."""

    def __init__(self, place: tuple[str | int, ...], what: str) -> None:
        super().__init__(what)
        self.place = place
        self.what = what


def schema_of(type_: CedarType) -> dict[str, Any]:
    """Return the type in Cedar's JSON schema format."""
    if isinstance(type_, CedarRecord):
        return {
            "type": "Record",
            "attributes": {
                name: {**schema_of(each.type), "required": each.required}
                for name, each in type_.attributes.items()
            },
        }
    if isinstance(type_, CedarSet):
        return {"type": "Set", "element": schema_of(type_.element)}
    name = Scalar.STRING.value if type_ is Scalar.TEXT else type_.value
    return {"type": "EntityOrCommon", "name": f"__cedar::{name}"}


def cedar_value(
    type_: CedarType, value: Json, *, undeclared: bool, place: tuple[str | int, ...] = ()
) -> Any:
    """Return `value` as Cedar's JSON of `type_`.

    Members that are null are left out. Members of no attribute are left out where `undeclared`
    says so, else refused. Raises Unfit.
    """
    if isinstance(type_, CedarRecord):
        return _record(type_, value, undeclared=undeclared, place=place)
    if isinstance(type_, CedarSet):
        if not isinstance(value, list):
            raise Unfit(place, "is not an array")
        return [
            cedar_value(type_.element, each, undeclared=undeclared, place=(*place, index))
            for index, each in enumerate(value)
        ]
    return _scalar(type_, value, place)


def _record(
    record: CedarRecord, value: Json, *, undeclared: bool, place: tuple[str | int, ...]
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit(place, "is not an object")
    attributes = record.attributes
    seen = {}
    for name, member in value.items():
        attribute = attributes.get(name)
        if attribute is None:
            if not undeclared:
                raise Unfit((*place, name), "is not an argument that the tool declares")
        elif member is not None:
            seen[name] = cedar_value(
                attribute.type, member, undeclared=undeclared, place=(*place, name)
            )
    for name, attribute in attributes.items():
        if attribute.required and name not in seen:
            raise Unfit((*place, name), "is required")
    return seen


def _scalar(kind: Scalar, value: Json, place: tuple[str | int, ...]) -> Any:
    if kind is Scalar.TEXT:
        return canonical(value).decode()
    if kind is Scalar.STRING and isinstance(value, str):
        return value
    if kind is Scalar.BOOL and isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if kind is Scalar.LONG:
            return _long(value, place)
        if kind is Scalar.DECIMAL:
            return {"__extn": {"fn": "decimal", "arg": _decimal(value, place)}}
    raise Unfit(place, f"is of another type than {_IN_WORDS[kind]}")


def _long(value: float, place: tuple[str | int, ...]) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise Unfit(place, "is not an integer")
    if not -MAX_LONG <= value <= MAX_LONG:
        raise Unfit(place, "is beyond 64 bits")
    return int(value)


def _decimal(value: float, place: tuple[str | int, ...]) -> str:
    """Return the number with one to four decimals: the digits it is sent with, none changed."""
    text = number_text(value)
    whole, _, part = text.partition(".")
    if len(part) > DECIMAL_PLACES or "e" in text:
        raise Unfit(place, f"has more than {DECIMAL_PLACES} decimals")
    if abs(int(whole + part.ljust(DECIMAL_PLACES, "0"))) > _MAX_SCALED:
        raise Unfit(place, "is beyond ±922337203685477.5807")
    return f"{whole}.{part or '0'}"


_IN_WORDS: Final = {
    Scalar.STRING: "a string",
    Scalar.BOOL: "a boolean",
    Scalar.LONG: "an integer",
    Scalar.DECIMAL: "a number",
}
