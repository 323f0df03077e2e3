"""Keys of items: exactly the table's schema, in one canonical form, and what they lead with.

The canonical key goes to the decision and to the storage alike.
"""

import base64
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from valetkey.localaws.faults import AwsError

_NUMBER = re.compile(r"[+-]?([0-9]{1,60}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][+-]?[0-9]{1,3})?")
_TYPES = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"})
MAX_DEPTH = 32  # AWS: nested attributes up to 32 levels


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table's name, its key attributes (hash first) and the types of all defined ones."""

    name: str
    keys: tuple[str, ...]
    types: dict[str, str]

    @property
    def hash_key(self) -> str:
        """The partition key's attribute."""
        return self.keys[0]


def canonical_key(key: dict[str, Any], schema: TableSchema) -> dict[str, Any]:
    """Return `key` with exactly the schema's attributes, canonical.

    Raises AwsError ValidationException for missing, other or wrongly typed attributes.
    """
    if set(key) != set(schema.keys):
        raise invalid("The provided key element does not match the schema")
    return {name: canonical_attribute(name, key[name], schema) for name in schema.keys}


def canonical_item(item: dict[str, Any], schema: TableSchema) -> dict[str, Any]:
    """Return `item` with its key attributes canonical and every attribute well formed."""
    for name in schema.keys:
        if name not in item:
            raise invalid(f"One or more parameter values were invalid: Missing the key {name}")
    for value in item.values():
        check_value(value)
    found = {name: canonical_attribute(name, item[name], schema) for name in schema.keys}
    return {**item, **found}


def canonical_attribute(name: str, value: Any, schema: TableSchema) -> dict[str, str]:
    """Return one key attribute's value in its canonical form."""
    check_value(value)
    kind, content = next(iter(value.items()))
    if schema.types.get(name) != kind:
        raise invalid(f"One or more parameter values were invalid: Type mismatch for key {name}")
    return {kind: _canonical(kind, content)}


def leading_value(value: dict[str, str]) -> str:
    """Return a canonical key attribute's text, as `dynamodb:LeadingKeys` has it."""
    return next(iter(value.values()))


def check_value(value: Any, depth: int = 0) -> None:
    """Return if `value` is one attribute value of one type, at every depth."""
    if not isinstance(value, dict) or len(value) != 1 or depth > MAX_DEPTH:
        raise invalid("Supplied AttributeValue must contain exactly one of the supported datatypes")
    kind, content = next(iter(value.items()))
    if kind not in _TYPES:
        raise invalid("Supplied AttributeValue is of an unknown datatype")
    if kind == "N":
        _canonical(kind, content)
    if kind == "L":
        for member in content:
            check_value(member, depth + 1)
    if kind == "M":
        for member in content.values():
            check_value(member, depth + 1)


def _canonical(kind: str, content: Any) -> str:
    if kind == "N":
        return _canonical_number(content)
    if kind == "B":
        try:
            return base64.b64encode(base64.b64decode(content, validate=True)).decode()
        except (ValueError, TypeError) as error:
            raise invalid("A binary value must be base64") from error
    if kind != "S" or not isinstance(content, str):
        raise invalid("A key attribute must be a string, a number or binary")
    return content


def _canonical_number(content: Any) -> str:
    if not isinstance(content, str) or not _NUMBER.fullmatch(content):
        raise invalid("A value provided cannot be converted into a number")
    number = Decimal(content)
    if not number:
        return "0"
    digits = number.as_tuple().digits
    significant = "".join(map(str, digits)).strip("0")
    if len(significant) > 38 or not -130 <= number.adjusted() <= 125:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def invalid(message: str) -> AwsError:
    """Return DynamoDB's ValidationException."""
    return AwsError("ValidationException", message)
