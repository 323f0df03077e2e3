"""The solver: exact translation, checked solutions, and no answer before its self-test."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings

from tests.isolation.formulas import X, Y, assignments, atoms, combined, given_as
from valetkey.iam.glob import Wild
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import (
    Alphabet,
    And,
    Assignment,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Symbol,
    all_of,
    holds,
    negated,
)
from valetkey.isolation.known import FALSE_LEMMA, TRUE_LEMMA
from valetkey.isolation.solution import Satisfiable, Solution, Undecided, Unsatisfiable
from valetkey.isolation.solver import Cvc5, solve

STAR, ONE, IN_PART = Wild.STAR, Wild.ONE, Wild.STAR_IN_PART
EMPTY = Assignment({}, {})
HAS_SLASH = [Like((tag,), (STAR, "/", STAR)) for tag in (X, Y)]


@settings(max_examples=60)
@given(combined(atoms()), assignments())
def test_a_formula_with_its_values_given_is_decided_as_holds_does(
    formula: Formula, values: Assignment
) -> None:
    for asked in (formula, Not(formula)):
        try:
            found = Cvc5().check(And((asked, *given_as(values))), 10_000)
        except IsolationError as error:
            assert error.code == "not-translatable"
        else:
            assert isinstance(found, Satisfiable if holds(asked, values) else Unsatisfiable)


@pytest.mark.parametrize("value", ["", "a", "b:", "a:b", ":", "Ab", "\ud83d\ude00", "\\u{41}", '"'])
@pytest.mark.parametrize("any_case", [False, True])
@pytest.mark.parametrize(
    "pattern",
    [
        (Y, STAR),
        (STAR, Y, STAR),
        (STAR, Y),
        (ONE, STAR, Y),
        (Y, ONE),
        (STAR, Wild.ONE_IN_PART, Y),
        (IN_PART, ":", Y),
        (Y, STAR, Y),
    ],
)
def test_a_pattern_with_a_symbol_is_exact_wherever_it_stands(
    pattern: tuple[str | Symbol | Wild, ...], value: str, any_case: bool
) -> None:
    for other in ("", "a", "B"):
        given_values = Assignment({"x": value, "y": other}, {})
        like = Like((X,), pattern, any_case)
        for asked in (like, Not(like)):
            found = Cvc5().check(And((asked, *given_as(given_values))), 10_000)
            assert isinstance(found, Satisfiable if holds(asked, given_values) else Unsatisfiable)


def test_two_tags_without_a_slash_never_own_one_key() -> None:
    assert solve(TRUE_LEMMA) == Unsatisfiable()


def test_two_tags_of_which_one_may_have_a_slash_do() -> None:
    found = solve(FALSE_LEMMA)

    assert isinstance(found, Satisfiable)
    assert holds(FALSE_LEMMA, found.assignment)


def test_a_plain_and_short_solution_is_preferred_where_there_is_one() -> None:
    other = all_of(
        [Drawn(X, Alphabet.TAG), negated(Equal((X,), ("",))), negated(Equal((X,), (Y,)))]
    )

    found = solve(other, plain=(X,))

    assert found == Satisfiable(Assignment({"x": "a", "y": ""}, {}))


def test_where_no_plain_one_is_there_any_solution_does() -> None:
    found = solve(Like((X,), ("\u00e9", ONE)), plain=(X,))

    assert isinstance(found, Satisfiable)
    assert found.assignment.texts["x"][0] == "\u00e9"


def test_a_solution_is_made_of_utf_16_units() -> None:
    found = Cvc5().check(And((Like((X,), (ONE,)), Not(Drawn(X, Alphabet.TAG)))), 10_000)
    beyond = Cvc5().check(And((Equal((X,), (Y,)), Like((X,), ("\U0001f600",)))), 10_000)

    assert isinstance(found, Satisfiable)
    assert ord(found.assignment.texts["x"]) < 0x10000
    assert beyond == Unsatisfiable()


def test_a_proof_can_be_asked_for() -> None:
    found = solve(TRUE_LEMMA, certificate=True)

    assert isinstance(found, Unsatisfiable)
    assert found.certificate is not None
    assert "str.in_re" in found.certificate


def test_what_has_no_exact_translation_is_undecided() -> None:
    found = solve(Not(Like((X,), (STAR, Y, ONE, "a", STAR))))

    assert found == Undecided("a `?` between two `*` beside a variable")


def test_what_takes_too_long_is_undecided() -> None:
    words = [Symbol(name) for name in "abcdef"]
    hard = all_of(
        [
            *(Like((one,), ("ab", STAR, X, STAR, Y, ONE)) for one in words),
            *(negated(Like((one,), (STAR, X, STAR, Y, STAR, X, STAR))) for one in words),
            Equal((X, Y, *words), (*reversed(words), Y, X)),
        ]
    )
    found = Cvc5().check(hard, 1)

    assert isinstance(found, Undecided)
    assert "1 ms" in found.reason


def test_without_the_solver_installed_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cvc5", None)

    with pytest.raises(IsolationError) as raised:
        Cvc5().check(Flag("f"), 10_000)

    assert raised.value.code == "solver-missing"
    assert raised.value.hint == "pip install 'valetkey[prove]'"


@dataclass(frozen=True, eq=False)
class ScriptedEngine:
    """Answers the two known lemmas as it is told, and all else with `other`; counts."""

    false: Solution
    true: Solution
    other: Solution
    asked: list[Formula] = field(default_factory=list)

    def check(
        self,
        formula: Formula,
        _milliseconds: int,
        *,
        short: Sequence[Symbol] = (),
        certificate: bool = False,
    ) -> Solution:
        assert not (short and certificate)
        self.asked.append(formula)
        known = {FALSE_LEMMA: self.false, TRUE_LEMMA: self.true}
        return known.get(formula, self.other)


RIGHT = Satisfiable(Assignment({"a": "a", "b": "a/b", "key": "traces/a/b/c"}, {}))


@pytest.mark.parametrize(
    ("false", "true"),
    [
        (Unsatisfiable(), Unsatisfiable()),
        (Satisfiable(EMPTY), Unsatisfiable()),
        (Undecided("?"), Unsatisfiable()),
        (RIGHT, RIGHT),
        (RIGHT, Undecided("?")),
    ],
)
def test_a_solver_that_fails_a_known_lemma_is_never_believed(
    false: Solution, true: Solution
) -> None:
    liar = ScriptedEngine(false, true, Satisfiable(EMPTY))

    assert solve(Flag("f"), engine=liar) == Undecided("the solver failed its self-test")
    assert Flag("f") not in liar.asked


def test_the_self_test_is_asked_once() -> None:
    engine = ScriptedEngine(RIGHT, Unsatisfiable(), Undecided("once"))

    assert [solve(Flag("f"), engine=engine) for _ in range(2)] == [Undecided("once")] * 2
    assert engine.asked.count(TRUE_LEMMA) == 1


def test_a_solution_that_does_not_hold_is_undecided() -> None:
    engine = ScriptedEngine(RIGHT, Unsatisfiable(), Satisfiable(EMPTY))

    assert solve(Flag("f"), engine=engine) == Undecided("the solver's answer does not hold")


def test_plain_finds_nothing_new_where_the_solver_says_there_is_nothing() -> None:
    engine = ScriptedEngine(RIGHT, Unsatisfiable(), Unsatisfiable("a proof"))

    assert solve(Flag("f"), plain=(X,), engine=engine) == Unsatisfiable("a proof")
