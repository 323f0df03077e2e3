"""JSON from outside, read so that no two readers can understand it differently.

It does not know tokens or keys: callers turn `StrictJsonError` into their own codes.
"""

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

from valetkey.errors import ValetkeyError

JsonValue: TypeAlias = (
    "str | int | float | bool | tuple[JsonValue, ...] | Mapping[str, JsonValue] | None"
)

MAX_DEPTH = 16  # real claims nest 3 deep (Kubernetes); the parser recurses, so depth is attackable
MAX_INTEGER = 2**63 - 1  # beyond it other readers of the same token round or wrap

# possessive, and an open string runs to the end: linear in hostile text
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class StrictJsonError(ValetkeyError):
    """The bytes are not one JSON object that every reader understands alike."""


def parse_object(data: bytes) -> Mapping[str, JsonValue]:
    """Return the one JSON object that `data` is, deeply immutable: arrays are tuples.

    UTF-8 without a byte order mark; no member twice at any depth (RFC 8725 §2.4, RFC 8259 §4);
    numbers are finite and integers fit 64 bits; strings are whole Unicode (no lone surrogates);
    at most `MAX_DEPTH` levels. Raises StrictJsonError `json-duplicate-member` or `json-malformed`.
    """
    try:
        text = data.decode("utf-8")
        if text.count("{") + text.count("[") > MAX_DEPTH:  # else it can't be nested deeper
            _check_depth(text)
        value = _decode(text)
    except (ValueError, RecursionError) as error:
        raise _malformed("is not strict JSON") from error
    if not isinstance(value, MappingProxyType):
        raise _malformed("is not a JSON object")
    if "\\u" in text:  # UTF-8 itself has no lone surrogates: only an escape makes one
        _check_text(value)
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        depth += (mark in ("[", "{")) - (mark in ("]", "}"))
        if depth > MAX_DEPTH:
            raise _malformed("is nested too deep")


def _object(pairs: list[tuple[str, Any]]) -> Mapping[str, JsonValue]:
    members = {name: _frozen(v) if type(v) is list else v for name, v in pairs}
    if len(members) != len(pairs):
        raise StrictJsonError("json-duplicate-member", "a member appears twice in one object")
    return MappingProxyType(members)


def _frozen(items: list[Any]) -> tuple[JsonValue, ...]:
    """Return an array as a tuple; the objects in it are frozen already."""
    return tuple(_frozen(item) if type(item) is list else item for item in items)


def _integer(digits: str) -> int:
    value = int(digits)  # of more than 4,300 digits a ValueError: it would be quadratic
    if abs(value) > MAX_INTEGER:
        raise _malformed("has an integer beyond 64 bits")
    return value


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _malformed("has a number that is not finite")
    return value


def _constant(name: str) -> NoReturn:
    raise _malformed("has a number that is not finite")


def _check_text(value: JsonValue) -> None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise _malformed("has text that is not Unicode")
    elif isinstance(value, tuple):
        for item in value:
            _check_text(item)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            _check_text(name)
            _check_text(member)


def _malformed(what: str) -> StrictJsonError:
    return StrictJsonError("json-malformed", f"the text {what}")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_finite, parse_constant=_constant
).decode
