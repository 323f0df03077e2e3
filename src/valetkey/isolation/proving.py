"""From a problem to its report: which questions there are, what their answers say together.

Whoever calls looks for the solutions, one after the other (`prove`) or many at once: a formula
can go to another process, a question's `witness` stays here. It keeps no time: there is no clock.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from valetkey.errors import ValetkeyError
from valetkey.isolation.answer import Answer, Report, Theorem, TheoremAnswer, Verdict
from valetkey.isolation.assumptions import assumptions_of
from valetkey.isolation.deciding import decide
from valetkey.isolation.formula import Assignment, Formula, Symbol
from valetkey.isolation.problem import Problem
from valetkey.isolation.question import Asked, Question, Settled
from valetkey.isolation.solution import Satisfiable, Solution, Unsatisfiable
from valetkey.isolation.supplied import what_is_missing
from valetkey.isolation.theorem_fail_closed import fail_closed
from valetkey.isolation.theorem_isolation import isolation
from valetkey.isolation.theorem_no_way_up import no_way_up
from valetkey.isolation.theorem_only_by_the_broker import only_by_the_broker
from valetkey.isolation.theorem_usable import usable
from valetkey.isolation.unencodable import Unencodable

NOTHING_ASKED = "nothing was asked: neither the map nor the policies say anything of it"
NOT_REPRODUCED = "a request was found that the evaluator does not confirm"
SAID_ALREADY = f"{NOT_REPRODUCED} ("

THEOREMS: dict[Theorem, Callable[[Problem], Iterator[Asked]]] = {
    Theorem.ISOLATION: isolation,
    Theorem.FAIL_CLOSED: fail_closed,
    Theorem.ONLY_BY_THE_BROKER: only_by_the_broker,
    Theorem.NO_WAY_UP: no_way_up,
    Theorem.USABLE: usable,
}


class Solve(Protocol):
    """What looks for values that make a formula true."""

    def __call__(self, formula: Formula, /, *, plain: tuple[Symbol, ...]) -> Solution:
        """Return what it found; the `plain` symbols are better short and plain."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The verdict about one question of a theorem, and the seconds that finding it took."""

    theorem: Theorem
    verdict: Verdict
    seconds: float = 0.0


def questions(problem: Problem) -> tuple[Asked, ...]:
    """Return every question of every theorem, in a fixed order."""
    return tuple(one for theorem in Theorem for one in questions_of(problem, theorem))


def questions_of(problem: Problem, theorem: Theorem) -> tuple[Asked, ...]:
    """Return every question of one theorem, in a fixed order.

    What was not supplied, and what a formula can't say, are there as settled: unknown.
    """
    found: list[Asked] = [
        Settled(theorem, _unknown(about, reason)) for about, reason in what_is_missing(problem)
    ]
    try:
        found.extend(THEOREMS[theorem](problem))  # what was asked before the exception is kept
    except Unencodable as error:
        found.append(Settled(theorem, _unknown("what can't be said", error.reason)))
    return tuple(found)


def verdict(question: Question, solution: Solution) -> Verdict:
    """Return what a solution says: only a request that the evaluator confirms refutes."""
    match solution:
        case Unsatisfiable():
            return Verdict(Answer.PROVED, question.about)
        case Satisfiable(assignment):
            try:
                witness = question.witness(assignment)
            except ValetkeyError as error:  # no request has these values
                return _unknown(question.about, f"{NOT_REPRODUCED}: {error.message}")
            if witness is None:
                return _unknown(question.about, _not_reproduced(question, assignment))
            return Verdict(Answer.REFUTED, question.about, witness=witness)
        case _:
            return _unknown(question.about, solution.reason)


def _not_reproduced(question: Question, given: Assignment) -> str:
    """Return the reason, with what was asked and the context keys that the solution has."""
    names = [name.partition("key.")[2] for name in given.texts if "key." in name]
    keys = dict.fromkeys(name.partition("#")[0] for name in names)
    rests = f", by the keys {', '.join(f'`{key}`' for key in keys)}" if keys else ""
    return f"{SAID_ALREADY}{question.about}{rests})"


def conclude(problem: Problem, answered: Iterable[Answered]) -> Report:
    """Return the report: a theorem is proved only where each of its questions is, and it has one.

    Refuted comes before unknown, unknown before proved.
    """
    by_theorem: dict[Theorem, list[Answered]] = {theorem: [] for theorem in Theorem}
    for one in answered:
        by_theorem[one.theorem].append(one)
    return Report(
        tuple(_concluded(problem, theorem, found) for theorem, found in by_theorem.items())
    )


def prove(problem: Problem, solve: Solve = decide) -> Report:
    """Return the report, each question answered in its turn by `solve`."""
    return conclude(problem, [_answered(asked, solve) for asked in questions(problem)])


def _answered(asked: Asked, solve: Solve) -> Answered:
    if isinstance(asked, Settled):
        return Answered(asked.theorem, asked.verdict)
    solution = solve(asked.formula, plain=asked.plain)
    return Answered(asked.theorem, verdict(asked, solution))


def _concluded(problem: Problem, theorem: Theorem, found: list[Answered]) -> TheoremAnswer:
    verdicts = [one.verdict for one in found]
    reasons = [one.reason or NOT_REPRODUCED for one in verdicts if one.answer is Answer.UNKNOWN]
    if not verdicts:
        reasons = [NOTHING_ASKED]
    answers = {one.answer for one in verdicts}
    answer = Answer.UNKNOWN if reasons else Answer.PROVED
    if Answer.REFUTED in answers:  # what a confirmed request says, another need not say again
        answer = Answer.REFUTED
        reasons = [one for one in reasons if not one.startswith(SAID_ALREADY)]
    return TheoremAnswer(
        theorem,
        answer,
        witnesses=tuple(one.witness for one in verdicts if one.witness is not None),
        reasons=tuple(dict.fromkeys(reasons)),
        assumptions=assumptions_of(problem, theorem),
        queries=len(found),
        seconds=sum(one.seconds for one in found),
    )


def _unknown(about: str, reason: str) -> Verdict:
    return Verdict(Answer.UNKNOWN, about, reason=reason)
