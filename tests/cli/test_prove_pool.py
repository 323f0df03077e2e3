"""The pool: each query is answered or undecided, in its time, and no process is left."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator

import pytest

from valetkey.cli import prove_pool
from valetkey.cli.prove_pool import Decided, Query, decide_all
from valetkey.errors import ValetkeyError
from valetkey.isolation.formula import FALSE, TRUE, And, Equal, Formula, Not, Symbol, negated
from valetkey.isolation.solution import Satisfiable, Solution, Undecided, Unsatisfiable

# Python 3.12 warns of a fork beside threads, which are pytest's here
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
A = Symbol("a")
IS_X, IS_NOT_X = Equal((A,), ("x",)), negated(Equal((A,), ("x",)))


@pytest.fixture(autouse=True)
def _forked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start processes as the command does where it has no thread, so that fakes are theirs, too."""
    context = multiprocessing.get_context("fork")
    monkeypatch.setattr(prove_pool, "_context", lambda: context)
    yield
    assert not multiprocessing.active_children()


def queries(*formulas: Formula, milliseconds: int = 5_000) -> list[Query]:
    return [Query(formula, (A,), milliseconds) for formula in formulas]


def by_index(found: Iterator[Decided]) -> dict[int, Solution]:
    return {one.index: one.solution for one in found}


def test_each_query_gets_its_own_answer() -> None:
    asked = queries(FALSE, TRUE, IS_X, FALSE, IS_NOT_X)
    found = by_index(decide_all(asked, processes=2))

    assert sorted(found) == [0, 1, 2, 3, 4]
    assert found[0] == found[3] == Unsatisfiable()
    for index in (1, 2, 4):
        assert isinstance(found[index], Satisfiable)


def test_no_query_needs_no_process() -> None:
    assert by_index(decide_all([], processes=2)) == {}


def fake(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    def decided(self: Query) -> object:
        if self.formula == IS_X and callable(answer):
            return answer()
        return Unsatisfiable()

    monkeypatch.setattr(Query, "decided", decided)


def test_a_process_that_dies_leaves_its_query_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGKILL))
    found = by_index(decide_all(queries(IS_X, FALSE, TRUE, FALSE), processes=1))

    assert isinstance(found[0], Undecided)
    assert [found[index] for index in (1, 2, 3)] == [Unsatisfiable()] * 3


def test_a_process_that_does_not_keep_to_its_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, lambda: time.sleep(60))
    monkeypatch.setattr(prove_pool, "GRACE", 0.2)
    found = by_index(decide_all(queries(IS_X, FALSE, milliseconds=50), processes=1))

    assert found[0] == Undecided("the solver did not keep to its time")
    assert found[1] == Unsatisfiable()


def test_whatever_fails_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise MemoryError

    fake(monkeypatch, broken)
    found = by_index(decide_all(queries(IS_X, FALSE), processes=2))

    assert found[0] == Undecided("the solver failed (MemoryError)")
    assert found[1] == Unsatisfiable()


def test_an_error_for_a_person_reaches_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> object:
        raise ValetkeyError("solver-missing", "no solver", hint="install it")

    fake(monkeypatch, missing)
    with pytest.raises(ValetkeyError) as raised:
        list(decide_all(queries(IS_X), processes=2))
    assert (raised.value.code, raised.value.hint) == ("solver-missing", "install it")


def test_whoever_stops_listening_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, lambda: time.sleep(60))
    found = decide_all(queries(FALSE, IS_X, IS_X), processes=2)
    next(found)
    assert multiprocessing.active_children()
    found.close()
    assert not multiprocessing.active_children()


def test_ctrl_c_is_the_callers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> Solution:
        os.kill(os.getpid(), signal.SIGINT)
        return Unsatisfiable()

    fake(monkeypatch, interrupted)
    assert by_index(decide_all(queries(IS_X), processes=1)) == {0: Unsatisfiable()}


def test_a_formula_too_deep_to_send_is_undecided() -> None:
    deep: Formula = IS_X
    for _ in range(3_000):
        deep = And((Not(deep), IS_X))
    found = by_index(decide_all(queries(deep, FALSE), processes=1))

    assert isinstance(found[0], Undecided)
    assert found[1] == Unsatisfiable()
