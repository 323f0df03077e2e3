"""The condition operators: how one value of a request is compared with a policy's values.

IAM User Guide, "IAM JSON policy elements: Condition operators". A comparison says whether the
value matches *any* of the policy's; negation, absence and sets are `condition.py`'s.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from operator import ge, gt, le, lt

from valetkey.iam.arn_pattern import compile_arn_pattern
from valetkey.iam.document import quoted
from valetkey.iam.errors import PolicyError
from valetkey.iam.glob import units
from valetkey.iam.instants import parse_instant
from valetkey.iam.matching import Matches, any_of
from valetkey.iam.template import Template, compile_text, matches_any_of
from valetkey.iam.variables import Keys
from valetkey.iam.work import (
    NETWORK_TRY,
    READ,
    Work,
    added,
    work_of,
    work_of_arns,
    work_of_equals,
)

NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?\Z"
)
NETWORK = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?\Z")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Does a request's value match one of the policy's? `wanted` shows those to a person."""

    matches: Matches
    wanted: tuple[Template, ...]
    work: Work


@dataclass(frozen=True, slots=True)
class Values:
    """A policy's values for one key: their JSON path, and whether variables are read."""

    texts: tuple[str, ...]
    path: str
    variables: bool

    def templates(self, *, wildcards: bool) -> tuple[Template, ...]:
        """Return each value as a template."""
        return tuple(
            compile_text(text, self.path, wildcards=wildcards, variables=self.variables)
            for text in self.texts
        )

    def constants(self, read: Callable[[str], object], kind: str) -> list[object]:
        """Return each value as `read` has it. Raises PolicyError where it is none of its kind:
        a Deny with a value that can't be read would be a Deny that never fires.
        """
        found = [read(text) for text in self.texts]
        if None in found:
            text = quoted(self.texts[found.index(None)])
            raise PolicyError("malformed-policy", f"{self.path}: {text} is not {kind}")
        return found


def _equal(values: Values) -> Comparison:
    templates = values.templates(wildcards=False)
    matches = any_of((one.constant, _equals(one)) for one in templates)
    return Comparison(matches, templates, work_of_equals(templates))


def _equals(template: Template) -> Matches:
    """Return what compares a text, as it is, with the template's."""
    if len(template.pieces) == 1 and template.variables:
        key, default = template.variables[0].key, template.variables[0].default
        return lambda text, keys: keys.get(key, default) == text  # no list of values is a text
    return lambda text, keys: template.text(keys, len(text)) == text


def _equal_ignoring_case(values: Values) -> Comparison:
    """Compare as `String.toLowerCase` does: the Kelvin sign is a k, the long s is no s."""
    templates = values.templates(wildcards=False)
    matches = any_of((_lowered(one.constant), _equals_lowered(one)) for one in templates)
    work = work_of_equals(templates)
    return Comparison(lambda text, keys: matches(text.lower(), keys), templates, work)


def _equals_lowered(template: Template) -> Matches:
    # no text has fewer letters in lower case: there is room enough
    return lambda text, keys: _lowered(template.text(keys, len(text))) == text


