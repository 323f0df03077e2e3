"""Running a proof: asked at once, of processes, or not again; no question is lost on the way."""

import io
import sys
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.proof_world import HOSTILE, OWN, TENANCY, policies, witness
from valetkey.cli import prove_running
from valetkey.cli.prove_pool import Decided, Query
from valetkey.cli.prove_progress import progress
from valetkey.cli.prove_running import Certified, Limits, Memory, run
from valetkey.isolation.answer import Answer, Theorem, Verdict, Witness
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Assignment,
    Equal,
    Flag,
    Formula,
    Symbol,
    all_of,
    negated,
)
from valetkey.isolation.problem import problem_of
from valetkey.isolation.question import Asked, Question, Settled
from valetkey.isolation.solution import Satisfiable, Solution, Undecided, Unsatisfiable

PROBLEM = problem_of(TENANCY, policies(OWN))
LIMITS = Limits(5_000)
HARD = [Equal((Symbol(f"x{index}"), Symbol("y")), ("ab",)) for index in range(4)]


def question(formula: Formula, theorem: Theorem = Theorem.ISOLATION, found: Any = None) -> Question:
    def made(given: Assignment) -> Witness | None:
        assert isinstance(given, Assignment)
        return found if isinstance(found, Witness) else None

    return Question(theorem, f"is it {formula}?", formula, (), made)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put these questions in place of a problem's."""

    def put(*asked: Asked) -> None:
        monkeypatch.setattr(
            prove_running,
            "questions_of",
            lambda problem, theorem: tuple(one for one in asked if one.theorem is theorem),
        )

    return put


@pytest.fixture
def solver(monkeypatch: pytest.MonkeyPatch) -> list[Formula]:
    """Answer in place of the solver, Unsatisfiable; return what it was asked."""
    heard: list[Formula] = []

    def decided(self: Query) -> Solution:
        heard.append(self.formula)
        return Unsatisfiable("a proof" if self.certificate else None)

    monkeypatch.setattr(Query, "decided", decided)
    return heard


def answers(found: prove_running.Run) -> dict[Theorem, Answer]:
    return {each.theorem: each.answer for each in found.report.theorems}


def test_what_can_not_be_is_proved_and_what_can_has_its_witness(ask: Any) -> None:
    ask(question(FALSE), question(TRUE, Theorem.NO_WAY_UP, witness()))
    found = run(PROBLEM, LIMITS)

    assert answers(found)[Theorem.ISOLATION] is Answer.PROVED
    assert answers(found)[Theorem.NO_WAY_UP] is Answer.REFUTED
    assert found.report.theorems[3].witnesses == (witness(),)


def test_a_solution_without_a_request_is_unknown(ask: Any) -> None:
    ask(question(TRUE))
    assert answers(run(PROBLEM, LIMITS))[Theorem.ISOLATION] is Answer.UNKNOWN


def test_no_answer_in_time_is_unknown(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Query, "decided", lambda self: Undecided("no time was left"))
    ask(question(HARD[0]), question(FALSE))
    found = run(PROBLEM, LIMITS)

    assert answers(found)[Theorem.ISOLATION] is Answer.UNKNOWN
    assert found.report.theorems[0].reasons == ("no time was left",)


def test_what_was_settled_is_kept(ask: Any) -> None:
    unknown = Settled(Theorem.USABLE, Verdict(Answer.UNKNOWN, "x", reason="not supplied"))
    ask(unknown, question(FALSE, Theorem.USABLE))
    found = run(PROBLEM, LIMITS)

    assert answers(found)[Theorem.USABLE] is Answer.UNKNOWN
    assert found.report.theorems[4].queries == 2


