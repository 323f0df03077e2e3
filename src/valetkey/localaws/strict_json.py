"""JSON bodies with one reading only: no duplicate members, no NaN, no lone surrogates."""

import json
from typing import Any, NoReturn

from valetkey.localaws.faults import AwsError


def read_value(body: bytes) -> Any:
    """Return the JSON value that `body` is. Raises AwsError SerializationException otherwise."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", "The body is not strict JSON.") from error
    return value


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object that `body` is. Raises AwsError SerializationException otherwise."""
    value = read_value(body)
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "The body is not a JSON object.")
    return value


def write_json(value: dict[str, Any]) -> bytes:
    """Return `value` as JSON that cannot be taken for a form: no `&`, `=` or `;` in it."""
    text = json.dumps(value, separators=(",", ":"))
    for sign in "&=;":  # in JSON they stand in strings only
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode("ascii")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member comes twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
