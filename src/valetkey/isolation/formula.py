"""Statements about a request that is not yet known: what a policy says, with unknowns left open.

A formula is made of comparisons of texts, of which parts are symbols. `holds` reads it with the
symbols' values given, by the evaluator's own matching; `solver.py` looks for values that make it
true. Texts are in UTF-16 units, as the evaluator matches them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from valetkey.iam.glob import Wild, matches_tokens


@dataclass(frozen=True, slots=True)
class Symbol:
    """A text that a request, a run or its owner brings."""

    name: str


Text = tuple[str | Symbol, ...]
"""Parts in order; `text` makes one with no empty literal and no two literals side by side."""

Pattern = tuple[str | Symbol | Wild, ...]


class Alphabet(Enum):
    """Texts of which characters: what a service takes."""

    TAG = "session tag value"  # STS: letters, digits, spaces of any script and _ . : / = + - @
    PLAIN = "plain"  # [a-z0-9]*: what a person likes to read in a witness
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Constant:
    """True or false, whatever the symbols are."""

    value: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact that is so or not: that a context key is there, that one of its choices is taken."""

    name: str


@dataclass(frozen=True, slots=True)
class Equal:
    """Both texts are the same."""

    left: Text
    right: Text


@dataclass(frozen=True, slots=True)
class Like:
    """The text matches the pattern, `any_case` for ASCII letters of either case."""

    subject: Text
    pattern: Pattern
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """The symbol's text is made of the alphabet's characters alone; it may be empty."""

    symbol: Symbol
    alphabet: Alphabet


@dataclass(frozen=True, slots=True)
class Not:
    """`part` is false."""

    part: "Formula"


@dataclass(frozen=True, slots=True)
class And:
    """All parts are true. Made by `all_of`."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One part at least is true. Made by `any_of`."""

    parts: tuple["Formula", ...]


Formula = Constant | Flag | Equal | Like | Drawn | Not | And | Or

TRUE, FALSE = Constant(True), Constant(False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Values of symbols (in UTF-16 units) and flags; what is not listed is empty or false."""

    texts: Mapping[str, str]
    flags: Mapping[str, bool]

    def fill(self, parts: Text) -> str:
        """Return the text with its symbols filled in."""
        return "".join(
            part if isinstance(part, str) else self.texts.get(part.name, "") for part in parts
        )


def text(*parts: str | Symbol) -> Text:
    """Return the parts as one text, literals joined."""
    joined: list[str | Symbol] = []
    for part in parts:
        if part == "":
            continue
        if joined and isinstance(part, str) and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


def all_of(parts: Iterable[Formula]) -> Formula:
    """Return the conjunction, flat, without repetition and constants."""
    return _joined(parts, And, settles=FALSE, nothing=TRUE)


def any_of(parts: Iterable[Formula]) -> Formula:
    """Return the disjunction, flat, without repetition and constants."""
    return _joined(parts, Or, settles=TRUE, nothing=FALSE)


def _joined(
    parts: Iterable[Formula], kind: type[And] | type[Or], *, settles: Constant, nothing: Constant
) -> Formula:
    """Return the parts joined; a part and its negation settle it, as does the constant."""
    kept: dict[Formula, None] = {}
    for part in parts:
        if part == settles:
            return settles
        for one in part.parts if isinstance(part, kind) else (part,):
            if one != nothing:
                kept[one] = None
    if any(isinstance(one, Not) and one.part in kept for one in kept):
        return settles
    return kind(tuple(kept)) if len(kept) > 1 else next(iter(kept), nothing)


def negated(formula: Formula) -> Formula:
    """Return the negation, pushed inwards to the comparisons."""
    match formula:
        case Constant(value):
            return Constant(not value)
        case Not(part):
            return part
        case And(parts):
            return any_of(negated(part) for part in parts)
        case Or(parts):
            return all_of(negated(part) for part in parts)
        case _:
            return Not(formula)


def holds(formula: Formula, given: Assignment) -> bool:
    """Tell whether the formula is true with these values."""
    match formula:
        case Constant(value):
            return value
        case Flag(name):
            return given.flags.get(name, False)
        case Equal(left, right):
            return given.fill(left) == given.fill(right)
        case Like(subject, pattern, any_case):
            return _matches(given.fill(subject), pattern, given, any_case=any_case)
        case Drawn(symbol, alphabet):
            return is_drawn(given.texts.get(symbol.name, ""), alphabet)
        case Not(part):
            return not holds(part, given)
        case And(parts):
            return all(holds(part, given) for part in parts)
        case Or(parts):
            return any(holds(part, given) for part in parts)


def _matches(subject: str, pattern: Pattern, given: Assignment, *, any_case: bool) -> bool:
    tokens: list[str | Wild] = []
    for part in pattern:
        token = given.texts.get(part.name, "") if isinstance(part, Symbol) else part
        tokens.append(lowered(token) if any_case and isinstance(token, str) else token)
    return matches_tokens(tokens, lowered(subject) if any_case else subject)


def lowered(written: str) -> str:
    """Return the text with ASCII letters in lower case, all others as they are."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in written)


_TAG_MARKS = frozenset(" _.:/=+-@")


def is_drawn(written: str, alphabet: Alphabet) -> bool:
    """Tell whether the text has no character outside the alphabet.

    Of a tag every character beyond ASCII is taken: more than STS does, so a proof covers it.
    """
    if alphabet is Alphabet.ANY:
        return True
    taken = _is_plain if alphabet is Alphabet.PLAIN else _is_of_tag
    return all(taken(letter) for letter in written)


def _is_plain(letter: str) -> bool:
    return letter.isascii() and (letter.isdigit() or letter.islower())


def _is_of_tag(letter: str) -> bool:
    return not letter.isascii() or letter.isalnum() or letter in _TAG_MARKS
