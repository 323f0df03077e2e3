"""Make a formula smaller, and no other: what is known at one place need not be asked at another.

In a conjunction each part may take the others as true, in a disjunction as false. That alone
settles most questions about policies that were written from the map: what is allowed there is,
word for word, what is given.
"""

from collections.abc import Iterable

from valetkey.isolation.comparing import equal, like
from valetkey.isolation.formula import (
    FALSE,
    And,
    Assignment,
    Constant,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Or,
    Symbol,
    Text,
    all_of,
    any_of,
    is_drawn,
    negated,
    text,
)
from valetkey.isolation.known_facts import Facts, symbols_in

ROUNDS = 6
"""Each round may show more; real formulas settle in two or three."""


def simplified(formula: Formula) -> Formula:
    """Return a formula that is true of the same values, and is no larger."""
    before = _compared(formula, {})
    for _ in range(ROUNDS):
        after = _under(before, Facts(None))
        if after == before:
            break
        before = after
    return before if size(before) <= size(formula) else formula


def with_values(formula: Formula, given: Assignment, prefix: str) -> Formula:
    """Return the formula with their values for all symbols and flags whose names begin so."""
    match formula:
        case Flag(name):
            return Constant(given.flags.get(name, False)) if name.startswith(prefix) else formula
        case Not(part):
            return negated(with_values(part, given, prefix))
        case And(parts):
            return all_of(with_values(part, given, prefix) for part in parts)
        case Or(parts):
            return any_of(with_values(part, given, prefix) for part in parts)
        case _:
            own = (one for one in symbols_in(formula) if one.name.startswith(prefix))
            return _compared(formula, {one: text(given.texts.get(one.name, "")) for one in own})


def size(formula: Formula) -> int:
    """Return the number of connectives, comparisons and parts of texts."""
    match formula:
        case Constant() | Flag() | Drawn():
            return 1
        case Equal(left, right) | Like(left, right):
            return 1 + len(left) + len(right)
        case Not(part):
            return 1 + size(part)
        case And(parts) | Or(parts):
            return 1 + sum(map(size, parts))


def _compared(formula: Formula, values: dict[Symbol, Text]) -> Formula:
    """Return the formula with each comparison simplified on its own, and these values put in."""
    match formula:
        case Equal(left, right):
            return equal(_filled(left, values), _filled(right, values))
        case Like(subject, pattern, any_case):
            filled = tuple(
                each
                for part in pattern
                for each in (values.get(part, (part,)) if isinstance(part, Symbol) else (part,))
            )
            return like(_filled(subject, values), filled, any_case=any_case)
        case Drawn(symbol, alphabet):
            value = values.get(symbol)
            if value is None:
                return formula
            return Constant(is_drawn("".join(map(str, value)), alphabet))
        case Not(part):
            return negated(_compared(part, values))
        case And(parts):
            return all_of(_compared(part, values) for part in parts)
        case Or(parts):
            return any_of(_compared(part, values) for part in parts)
        case _:
            return formula


def _filled(written: Text, values: dict[Symbol, Text]) -> Text:
    if not values:
        return text(*written)
    parts: list[str | Symbol] = []
    for part in written:
        parts += values.get(part, (part,)) if isinstance(part, Symbol) else (part,)
    return text(*parts)


def _under(formula: Formula, facts: Facts) -> Formula:
    """Return what is left to ask where the facts hold."""
    known = facts.about(formula)
    if known is not None:
        return Constant(known)
    match formula:
        case And(parts):
            return all_of(_each(parts, facts, truth=True))
        case Or(parts):
            return any_of(_each(parts, facts, truth=False))
        case Not(part):
            return negated(_under(part, facts))
        case Equal() | Like() | Drawn():
            values = facts.values_for(formula)
            again = _compared(formula, values) if values else formula
            if again == formula:
                return FALSE if facts.contradict(formula) else formula
            return again if size(again) <= size(formula) else formula
        case _:
            return formula


def _each(parts: Iterable[Formula], outer: Facts, *, truth: bool) -> list[Formula]:
    """Return the parts, each simplified as if all the others had that truth.

    One after the other: each takes the others as they are by then, never as they were, or two
    equal parts would each remove the other.
    """
    facts = Facts(outer)
    now = list(parts)
    for part in now:
        facts.learn(part, truth=truth)
    for at, part in enumerate(now):
        facts.forget(part, truth=truth)
        now[at] = _under(part, facts)
        if now[at] == Constant(not truth):
            return now
        facts.learn(now[at], truth=truth)
    return now