def _lowered(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _like(values: Values) -> Comparison:
    templates = values.templates(wildcards=True)
    matches = matches_any_of(templates)
    return Comparison(
        lambda text, keys: matches(text if text.isascii() else units(text), keys),
        templates,
        work_of(templates),
    )


def _ordered(
    read: Callable[[str], Decimal | None],
    kind: str,
    compare: Callable[[Decimal, Decimal], bool],
    *,
    widest: Callable[[list[Decimal]], Decimal],
) -> Callable[[Values], Comparison]:
    """Compare with the `widest` of the limits: what is below any of them is below the largest."""

    def compile_values(values: Values) -> Comparison:
        limits = [value for value in values.constants(read, kind) if isinstance(value, Decimal)]
        limit = widest(limits)

        def matches(text: str, _: Keys) -> bool:
            number = read(text)
            return number is not None and compare(number, limit)

        return Comparison(matches, _plain(values), READ)

    return compile_values


def _exact(read: Callable[[str], object], kind: str) -> Callable[[Values], Comparison]:
    def compile_values(values: Values) -> Comparison:
        constants = frozenset(values.constants(read, kind))

        def matches(text: str, _: Keys) -> bool:
            value = read(text)
            return value is not None and value in constants

        return Comparison(matches, _plain(values), READ)

    return compile_values


def _in_network(values: Values) -> Comparison:
    networks = [
        value
        for value in values.constants(parse_network, "an address or a CIDR range")
        if isinstance(value, IPv4Network | IPv6Network)
    ]

    def matches(text: str, _: Keys) -> bool:
        try:
            address = ip_address(text) if NETWORK.match(text) else None
        except ValueError:
            return False
        return address is not None and any(address in network for network in networks)

    work = added([READ, Work(NETWORK_TRY * len(networks))])
    return Comparison(matches, _plain(values), work)


def _arn(values: Values) -> Comparison:
    patterns = [
        compile_arn_pattern(text, values.path, variables=values.variables) for text in values.texts
    ]

    def matches(text: str, keys: Keys) -> bool:
        text = units(text)
        return any(pattern.matches(text, keys) for pattern in patterns)

    wholes = tuple(pattern.whole for pattern in patterns)
    return Comparison(matches, wholes, work_of_arns(wholes))


def _plain(values: Values) -> tuple[Template, ...]:
    """Return the values for showing only: these operators know neither wildcard nor variable."""
    return tuple(
        compile_text(text, values.path, wildcards=False, variables=False) for text in values.texts
    )


def parse_number(text: str) -> Decimal | None:
    """Return the decimal number, exactly; None for anything else, NaN and infinity included."""
    return Decimal(text) if NUMBER.match(text) else None


def parse_boolean(text: str) -> bool | None:
    """Return what `true` or `false` says, in any case."""
    return {"true": True, "false": False}.get(text.lower())


def parse_binary(text: str) -> bytes | None:
    """Return the bytes of padded base64 (RFC 4648 §4)."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return None


def parse_network(text: str) -> IPv4Network | IPv6Network | None:
    """Return the CIDR range, that of one address where no length is given (RFC 4632)."""
    try:
        return ip_network(text, strict=False) if NETWORK.match(text) else None
    except ValueError:
        return None


_Read = tuple[Callable[[str], Decimal | None], str]
_NUMBER: _Read = (parse_number, "a number")
_DATE: _Read = (parse_instant, "a date")

# name → (how to compile its comparison, whether its result is negated)
OPERATORS: dict[str, tuple[Callable[[Values], Comparison], bool]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equal_ignoring_case, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "NumericEquals": (_exact(*_NUMBER), False),
    "NumericNotEquals": (_exact(*_NUMBER), True),
    "NumericLessThan": (_ordered(*_NUMBER, lt, widest=max), False),
    "NumericLessThanEquals": (_ordered(*_NUMBER, le, widest=max), False),
    "NumericGreaterThan": (_ordered(*_NUMBER, gt, widest=min), False),
    "NumericGreaterThanEquals": (_ordered(*_NUMBER, ge, widest=min), False),
    "DateEquals": (_exact(*_DATE), False),
    "DateNotEquals": (_exact(*_DATE), True),
    "DateLessThan": (_ordered(*_DATE, lt, widest=max), False),
    "DateLessThanEquals": (_ordered(*_DATE, le, widest=max), False),
    "DateGreaterThan": (_ordered(*_DATE, gt, widest=min), False),
    "DateGreaterThanEquals": (_ordered(*_DATE, ge, widest=min), False),
    "Bool": (_exact(parse_boolean, "`true` or `false`"), False),
    "BinaryEquals": (_exact(parse_binary, "base64"), False),
    "IpAddress": (_in_network, False),
    "NotIpAddress": (_in_network, True),
    "ArnEquals": (_arn, False),
    "ArnLike": (_arn, False),
    "ArnNotEquals": (_arn, True),
    "ArnNotLike": (_arn, True),
}
