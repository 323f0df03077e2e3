"""The few values of a key that tell all that its conditions can ask of it.

A number, a date, bytes or an address matter only by what the comparisons answer. Each set of
values with the same answers has one text here (or none, where no text of the kind is there).
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, localcontext
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import pairwise

from valetkey.iam.condition import Condition
from valetkey.iam.instants import parse_instant
from valetkey.iam.operators import parse_binary, parse_network, parse_number
from valetkey.isolation.operators_encoding import operator_name
from valetkey.isolation.unencodable import Unencodable

NEITHER = "-"  # no number, date, boolean, address, and no base64
DIGITS = 4_000  # of a sum of two numbers that IAM reads: 400 each beside an exponent of 999
TICK = Decimal("0.000000001")  # the shortest time between two dates


class Kind(Enum):
    """As what an operator reads a value."""

    TEXT = "text"
    NUMBER = "Numeric"
    DATE = "Date"
    BOOLEAN = "Bool"
    BYTES = "Binary"
    ADDRESS = "Ip"


def kind_of(condition: Condition) -> Kind | None:
    """Return as what the condition reads values; None for Null, which reads none."""
    name = operator_name(condition).removeprefix("Not")
    if name == "Null" or condition.operator == "Null":
        return None
    return next((kind for kind in Kind if name.startswith(kind.value)), Kind.TEXT)


def choices(kind: Kind, conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Return the values that matter, for conditions that all read them as `kind`.

    Raises Unencodable where there is a value between two limits and none could be written.
    """
    texts = [one.written for condition in conditions for one in condition.comparison.wanted]
    answers: dict[tuple[bool, ...], str] = {}
    for candidate in (*CANDIDATES[kind](texts), NEITHER):
        told = tuple(condition.comparison.matches(candidate, {}) for condition in conditions)
        answers.setdefault(told, candidate)
    return tuple(answers.values())


def _numbers(texts: Iterable[str]) -> list[str]:
    """Return each limit, a number between each two, one below all and one above."""
    limits = _limits(texts, parse_number)
    with localcontext(prec=DIGITS):
        between = [(one + other) / 2 for one, other in pairwise(limits)]
        outside = [limits[0] - 1, limits[-1] + 1] if limits else []
    return [_number(one) for one in (*limits, *between, *outside)]


def _number(value: Decimal) -> str:
    for shown in (f"{value:f}", f"{value:e}"):
        if parse_number(shown) == value:
            return shown
    raise Unencodable("a condition's numbers are too long to be told apart")


def _dates(texts: Iterable[str]) -> list[str]:
    """Return each limit, and what comes one tick before and after it, in Unix seconds.

    The last and the first tick between two limits are in the same set as all between them. What
    can't be written as a date is no value that any request has.
    """
    limits = _limits(texts, parse_instant)
    near = [moment + step for moment in limits for step in (-TICK, Decimal(0), TICK)]
    shown = [_seconds(moment) for moment in near]
    known = [text for text in shown if parse_instant(text) is not None]
    return [*texts, *known]


def _seconds(moment: Decimal) -> str:
    sign = "-" if moment < 0 else ""
    whole, _, fraction = f"{abs(moment):.9f}".partition(".")
    return f"{sign}{whole.zfill(5)}.{fraction}"


def _limits(texts: Iterable[str], read: Callable[[str], Decimal | None]) -> list[Decimal]:
    return sorted({value for text in texts if (value := read(text)) is not None})


def _booleans(_: Iterable[str]) -> list[str]:
    return ["true", "false"]


def _bytes(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if parse_binary(text) is not None]


def _addresses(texts: Iterable[str]) -> list[str]:
    """Return the last address of each network, and the one before its first.

    Networks are apart or one in the other. So where a run of addresses ends that are in some of
    them and not in others, one of these networks ends or another begins next. An address that is
    in none answers like what is no address.
    """
    networks = [one for text in texts if (one := parse_network(text)) is not None]
    return [address for network in networks for address in _edges(network)]


def _edges(network: IPv4Network | IPv6Network) -> list[str]:
    make = IPv4Address if network.version == 4 else IPv6Address
    first, last = int(network.network_address), int(network.broadcast_address)
    return [str(make(at)) for at in (last, first - 1) if at >= 0]


CANDIDATES: dict[Kind, Callable[[Sequence[str]], list[str]]] = {
    Kind.NUMBER: _numbers,
    Kind.DATE: _dates,
    Kind.BOOLEAN: _booleans,
    Kind.BYTES: _bytes,
    Kind.ADDRESS: _addresses,
}
