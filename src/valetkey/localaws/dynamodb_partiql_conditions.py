"""Conditions of PartiQL statements: NOT binds first, then AND, then OR.

Standard: "PartiQL operators / functions for DynamoDB" (developer guide). A path stands on the
left and a value on the right, as in the examples there; anything else is refused.
"""

from valetkey.localaws.dynamodb_keys import invalid
from valetkey.localaws.dynamodb_partiql_reader import Reader
from valetkey.localaws.dynamodb_partiql_shapes import (
    All,
    AnyOf,
    AttributeValue,
    Between,
    Called,
    Comparison,
    Condition,
    Missing,
    Not,
    Within,
)
from valetkey.localaws.dynamodb_partiql_words import Kind, unreadable

_SIGNS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FUNCTIONS = frozenset({"begins_with", "contains", "attribute_type"})
_TYPES = frozenset({"S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"})
_MAX_LIST = 100  # values of one IN: the guide's limit


def read_condition(reader: Reader) -> Condition:
    """Return the condition that comes next. Raises AwsError ValidationException if none does."""
    parts = [_conjunction(reader)]
    while reader.took("OR"):
        parts.append(_conjunction(reader))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _conjunction(reader: Reader) -> Condition:
    parts = [_term(reader)]
    while reader.took("AND"):
        parts.append(_term(reader))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _term(reader: Reader) -> Condition:
    reader.deeper(1)
    found: Condition
    if reader.took("NOT"):
        found = Not(_term(reader))
    elif reader.took_sign("("):
        found = read_condition(reader)
        reader.expect_sign(")")
    elif reader.calls:
        found = _call(reader)
    else:
        found = _predicate(reader)
    reader.deeper(-1)
    return found


def _predicate(reader: Reader) -> Condition:
    path = reader.path()
    word = reader.take()
    if word.kind is Kind.SIGN and word.text in _SIGNS:
        return Comparison(path, _SIGNS[word.text], reader.value())
    if word.is_keyword("BETWEEN"):
        low = reader.value()
        reader.expect("AND")
        return Between(path, low, reader.value())
    if word.is_keyword("IN"):
        return Within(path, _list(reader))
    if word.is_keyword("IS"):
        missing = not reader.took("NOT")
        reader.expect("MISSING")
        return Missing(path, missing)
    raise unreadable(word)


def _call(reader: Reader) -> Called:
    word = reader.take()
    function = word.text.lower()
    if function not in _FUNCTIONS:
        raise unreadable(word)
    reader.expect_sign("(")
    path = reader.path()
    reader.expect_sign(",")
    value = reader.value()
    reader.expect_sign(")")
    kind, content = next(iter(value.items()))
    if function == "begins_with" and kind not in {"S", "B"}:
        raise invalid(f"Incorrect operand type for {function}")
    if function == "attribute_type" and (kind != "S" or content not in _TYPES):
        raise invalid(f"Incorrect operand type for {function}")
    return Called(function, path, value)


def _list(reader: Reader) -> tuple[AttributeValue, ...]:
    opening = reader.take()
    if not opening.is_sign("[", "("):
        raise unreadable(opening)
    found = [reader.value()]
    while reader.took_sign(","):
        found.append(reader.value())
    reader.expect_sign("]" if opening.text == "[" else ")")
    if len(found) > _MAX_LIST:
        raise invalid(f"IN has more than {_MAX_LIST} values")
    return tuple(found)