def test_the_seconds_of_a_theorem_have_those_in_which_its_questions_were_made(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count()
    monkeypatch.setattr(prove_running, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    ask(Settled(Theorem.USABLE, Verdict(Answer.PROVED, "x")))
    seconds = {one.theorem: one.seconds for one in run(PROBLEM, LIMITS).report.theorems}

    assert seconds[Theorem.USABLE] == 1.0


def test_patterns_alone_are_not_sent_to_the_solver(ask: Any, solver: list[Formula]) -> None:
    alone = all_of([negated(Equal((Symbol("x"),), ("a",))), negated(Flag("f"))])
    ask(question(negated(Equal((Symbol("x"),), ("a",)))), question(alone), question(HARD[0]))
    run(PROBLEM, LIMITS)

    assert solver == [alone, HARD[0]]


def test_for_a_certificate_patterns_are_sent_to_the_solver_too(
    ask: Any, solver: list[Formula]
) -> None:
    pattern = negated(Equal((Symbol("x"),), ("a",)))
    ask(question(pattern))
    run(PROBLEM, Limits(5_000, certificate=True))

    assert solver == [pattern]


def test_many_questions_go_to_processes_and_each_gets_its_answer_back(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def backwards(queries: list[Query], *, processes: int) -> Any:
        assert processes >= 1
        for index in reversed(range(len(queries))):
            solution = Unsatisfiable() if queries[index].formula == HARD[2] else Undecided("late")
            yield Decided(index, solution, 1.0)

    monkeypatch.setattr(prove_running, "decide_all", backwards)
    ask(
        question(FALSE),
        *(question(one, theorem) for one, theorem in zip(HARD, list(Theorem)[:4], strict=True)),
    )
    found = answers(run(PROBLEM, LIMITS))

    assert [found[theorem] for theorem in Theorem][1:4] == [
        Answer.UNKNOWN,
        Answer.PROVED,
        Answer.UNKNOWN,
    ]


def test_what_was_answered_before_is_not_asked_again(ask: Any, solver: list[Formula]) -> None:
    memory: Memory = {}
    ask(question(HARD[0]))
    run(PROBLEM, LIMITS, memory=memory)
    ask(question(HARD[0]), question(HARD[1]))
    run(PROBLEM, LIMITS, memory=memory)

    assert solver == HARD[:2]


def test_certificates_are_the_solvers_own_and_none_of_what_is_refuted(
    ask: Any, solver: list[Formula]
) -> None:
    ask(question(FALSE), question(HARD[0]), question(TRUE, found=witness()))
    found = run(PROBLEM, Limits(5_000, certificate=True)).certificates

    assert found == (
        Certified(Theorem.ISOLATION, f"is it {FALSE}?", None),
        Certified(Theorem.ISOLATION, f"is it {HARD[0]}?", "a proof"),
    )


def test_progress_counts_every_question(ask: Any, solver: list[Formula]) -> None:
    told: list[tuple[int, int]] = []
    ask(question(FALSE), question(HARD[0]), question(TRUE), question(HARD[1]))
    run(PROBLEM, LIMITS, lambda done, every, about: told.append((done, every)))

    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "says"), [(io.StringIO, False), (Terminal, True)])
def test_progress_is_drawn_on_a_terminal_alone(
    stream: type[io.StringIO], says: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = stream()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setenv("TERM", "xterm")
    with progress("proving") as advance:
        advance(1, 2, HOSTILE)

    assert bool(said.getvalue()) is says
    assert ("1/2" in said.getvalue()) is says
    assert "\x1b[2J" not in said.getvalue()
    assert "\x07" not in said.getvalue()


def test_a_query_that_is_satisfied_is_confirmed_by_the_formula_itself(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = negated(Equal((Symbol("x"),), ("a",)))
    monkeypatch.setattr(
        prove_running,
        "decide_by_automaton",
        lambda formula: Satisfiable(Assignment({"x": "a"}, {})),
    )
    monkeypatch.setattr(Query, "decided", lambda self: Undecided("asked again"))
    ask(question(odd, found=witness()))

    assert run(PROBLEM, LIMITS).report.theorems[0].reasons == ("asked again",)
