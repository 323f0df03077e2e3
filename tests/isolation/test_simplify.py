"""A simplified formula is the same formula, and smaller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.isolation.formulas import X, Y, assignments, atoms, combined
from valetkey.iam.glob import Wild
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Alphabet,
    And,
    Assignment,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Or,
    all_of,
    any_of,
    holds,
    negated,
)
from valetkey.isolation.simplify import simplified, size

STAR, ONE, IN_PART = Wild.STAR, Wild.ONE, Wild.STAR_IN_PART
F, G = Flag("f"), Flag("g")
OWN = Like((X,), ("traces/", Y, "/", STAR))


@given(combined(atoms()), st.lists(assignments(), min_size=4, max_size=4))
def test_a_simplified_formula_is_true_of_the_same_values(
    formula: Formula, values: list[Assignment]
) -> None:
    short = simplified(formula)
    for each in values:
        assert holds(short, each) == holds(formula, each)
    assert size(short) <= size(formula)


@pytest.mark.parametrize(
    ("formula", "left"),
    [
        (Equal(("a", X), ("b", Y)), FALSE),
        (Equal((X, "a"), (Y, "b")), FALSE),
        (Equal(("t/", X), ("t/", Y)), Equal((X,), (Y,))),
        (Equal((X, "/t"), (X, "/t")), TRUE),
        (Equal((X, "a"), ()), FALSE),
        (Like(("traces/", X), ("notes/", STAR)), FALSE),
        (Like(("traces/", X), ("traces/", STAR)), TRUE),
        (Like(("traces/", X, "/k"), ("traces/", Y, "/", STAR)), Like((X, "/k"), (Y, "/", STAR))),
        (Like(("ab", X), ("a", ONE, Y)), Equal((X,), (Y,))),
        (Like((X,), ("a", "b")), Equal((X,), ("ab",))),
        (Like((X,), (STAR, STAR)), TRUE),
        (Like(("AB", X), ("ab", Y), any_case=True), Like((X,), (Y,), any_case=True)),
        (Like(("arn:eu:1:", X), ("arn:", IN_PART, "u:1:", Y)), Equal((X,), (Y,))),
        (Like(("arn:eu:1:", X), ("arn:", IN_PART, "s:1:", Y)), FALSE),
        (Like(("a:", X), (Wild.ONE_IN_PART, Wild.ONE_IN_PART, Y)), FALSE),
        (Like(("ab",), (X, "abc", STAR)), FALSE),
    ],
)
def test_what_the_literals_decide_is_not_asked(formula: Formula, left: Formula) -> None:
    assert simplified(formula) == left


@pytest.mark.parametrize(
    ("formula", "left"),
    [
        (And((F, Or((F, G)))), F),
        (Or((F, And((F, G)))), F),
        (And((F, Or((Not(F), G)))), And((F, G))),
        (And((Equal((X,), ("a",)), Like((X,), ("b", STAR)))), FALSE),
        (And((Equal((X,), ("a/",)), Drawn(X, Alphabet.PLAIN))), FALSE),
        (And((Equal((X,), ("a",)), Equal((X,), ("b",)))), FALSE),
        (And((Like((X,), ("a", Y)), Like((X,), ("b", STAR)))), FALSE),
        (Or((Not(Equal((X,), ("a",))), Equal((X, "b"), ("ab",)))), TRUE),
        (And((F, F)), F),
    ],
)
def test_what_is_known_is_not_asked_again(formula: Formula, left: Formula) -> None:
    assert simplified(formula) == left


@pytest.mark.parametrize("longer_first", [False, True])
def test_one_beginning_does_not_contradict_a_longer_one(longer_first: bool) -> None:
    likes = [Like((X,), ("a", STAR, Y)), Like((X,), ("ab", STAR, Y))]
    both = And(tuple(reversed(likes) if longer_first else likes))

    assert simplified(both) == both


def test_two_equal_parts_do_not_remove_each_other() -> None:
    assert simplified(And((Or((F, G)), Or((F, G)), OWN))) == And((Or((F, G)), OWN))


def test_what_is_allowed_by_the_given_pattern_needs_no_solver() -> None:
    ways = [all_of([OWN, F]), all_of([Like((X,), ("notes/", Y, STAR)), G])]
    allowed, given_to = any_of(ways), any_of(reversed(ways))

    assert simplified(all_of([allowed, negated(given_to)])) == FALSE
    assert simplified(all_of([ways[0], negated(given_to)])) == FALSE
    assert simplified(all_of([allowed, negated(ways[0])])) != FALSE
