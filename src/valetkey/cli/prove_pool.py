"""Processes that decide formulas, each query within its own time.

A formula and a limit go to a process, a solution comes back. A process that says nothing for too
long, or dies, leaves its query undecided and another takes its place. No process outlives the
call, however it ends: Ctrl-C is the caller's to see alone.
"""

import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

from valetkey.errors import ValetkeyError
from valetkey.isolation.deciding import decide
from valetkey.isolation.formula import Formula, Symbol
from valetkey.isolation.solution import Solution, Undecided

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, SpawnContext

GRACE = 10.0  # seconds beyond twice the limit: a query asks the solver a few times over


@dataclass(frozen=True, slots=True)
class Query:
    """What a process is sent: a question's formula, without what makes a witness of it."""

    formula: Formula
    plain: tuple[Symbol, ...]
    milliseconds: int
    certificate: bool = False

    def decided(self) -> Solution:
        """Return the answer. Raises ValetkeyError `solver-missing`."""
        return decide(
            self.formula,
            plain=self.plain,
            milliseconds=self.milliseconds,
            certificate=self.certificate,
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer to the query at `index`, and the seconds it took."""

    index: int
    solution: Solution
    seconds: float


class _Worker:
    """One process, and what it is asked at present."""

    def __init__(self) -> None:
        context = _context()
        self.ours, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.index, self.is_lost = -1, False
        self.began = self.until = 0.0

    def ask(self, index: int, query: Query) -> None:
        """Send a query. Raises what pickling it does; an end of the process is heard later."""
        self.index, self.began = index, time.monotonic()
        self.until = self.began + 2 * query.milliseconds / 1000 + GRACE
        with suppress(OSError):
            self.ours.send(query)

    def heard(self) -> Solution:
        """Return what it answers. Raises ValetkeyError where that is an error."""
        try:
            said: object = self.ours.recv()
        except (EOFError, OSError):
            self.is_lost = True
            return Undecided("the solver's process ended without an answer")
        if isinstance(said, tuple):
            code, message, hint = said
            raise ValetkeyError(code, message, hint=hint)
        return said  # type: ignore[return-value]  # our own process sends nothing else

    def end(self) -> None:
        """End the process now."""
        self.process.kill()
        self.process.join()
        self.ours.close()


def _context() -> "ForkContext | SpawnContext":
    """Return how processes start: by `fork` where that is safe, for it is at once."""
    if sys.platform == "linux" and threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def _serve(queries: "Connection[object, object]") -> None:
    """Answer queries until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        while True:
            query = queries.recv()
            queries.send(_answer(query))


def _answer(query: object) -> Solution | tuple[str, str, str | None]:
    assert isinstance(query, Query)  # noqa: S101 - our own process sends nothing else
    try:
        return query.decided()
    except ValetkeyError as error:
        return error.code, error.message, error.hint
    except Exception as error:  # noqa: BLE001 - whatever fails is no proof
        return Undecided(f"the solver failed ({type(error).__name__})")


def decide_all(queries: Sequence[Query], *, processes: int) -> Generator[Decided, None, None]:
    """Give the answer to each query, as they come. Raises ValetkeyError `solver-missing`."""
    waiting = iter(enumerate(queries))
    workers: list[_Worker] = []
    try:
        for _ in range(min(processes, len(queries))):
            workers.append(_Worker())
            yield from _next(workers[-1], waiting)
        while busy := [one for one in workers if one.index >= 0]:
            soonest = min(one.until for one in busy) - time.monotonic()
            ready = wait([one.ours for one in busy], max(0.0, soonest))
            for worker in busy:
                if worker.ours in ready:
                    yield _done(worker, worker.heard())
                elif time.monotonic() >= worker.until:
                    yield _done(worker, Undecided("the solver did not keep to its time"))
                    worker.is_lost = True
                else:
                    continue
                yield from _next(_ready(worker, workers), waiting)
    finally:
        for worker in workers:
            worker.end()


def _done(worker: _Worker, solution: Solution) -> Decided:
    found = Decided(worker.index, solution, time.monotonic() - worker.began)
    worker.index = -1
    return found


def _ready(worker: _Worker, workers: list[_Worker]) -> _Worker:
    """Return the worker, or one in its place where it is lost."""
    if not worker.is_lost:
        return worker
    worker.end()
    workers[workers.index(worker)] = fresh = _Worker()
    return fresh


def _next(worker: _Worker, waiting: Iterator[tuple[int, Query]]) -> Iterator[Decided]:
    """Ask the next query; give those that can't be sent."""
    for index, query in waiting:
        try:
            worker.ask(index, query)
        except RecursionError:
            worker.index = -1
            yield Decided(index, Undecided("the question is nested too deep"), 0.0)
        else:
            return
