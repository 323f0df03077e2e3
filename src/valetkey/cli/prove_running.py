"""Run a proof: what no solver is needed for is settled here, the rest by a pool of processes."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from valetkey.cli.prove_pool import Decided, Query, decide_all
from valetkey.isolation.answer import Report, Theorem
from valetkey.isolation.deciding import decide_by_automaton
from valetkey.isolation.formula import Assignment, Constant, Formula, Symbol, holds
from valetkey.isolation.problem import Problem
from valetkey.isolation.proving import Answered, conclude, questions_of, verdict
from valetkey.isolation.question import Asked, Question, Settled
from valetkey.isolation.simplify import simplified
from valetkey.isolation.solution import Satisfiable, Solution, Unsatisfiable

MOST_PROCESSES = 8
FEW = 3  # questions: for fewer, starting processes takes longer

Memory = dict[tuple[Formula, tuple[Symbol, ...]], Solution]
"""What was answered before, by formula: after an edit most questions are as they were."""

Advance = Callable[[int, int, str], None]
"""Told how many questions are answered, of how many, and what the last one was about."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`milliseconds` are each query's. With `certificate` the solver says why nothing is found."""

    milliseconds: int
    certificate: bool = False


@dataclass(frozen=True, slots=True)
class Certified:
    """Why a question has no solution: the solver's proof, or None where none was needed."""

    theorem: Theorem
    about: str
    proof: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """A report and the certificates of what it proves, in the order of the questions."""

    report: Report
    certificates: tuple[Certified, ...] = field(default=())


def run(
    problem: Problem,
    limits: Limits,
    advance: Advance = lambda *_: None,
    *,
    memory: Memory | None = None,
) -> Run:
    """Put all questions about a problem. What is in `memory` is not asked again; the answers are
    added to it. Raises ValetkeyError `solver-missing`.
    """
    memory = {} if memory is None else memory
    asked, built = _asked(problem)
    puts = {index: one for index, one in enumerate(asked) if isinstance(one, Question)}
    answers: dict[int, Decided] = {}

    def take(decided: Decided) -> None:
        question = puts[decided.index]
        answers[decided.index] = decided
        memory[question.formula, question.plain] = decided.solution
        advance(len(answers), len(puts), question.about)

    left = []
    for index, question in puts.items():
        began = time.monotonic()
        known = memory.get((question.formula, question.plain))
        solution = known or _at_once(question, limits)
        if solution is None:
            left.append(index)
        else:
            take(Decided(index, solution, time.monotonic() - began))
    for decided in _solved([puts[index] for index in left], limits):
        take(replace(decided, index=left[decided.index]))
    return _concluded(problem, asked, answers, built=built)


def _asked(problem: Problem) -> tuple[tuple[Asked, ...], dict[int, float]]:
    """Return all questions, and at the first of each theorem the seconds in which its were made."""
    asked: list[Asked] = []
    built: dict[int, float] = {}
    for theorem in Theorem:
        began, first = time.monotonic(), len(asked)
        asked += questions_of(problem, theorem)
        built[first] = time.monotonic() - began
    return tuple(asked), built


def _solved(asked: Sequence[Question], limits: Limits) -> Iterator[Decided]:
    """Give the solver's answers; to one question or two in this process."""
    queries = [
        Query(one.formula, one.plain, limits.milliseconds, limits.certificate) for one in asked
    ]
    if len(queries) < FEW:
        for index, query in enumerate(queries):
            began = time.monotonic()
            solution = query.decided()
            yield Decided(index, solution, time.monotonic() - began)
        return
    with closing(decide_all(queries, processes=_processes())) as found:
        yield from found


def _processes() -> int:
    """Return how many processes this one may keep busy."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(own or 1, MOST_PROCESSES))


def _at_once(question: Question, limits: Limits) -> Solution | None:
    """Return the answer of what needs no solver. With certificates, patterns need one, too."""
    short = simplified(question.formula)
    if short == Constant(False):
        return Unsatisfiable()
    found = None if limits.certificate else decide_by_automaton(short)
    if short == Constant(True):
        found = Satisfiable(Assignment({}, {}))
    if isinstance(found, Satisfiable) and not holds(question.formula, found.assignment):
        return None
    return found


def _concluded(
    problem: Problem,
    asked: tuple[Asked, ...],
    answers: dict[int, Decided],
    *,
    built: dict[int, float],
) -> Run:
    answered, certificates = [], []
    for index, one in enumerate(asked):
        making = built.get(index, 0.0)
        if isinstance(one, Settled):
            answered.append(Answered(one.theorem, one.verdict, making))
            continue
        decided = answers[index]
        began = time.monotonic()
        said = verdict(one, decided.solution)
        seconds = making + decided.seconds + time.monotonic() - began
        answered.append(Answered(one.theorem, said, seconds))
        if isinstance(decided.solution, Unsatisfiable):
            proof = decided.solution.certificate
            certificates.append(Certified(one.theorem, one.about, proof))
    return Run(conclude(problem, answered), tuple(certificates))
