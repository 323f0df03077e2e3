"""Values of which not all may be known, and operators over them as Cedar has them.

A known value means: *every* evaluation by Cedar gives this value or fails; `UNKNOWN` means nothing
is known, `FAILS` that none gives a value. What fails denies (design §4.1), so both can be ruled out
alike. Operators that read their second side only sometimes do so here too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

OAUTH_USER: Final = "AgentCore::OAuthUser"
ACTION: Final = "AgentCore::Action"

Value: TypeAlias = tuple[Any, ...]
"""The kind of a value, then the value: `True` and `1` are not equal."""
UNKNOWN: Final[Value] = ("unknown",)
FAILS: Final[Value] = ("fails",)
TRUE: Final[Value] = ("bool", True)
FALSE: Final[Value] = ("bool", False)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known: the gateway, and of the principal its id and tags, or None where it is not.

    `action` is the tool that is called, None where it may be any; `groups` are those it is in.
    """

    gateway: str
    id: str | None = None
    tags: Mapping[str, str] | None = None
    action: str | None = None
    groups: frozenset[str] = frozenset()


Reader: TypeAlias = Callable[[Known], Value]


def constant(value: Value) -> Reader:
    """Return the reader of a literal."""
    return lambda _: value


def _not_known(first: Value, second: Value) -> Value | None:
    """Return what an operator over both gives where one is not known; None where both are."""
    if first is FAILS or second is FAILS:
        return FAILS
    return UNKNOWN if first is UNKNOWN or second is UNKNOWN else None


def same(first: Reader, second: Reader) -> Reader:
    """`==`: values of two kinds are not the same."""

    def read(known: Known) -> Value:
        one, other = first(known), second(known)
        unknown = _not_known(one, other)
        return unknown if unknown is not None else (TRUE if one == other else FALSE)

    return read


def negated(inner: Reader) -> Reader:
    """`!`."""

    def read(known: Known) -> Value:
        value = inner(known)
        return FALSE if value == TRUE else TRUE if value == FALSE else value

    return read


def both(first: Reader, second: Reader) -> Reader:
    """`&&`: Cedar reads the second only if the first is true."""
    return _until(FALSE, first, second)


def either(first: Reader, second: Reader) -> Reader:
    """`||`: Cedar reads the second only if the first is false."""
    return _until(TRUE, first, second)


def _until(end: Value, first: Reader, second: Reader) -> Reader:
    """Return the reader of two sides of which the second is not read where the first is `end`."""

    def read(known: Known) -> Value:
        one = first(known)
        if one is UNKNOWN:
            return end if second(known) in (end, FAILS) else UNKNOWN
        return one if one in (end, FAILS) else second(known)

    return read


def choice(condition: Reader, then: Reader, otherwise: Reader) -> Reader:
    """`if … then … else …`: Cedar reads one of the two."""

    def read(known: Known) -> Value:
        value = condition(known)
        if value is UNKNOWN:
            one, other = then(known), otherwise(known)
            if other is FAILS:
                return one
            return other if one is FAILS or one == other else UNKNOWN
        return value if value is FAILS else then(known) if value == TRUE else otherwise(known)

    return read


def of_type(subject: Reader, entity_type: str) -> Reader:
    """`is`."""

    def read(known: Known) -> Value:
        value = subject(known)
        if value in (UNKNOWN, FAILS):
            return value
        return TRUE if value[1] == entity_type else FALSE

    return read


def tag(subject: Reader, name: Reader, *, has: bool) -> Reader:
    """Return the reader of `principal.hasTag(…)` or `getTag(…)`."""

    def read(known: Known) -> Value:
        who, which = subject(known), name(known)
        unknown = _not_known(who, which)
        if unknown is not None:
            return unknown
        if known.tags is None or who[1] != OAUTH_USER or who[2] != known.id:
            return UNKNOWN
        if has:
            return TRUE if which[1] in known.tags else FALSE
        return ("text", known.tags[which[1]]) if which[1] in known.tags else FAILS

    return read


def within(first: Reader, second: Reader) -> Reader:
    """`in`, as far as the first is the action: of other entities nothing is said."""

    def read(known: Known) -> Value:
        who, where = first(known), second(known)
        unknown = _not_known(who, where)
        if unknown is not None:
            return unknown
        if known.action is None or who != ("entity", ACTION, known.action):
            return UNKNOWN
        lineage = {("entity", ACTION, name) for name in (known.action, *known.groups)}
        named = where[1] if where[0] == "set" else {where}
        return FALSE if lineage.isdisjoint(named) else TRUE

    return read


def set_of(elements: list[Reader]) -> Reader:
    """`[…]`."""

    def read(known: Known) -> Value:
        values = [element(known) for element in elements]
        if FAILS in values:
            return FAILS
        return UNKNOWN if UNKNOWN in values else ("set", frozenset(values))

    return read


def over_sets(
    judge: Callable[[frozenset[Value], Value], bool],
) -> Callable[[Reader, Reader], Reader]:
    """Return the operator of a set, `contains` and the like, that `judge` is of known values."""

    def make(first: Reader, second: Reader) -> Reader:
        def read(known: Known) -> Value:
            left, right = first(known), second(known)
            unknown = _not_known(left, right)
            if unknown is not None:
                return unknown
            return TRUE if judge(left[1], right) else FALSE

        return read

    return make


def like(subject: Reader, pattern: list[Any]) -> Reader:
    """`like`."""

    def read(known: Known) -> Value:
        value = subject(known)
        if value in (UNKNOWN, FAILS):
            return value
        return TRUE if matches(value[1], pattern) else FALSE

    return read


def matches(text: str, pattern: list[Any]) -> bool:
    """Say whether `text` matches a pattern of `like`: literals with wildcards between them."""
    literals = [""]
    for part in pattern:
        if part == "Wildcard":
            literals.append("")
        else:
            literals[-1] += part["Literal"]
    if len(literals) == 1:
        return text == literals[0]
    first, *middle, last = literals
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for each in middle:
        found = text.find(each, place, end)
        if found < 0:
            return False
        place = found + len(each)
    return True
