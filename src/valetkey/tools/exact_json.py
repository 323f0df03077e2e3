"""JSON of messages and calls, read and written so that no two readers can take it differently.

`identity.strictjson` reads claims: objects alone, frozen and shallow. Here anything of JSON is
read, as plain values, and written back in the one canonical form (RFC 8785) whose bytes are
decided, recorded and sent. It does not know MCP or tools.
"""

import hashlib
import json
import math
from typing import Any, Final, NoReturn

import msgspec

from valetkey.tools.definition import Json
from valetkey.tools.errors import ToolsError

MAX_MESSAGE: Final = 4 * 1024 * 1024
"""Bytes of one message: arguments hold whole files, not archives."""
MAX_DEPTH: Final = 64
"""Arrays and objects within each other: AgentCore's own limit; readers recurse."""
MAX_VALUES: Final = 50_000
"""Members and elements of one message: checking each costs microseconds while others wait."""
MAX_NUMBER: Final = 2**53 - 1
"""RFC 7493 §2.2: beyond it readers that use doubles no longer agree on the value."""

# Bytes of U+10000 and above begin with 0xF0 to 0xF4 in UTF-8, and those bytes stand nowhere else.
_BEYOND_BASIC_PLANE: Final = bytes(range(0xF0, 0xF5))
# Sorted by code points; text as RFC 8785 §3.2.2.2 writes it.
_encode = msgspec.json.Encoder(order="deterministic").encode


def read_exact(raw: bytes, *, most: int = MAX_MESSAGE) -> Json:
    """Return the one JSON value that `raw` is.

    UTF-8 without a byte order mark; no member twice at any depth; strings are whole Unicode;
    numbers are finite and within ±(2⁵³-1); at most MAX_DEPTH levels and MAX_VALUES values. Raises
    ToolsError `json-too-large`, `json-malformed`, `json-duplicate-member`, `json-number`,
    `json-text` or `json-too-deep`; no message repeats what was read.
    """
    # Each but the outermost stands after one of these; text has them too, so it is counted then.
    marks = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    if len(raw) <= most and marks > MAX_VALUES and _is_surely_more(raw):
        raise _too_many()
    value = _read(raw, _decode, most=most, depth=MAX_DEPTH)
    if marks > MAX_VALUES and has_more_values(value, MAX_VALUES):
        raise _too_many()
    return value


def read_definitions(raw: bytes, *, most: int = MAX_MESSAGE, depth: int = MAX_DEPTH) -> Json:
    """Return the JSON value of `raw`, as `read_exact` but with integers of any size.

    For what describes tools and is never decided on: a schema may say `maximum: 2⁶³-1`.
    """
    return _read(raw, _decode_wide, most=most, depth=depth)


def has_more_values(value: Json, most: int) -> bool:
    """Say whether there are more than `most` members and elements in `value`, at all depths."""
    count = 0
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, (dict, list)):
            count += len(each)
            if count > most:
                return True
            waiting.extend(each.values() if isinstance(each, dict) else each)
    return False


def canonical(value: Json) -> bytes:
    """Return the RFC 8785 bytes of `value`: no white space, members by UTF-16 code units.

    Numbers are spelled as ECMAScript does: 5.0 is `5`, 1e21 would be `1e+21`, -0.0 is `0`. Raises
    ToolsError `json-number` beyond ±(2⁵³-1), for NaN and infinity, `json-text` for a lone
    surrogate, `json-too-deep` beyond MAX_DEPTH.
    """
    shown = _spelled(value, MAX_DEPTH)
    try:
        encoded = _encode(shown)
    except UnicodeEncodeError as error:
        raise _not_text() from error
    if not encoded.isascii() and any(byte in encoded for byte in _BEYOND_BASIC_PLANE):
        # Only beyond the basic plane does the order of code points differ from that of UTF-16.
        return _encode_by_utf16(shown)
    return encoded


