"""Formulas put together say what their parts say, in fewer words."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Alphabet,
    And,
    Assignment,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Or,
    Symbol,
    all_of,
    any_of,
    holds,
    is_drawn,
    negated,
    text,
)

FLAGS = [Flag(name) for name in "abcd"]
A, B, C, D = FLAGS
ATOMS: list[Formula] = [*FLAGS, TRUE, FALSE]


def twins(random: Random, depth: int) -> tuple[Formula, Formula]:
    """Return a formula as it is written, and the same put together by `all_of` and its like."""
    if depth == 0 or random.random() < 0.25:
        atom: Formula = random.choice(ATOMS)
        return atom, atom
    if random.random() < 0.3:
        written, made = twins(random, depth - 1)
        return Not(written), negated(made)
    parts = [twins(random, depth - 1) for _ in range(random.randint(0, 4))]
    if random.random() < 0.5:
        return And(tuple(one for one, _ in parts)), all_of(one for _, one in parts)
    return Or(tuple(one for one, _ in parts)), any_of(one for _, one in parts)


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=True))
def test_a_formula_put_together_says_what_its_parts_say(random: Random) -> None:
    written, made = twins(random, 4)

    for mask in range(16):
        given_ = Assignment({}, {name: bool(mask >> at & 1) for at, name in enumerate("abcd")})
        assert holds(made, given_) is holds(written, given_)
    assert negated(negated(made)) == made


def test_a_formula_put_together_is_flat_and_says_nothing_twice() -> None:
    assert all_of([A, all_of([B, A]), TRUE]) == And((A, B))
    assert any_of([A, any_of([B, A]), FALSE]) == Or((A, B))
    assert all_of([]) == TRUE and any_of([]) == FALSE
    assert all_of([A]) == any_of([A]) == A
    assert all_of([A, Not(A)]) == FALSE and any_of([Not(A), A]) == TRUE


def test_a_negation_stands_before_comparisons_alone() -> None:
    assert negated(all_of([A, any_of([B, Not(C)])])) == Or((Not(A), And((Not(B), C))))


def test_texts_are_joined_and_filled_in() -> None:
    made = text("a", "", "b", Symbol("s"), "c")

    assert made == ("ab", Symbol("s"), "c")
    assert Assignment({"s": "x"}, {}).fill(made) == "abxc"
    assert Assignment({}, {}).fill(made) == "abc"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (Equal((Symbol("s"),), ("Ab",)), True),
        (Equal((Symbol("s"),), ("ab",)), False),
        (Like((Symbol("s"),), ("ab",), any_case=True), True),
        (Like((Symbol("s"),), (Symbol("star"),)), False),
        (Like((Symbol("k"),), ("k",), any_case=True), False),
    ],
)
def test_a_value_is_literal_and_case_is_asciis(formula: Formula, expected: bool) -> None:
    given_ = Assignment({"s": "Ab", "star": "*", "k": "\u212a"}, {})

    assert holds(formula, given_) is expected


def test_an_alphabet_is_what_a_service_takes() -> None:
    assert is_drawn("aZ9 _.:/=+-@\u00e9", Alphabet.TAG)
    assert not any(is_drawn(letter, Alphabet.TAG) for letter in "*?#|$\n'")
    assert is_drawn("a9", Alphabet.PLAIN)
    assert not any(is_drawn(letter, Alphabet.PLAIN) for letter in "A-\u00e9\u0660")
    assert is_drawn("*\n", Alphabet.ANY)
