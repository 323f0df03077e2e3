"""Whichever way answers, the answer is the same."""

import pytest
from hypothesis import given, settings

from tests.isolation.formulas import X, Y, atoms, combined, likes
from valetkey.iam.glob import STAR, Wild
from valetkey.isolation import deciding
from valetkey.isolation.deciding import decide, decide_by_automaton
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Alphabet,
    Assignment,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    all_of,
    holds,
    negated,
)
from valetkey.isolation.known import TRUE_LEMMA
from valetkey.isolation.solution import Satisfiable, Solution, Undecided, Unsatisfiable
from valetkey.isolation.solver import Cvc5


def _solver_alone(formula: Formula) -> Solution:
    return Cvc5().check(formula, 10_000)


@settings(max_examples=60)
@given(combined(likes(X)))
def test_the_automaton_and_the_solver_agree_on_patterns(formula: Formula) -> None:
    by_automaton = decide_by_automaton(formula)

    assert by_automaton is None or type(by_automaton) is type(_solver_alone(formula))


@settings(max_examples=60)
@given(combined(atoms()))
def test_every_solution_holds_and_none_is_missed(formula: Formula) -> None:
    found = decide(formula)

    if isinstance(found, Satisfiable):
        assert holds(formula, found.assignment)
    elif isinstance(found, Unsatisfiable):
        assert not holds(formula, Assignment({}, {}))
        assert not holds(formula, Assignment({"x": "a", "y": "b/"}, {"f": True}))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Like((X,), ("s3:Get", STAR)), "s3:Get"),
        (all_of([Like((X,), (Wild.ONE,)), negated(Drawn(X, Alphabet.TAG))]), None),
        (all_of([Like(("a", X), (STAR, "ab")), negated(Equal((X,), ("b",)))]), "ab"),
        (all_of([Drawn(X, Alphabet.PLAIN), negated(Equal((X,), ()))]), "x"),
    ],
)
def test_a_question_about_patterns_alone_needs_no_solver(
    formula: Formula, text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(deciding, "solve")

    found = decide(formula)

    assert isinstance(found, Satisfiable)
    assert text is None or found.assignment.texts == {"x": text}


def test_constants_need_no_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(deciding, "solve")

    assert decide(TRUE) == Satisfiable(Assignment({}, {}))
    assert decide(FALSE) == Unsatisfiable()
    assert decide(all_of([Flag("f"), Like((X,), ("a", Y)), Like((X,), ("b",))])) == Unsatisfiable()


def test_what_the_automaton_is_not_for_goes_to_the_solver() -> None:
    assert decide_by_automaton(Flag("f")) is None
    assert decide_by_automaton(Like((X,), (Y, STAR))) is None
    assert decide_by_automaton(all_of([Like((X,), (STAR,)), Like((Y,), (STAR,))])) is None
    assert decide(TRUE_LEMMA) == Unsatisfiable()


def test_a_certificate_is_of_the_formula_as_given() -> None:
    trivial = all_of([Like((X,), ("a", STAR)), Like((X,), ("b", STAR))])

    found = decide(trivial, certificate=True)

    assert isinstance(found, Unsatisfiable)
    assert found.certificate is not None


def test_a_wrong_simplification_is_undecided_and_no_solution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deciding, "simplified", lambda _: TRUE)

    assert decide(Flag("f")) == Undecided("the simplified formula is another one")
