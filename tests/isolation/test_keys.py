"""Models of context keys: exactly one case is true, and it is the key's value."""

from random import Random

import pytest

from tests.isolation.symbols import some_values
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Assignment,
    Flag,
    Formula,
    Like,
    Symbol,
    any_of,
    holds,
)
from valetkey.isolation.keys import (
    Absent,
    Case,
    Either,
    Fixed,
    KeyModel,
    Many,
    Member,
    One,
    cases,
    joined,
    one_of,
    present,
    several,
    several_of,
    single,
    value_of,
)

S = Symbol("s")
MODELS: list[KeyModel] = [
    Absent(),
    Fixed("x"),
    Fixed(("x", "y")),
    Fixed(()),
    One((S,), TRUE),
    One((S,), FALSE),
    single("k"),
    several("k", 3),
    several("k", 2, always=True),
    several_of("k", ("1", "2")),
    one_of("k", ("1", "2", "3")),
    Either(Flag("many"), single("k"), several("k", 2)),
    Either(Flag("many"), one_of("k", ("1", "2")), several_of("k", ("1", "2"))),
]


@pytest.mark.parametrize("model", MODELS)
def test_exactly_one_case_is_true_and_it_is_the_value(model: KeyModel) -> None:
    for seed in range(30):
        whole: Formula = any_of([*(one.when for one in cases(model)), Like((S,), (S, "x"))])
        names = [*(f"key.k#{at}" for at in range(3)), "key.k", "s"]
        given = some_values(whole, Random(seed), ["x", ""])
        given = Assignment({**dict.fromkeys(names, "v"), **given.texts}, given.flags)
        true = [one for one in cases(model) if holds(one.when, given)]

        assert len(true) == 1
        value = value_of(model, given)
        assert (value is None) is true[0].is_absent is not holds(present(model), given)
        assert value != ()
        if true[0].text is not None:
            assert value == given.fill(true[0].text)


def test_a_multivalued_key_has_those_members_that_are_there() -> None:
    model = Many((Member((S,)), Member(("x",), Flag("f")), Member(("y",), Flag("g"))))

    assert value_of(model, Assignment({"s": "a"}, {"g": True})) == ("a", "y")


def test_a_key_without_a_member_is_absent() -> None:
    assert value_of(several("k", 2), Assignment({}, {})) is None
    assert value_of(Fixed(()), Assignment({}, {})) is None


def test_of_a_few_values_only_one_is_taken() -> None:
    model = one_of("k", ("1", "2"))

    assert value_of(model, Assignment({}, {"is.k=1": True, "is.k=2": True})) == "1"
    assert value_of(model, Assignment({}, {"is.k=2": True})) == "2"
    assert value_of(model, Assignment({}, {})) is None


def test_symbols_are_named_after_prefix_and_key() -> None:
    assert single("aws:x", "b.") == One((Symbol("b.key.aws:x"),), Flag("b.has.aws:x"))
    assert several("k", 1, "b.").members == (Member((Symbol("b.key.k#0"),), Flag("b.has.k#0")),)


def test_one_member_is_always_there_where_the_key_is() -> None:
    first, second = several("k", 2, always=True).members

    assert (first.present, second.present) == (TRUE, Flag("has.k#1"))


def test_what_can_not_be_is_no_case() -> None:
    assert cases(One((S,), TRUE)) == (Case(TRUE, text=(S,)),)


def test_half_a_character_stays_what_it_is() -> None:
    assert joined("\ud83d\ude00") == "\U0001f600"
    assert joined("a\ud83d") == "a\ud83d"