def digest(value: Json) -> str:
    """Return the SHA-256 of the canonical bytes of `value`, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def number_text(number: float) -> str:
    """Return `number` as ECMAScript's Number::toString writes it (ECMA-262 §6.1.6.1.20).

    Raises ToolsError `json-number` for what `canonical` refuses.
    """
    if not -MAX_NUMBER <= number <= MAX_NUMBER:  # NaN is in no range
        raise _bad_number()
    if number == int(number):
        return str(int(number))  # -0.0 too is "0"
    text = repr(number)  # the shortest digits that read back, as ECMAScript's
    if "e-" not in text:
        return text
    digits, _, places = text.partition("e-")
    if int(places) > 6:
        return f"{digits}e-{int(places)}"
    sign = "-" if digits.startswith("-") else ""  # from 1e-6 on ECMAScript writes the zeros
    return f"{sign}0.{'0' * (int(places) - 1)}{digits.lstrip('-').replace('.', '')}"


def _read(raw: bytes, decode: Any, *, most: int, depth: int) -> Json:
    if len(raw) > most:
        raise ToolsError("json-too-large", f"the JSON text is longer than {most} bytes")
    try:
        text = raw.decode("utf-8")
        value: Json = decode(text)
    except RecursionError as error:
        raise _too_deep(depth) from error
    except ValueError as error:
        raise ToolsError("json-malformed", "the text is not JSON in UTF-8") from error
    if raw.count(b"{") + raw.count(b"[") > depth and _is_deeper(value, depth):
        raise _too_deep(depth)
    if b"\\u" in raw:  # UTF-8 itself has no lone surrogates: only an escape makes one
        _check_text(value)
    return value


def _is_surely_more(raw: bytes) -> bool:
    """Say whether `raw` has more than MAX_VALUES values, or is no JSON, before that costs anything.

    Building what is thrown away afterwards takes a hundred times as long, and others wait.
    """
    bare = raw.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in raw else raw
    if bare.count(b'"') > 4 * MAX_VALUES + 2:  # a name and a text of each, and the outermost
        return True
    outside = b"".join(bare.split(b'"')[::2])
    separated, opened = outside.count(b","), outside.count(b"[") + outside.count(b"{")
    return separated >= MAX_VALUES or opened > MAX_VALUES + 1


def _is_deeper(value: Json, depth: int) -> bool:
    level: list[Any] = [value]
    for _ in range(depth + 1):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        if not inner and not any(isinstance(each, (dict, list)) for each in level):
            return False
        level = inner
    return True


def _check_text(value: Json) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _not_text() from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ToolsError("json-duplicate-member", "a member appears twice in one object")
    return members


def _integer(digits: str) -> int:
    if len(digits) > 17:  # Python's own limit of digits is far, and quadratic until there
        raise _bad_number()
    value = int(digits)
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise _bad_number()
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise _bad_number()
    return value


def _wide_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _bad_number()
    return value


def _constant(_name: str) -> NoReturn:
    raise _bad_number()


def _spelled(value: Any, depth: int) -> Any:
    """Return `value` with its floats spelled out; the rest unchanged."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        if not -MAX_NUMBER <= value <= MAX_NUMBER:
            raise _bad_number()
        return value
    if kind is float:
        return msgspec.Raw(number_text(value).encode())
    if depth == 0:
        raise _too_deep(MAX_DEPTH)
    if kind is dict:
        return {name: _spelled(member, depth - 1) for name, member in value.items()}
    if kind is list:
        return [_spelled(member, depth - 1) for member in value]
    raise TypeError(f"`{kind.__name__}` is not a type of JSON")


def _encode_by_utf16(value: Any) -> bytes:
    """Encode with member names in the order of UTF-16 code units (RFC 8785 §3.2.3)."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        members = (_encode(name) + b":" + _encode_by_utf16(value[name]) for name in names)
        return b"{" + b",".join(members) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(_encode_by_utf16, value)) + b"]"
    return _encode(value)


def _too_many() -> ToolsError:
    return ToolsError("json-too-large", f"the JSON has more than {MAX_VALUES} values")


def _bad_number() -> ToolsError:
    return ToolsError("json-number", "a number is not finite or beyond 2**53 - 1")


def _not_text() -> ToolsError:
    return ToolsError("json-text", "a string holds a lone surrogate")


def _too_deep(depth: int) -> ToolsError:
    return ToolsError("json-too-deep", f"the JSON is nested deeper than {depth}")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
).decode
_decode_wide = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_wide_float, parse_constant=_constant
).decode
