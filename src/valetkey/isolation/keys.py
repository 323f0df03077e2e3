"""What a context key of a request not yet known may be: absent, one text, several, one of a few.

A model is read as cases that exclude each other and leave nothing out. Texts are in UTF-16 units.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.iam import ContextValue
from valetkey.iam.glob import units
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Assignment,
    Flag,
    Formula,
    Symbol,
    Text,
    all_of,
    any_of,
    holds,
    negated,
    text,
)


@dataclass(frozen=True, slots=True)
class Absent:
    """The key is not there."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The key has this value, a tuple being a multivalued one; without a member it is absent."""

    value: ContextValue


@dataclass(frozen=True, slots=True)
class One:
    """A single-valued key: `text` where `present`, else absent."""

    text: Text
    present: Formula = TRUE


@dataclass(frozen=True, slots=True)
class Member:
    """A value of a multivalued key, there where `present`."""

    text: Text
    present: Formula = TRUE


@dataclass(frozen=True, slots=True)
class Many:
    """A multivalued key with those members that are present; absent where none is."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A single-valued key: the text whose formula is true, absent where none is.

    No two of the formulas may be true together.
    """

    values: tuple[tuple[Text, Formula], ...]


@dataclass(frozen=True, slots=True)
class Either:
    """A key of which nobody knows how many values it takes: `many` where `multivalued`."""

    multivalued: Formula
    one: "One | Choice"
    many: Many


KeyModel = Absent | Fixed | One | Many | Choice | Either
Keys = Mapping[str, KeyModel]
"""Models by the key's name in lower case."""


@dataclass(frozen=True, slots=True)
class Case:
    """Where `when` is true the key has one text, or these members, or (neither) is absent."""

    when: Formula
    text: Text | None = None
    members: tuple[Member, ...] | None = None

    @property
    def is_absent(self) -> bool:
        """Whether this is the case of a key that is not there."""
        return self.text is None and self.members is None


def cases(model: KeyModel) -> tuple[Case, ...]:
    """Return the model's cases: whatever the symbols are, exactly one is true."""
    return tuple(case for case in _cases(model) if case.when != FALSE)


def _cases(model: KeyModel) -> tuple[Case, ...]:
    match model:
        case Fixed(str() as value):
            return (Case(TRUE, text=text(units(value))),)
        case Fixed(tuple() as values) if values:
            return (Case(TRUE, members=tuple(Member(text(units(one))) for one in values)),)
        case Absent() | Fixed():
            return (Case(TRUE),)
        case One(parts, present):
            return (Case(present, text=parts), Case(negated(present)))
        case Choice(few):
            none = all_of(negated(formula) for _, formula in few)
            return (*(Case(formula, text=parts) for parts, formula in few), Case(none))
        case Many(members):
            there = any_of(member.present for member in members)
            return (Case(there, members=members), Case(negated(there)))
        case Either(multivalued, one, many):
            return (*_given(multivalued, cases(many)), *_given(negated(multivalued), cases(one)))


def _given(condition: Formula, found: tuple[Case, ...]) -> tuple[Case, ...]:
    return tuple(Case(all_of([condition, one.when]), one.text, one.members) for one in found)


def present(model: KeyModel) -> Formula:
    """Return that the key is there."""
    return negated(any_of(one.when for one in cases(model) if one.is_absent))


def joined(written: str) -> str:
    """Return the characters of UTF-16 units; `units` gives these back, whatever they are."""
    if written.isascii():
        return written
    return written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def value_of(model: KeyModel, given: Assignment) -> ContextValue | None:
    """Return the key's value, in characters, with these symbols; None where it is absent."""
    for one in cases(model):
        if not holds(one.when, given):
            continue
        if one.members is not None:
            there = [member for member in one.members if holds(member.present, given)]
            return tuple(joined(given.fill(member.text)) for member in there)
        return None if one.text is None else joined(given.fill(one.text))
    return None


def single(name: str, prefix: str = "") -> One:
    """Return the model of a single-valued key of which nothing is known."""
    return One((Symbol(f"{prefix}key.{name}"),), Flag(f"{prefix}has.{name}"))


def several(name: str, count: int, prefix: str = "", *, always: bool = False) -> Many:
    """Return the model of a multivalued key with at most `count` members, `always` one or more."""
    return Many(
        tuple(
            Member(
                (Symbol(f"{prefix}key.{name}#{index}"),),
                TRUE if always and index == 0 else Flag(f"{prefix}has.{name}#{index}"),
            )
            for index in range(count)
        )
    )


def one_of(name: str, values: tuple[str, ...], prefix: str = "") -> Choice:
    """Return the model of a single-valued key that is absent or one of `values`."""
    flags = [Flag(f"{prefix}is.{name}={value}") for value in values]
    return Choice(
        tuple(
            (text(units(value)), all_of([*(negated(flag) for flag in flags[:index]), flags[index]]))
            for index, value in enumerate(values)
        )
    )


def several_of(name: str, values: tuple[str, ...], prefix: str = "") -> Many:
    """Return the model of a multivalued key with any of `values` as members, or absent."""
    return Many(
        tuple(Member(text(units(value)), Flag(f"{prefix}has.{name}={value}")) for value in values)
    )
