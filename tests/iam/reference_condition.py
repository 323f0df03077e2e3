"""The reference's conditions: IAM User Guide, "Condition operators" and "Set operators"."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any

from tests.iam.reference_text import Keys, Token, glob, normalised, tokens, utf16

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda got, limit: bool(got == limit),
    "NotEquals": lambda got, limit: bool(got == limit),
    "LessThan": lambda got, limit: bool(got < limit),
    "LessThanEquals": lambda got, limit: bool(got <= limit),
    "GreaterThan": lambda got, limit: bool(got > limit),
    "GreaterThanEquals": lambda got, limit: bool(got >= limit),
}

STEMS = [
    "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
    "StringLike", "StringNotLike", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress",
    "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike",
    *(kind + suffix for kind in ("Numeric", "Date") for suffix in COMPARE),
]  # fmt: skip
OPERATORS = [
    prefix + stem + suffix
    for prefix in ("", "ForAllValues:", "ForAnyValue:")
    for stem in STEMS
    for suffix in ("", "IfExists")
]
SPELLED = {operator.lower(): operator for operator in (*OPERATORS, "Null")}


def holds(block: Mapping[str, Any], keys: Keys, *, variables: bool) -> bool:
    """Operators, and keys under one operator, are an and."""
    return all(
        line_holds(SPELLED[operator.lower()], key.lower(), wanted, keys, variables=variables)
        for operator, lines in block.items()
        for key, wanted in lines.items()
    )


def as_text(value: Any) -> str:
    """JSON booleans are `true` and `false`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def line_holds(operator: str, key: str, wanted: Any, keys: Keys, *, variables: bool) -> bool:
    texts = [as_text(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    value = None if keys.get(key) == [] else keys.get(key)
    if operator == "Null":
        absent = "true" if value is None else "false"
        return absent in [text.lower() for text in texts]
    prefix, colon, rest = operator.partition(":")
    if not colon:
        prefix, rest = "", operator
    if_exists = rest.endswith("IfExists")
    name = rest.removesuffix("IfExists")
    negated = "Not" in name

    def satisfied(one: Any) -> bool:
        hit = any(compare(name, as_text(one), text, keys, variables=variables) for text in texts)
        return hit != negated

    if value is None:
        return if_exists or prefix == "ForAllValues" or (negated and not prefix)
    if not prefix:
        return not isinstance(value, list) and satisfied(value)
    members = value if isinstance(value, list) else [value]
    quantified = all if prefix == "ForAllValues" else any
    return quantified([satisfied(one) for one in members])


def compare(name: str, got: str, wanted: str, keys: Keys, *, variables: bool) -> bool:
    """Does one value match one of the policy's? Negation is the caller's business."""
    if name.startswith("Arn"):
        return arn_matches(tokens(wanted, keys, variables=variables), got)
    if name.startswith("String"):
        found = tokens(wanted, keys, variables=variables, wildcards=name.endswith("Like"))
        if found is None:
            return False
        if name.endswith("IgnoreCase"):
            return same_ignoring(found, got)
        return glob(found, utf16(got))
    if name.startswith(("Numeric", "Date")):
        read = number if name.startswith("Numeric") else instant
        left, right = read(got), read(wanted)
        suffix = name.removeprefix("Numeric").removeprefix("Date")
        return left is not None and right is not None and COMPARE[suffix](left, right)
    if name == "Bool":
        return got.lower() in ("true", "false") and got.lower() == wanted.lower()
    if name == "BinaryEquals":
        return octets(got) is not None and octets(got) == octets(wanted)
    return in_range(got, wanted)


def same_ignoring(found: list[Token], got: str) -> bool:
    units = ["003a" if unit == ":" else unit for _, unit in found if unit]
    text = bytes.fromhex("".join(units)).decode("utf-16-be", "surrogatepass")
    return text.lower() == got.lower()


def arn_matches(pattern: list[Token] | None, got: str) -> bool:
    """Each of six parts on its own; a star alone is any ARN."""
    parts = got.split(":", 5)
    if pattern is None or len(parts) != 6 or parts[0] != "arn":
        return False
    if normalised(pattern) == [("star", "")]:
        return True
    wanted: list[list[Token]] = [[]]
    for kind, unit in pattern:
        if unit == ":" and len(wanted) < 6:
            wanted.append([])
        else:
            wanted[-1].append((kind, unit))
    return len(wanted) == 6 and all(
        glob(part, utf16(text)) for part, text in zip(wanted, parts, strict=True)
    )


def number(text: str) -> Decimal | None:
    if not text or text.strip("0123456789+-.eE") or not any(one.isdigit() for one in text):
        return None
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def instant(text: str) -> float | None:
    if text.isdigit() and len(text) > 4:
        return float(text) if len(text) <= 12 else None  # no clock has ever said so many seconds
    try:
        moment = datetime.fromisoformat(f"{text}-01-01" if len(text) == 4 else text)
    except ValueError:
        return None
    if moment.tzinfo is None and "T" in text:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def octets(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def in_range(got: str, wanted: str) -> bool:
    try:
        return ip_address(got) in ip_network(wanted, strict=False)
    except ValueError:
        return False
