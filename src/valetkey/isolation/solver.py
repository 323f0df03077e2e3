"""Look for values that make a formula true, with cvc5. The only file that knows cvc5.

Nothing it says is taken on trust where that can be avoided: a solution counts only if
`formula.holds` confirms it, and no answer counts before the solver has passed a self-test. That
a formula can't be made true is cvc5's word, with its proof where one is asked for.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import (
    Alphabet,
    Assignment,
    Drawn,
    Formula,
    Symbol,
    all_of,
    holds,
)
from valetkey.isolation.known import FALSE_LEMMA, TRUE_LEMMA
from valetkey.isolation.shrinking import shrunk
from valetkey.isolation.solution import Satisfiable, Solution, Undecided, Unsatisfiable
from valetkey.isolation.terms import LAST_UNIT, Term, Terms
from valetkey.isolation.translation import translated

MILLISECONDS = 10_000
"""For one query: the lemmas of real maps take tens, and one that takes this long takes ages."""

SHORT = 24
"""Longest text of a plain witness; long enough for any that a person reads with ease."""

_QUICK = 2_000
_ESCAPE = re.compile(r'\\u\{([0-9a-fA-F]+)\}|\\u([0-9a-fA-F]{4})|""')


class Engine(Hashable, Protocol):
    """What looks for a solution of a formula, in at most so many milliseconds."""

    def check(
        self,
        formula: Formula,
        milliseconds: int,
        *,
        short: Sequence[Symbol] = (),
        certificate: bool = False,
    ) -> Solution:
        """Return its answer, unchecked; of `short` symbols only texts up to SHORT are taken.

        Raises IsolationError `not-translatable`.
        """


@dataclass(frozen=True, slots=True)
class Cvc5:
    """cvc5, a process's own: each query is a solver of its own, so none depends on another.

    Raises IsolationError `solver-missing` where it is not installed.
    """

    def check(
        self,
        formula: Formula,
        milliseconds: int,
        *,
        short: Sequence[Symbol] = (),
        certificate: bool = False,
    ) -> Solution:
        """Return cvc5's answer, for texts in UTF-16 units.

        It is asked without that bound first: what no characters satisfy, no units do.
        """
        cvc5 = _cvc5()
        for bounded in (False, True):
            terms = Terms(cvc5)
            said = [translated(formula, terms)]
            said += [_at_most(SHORT, terms.symbol(one.name), terms) for one in short]
            if bounded:
                said += [terms.of_units(symbol) for symbol in list(terms.symbols.values())]
            solution = _asked(cvc5, terms, said, milliseconds, certificate=certificate)
            if not isinstance(solution, Satisfiable) or _of_units(solution.assignment):
                return solution
        return Undecided("the solver answers with characters that do not exist")


def solve(
    formula: Formula,
    *,
    plain: Sequence[Symbol] = (),
    milliseconds: int = MILLISECONDS,
    certificate: bool = False,
    engine: Engine | None = None,
) -> Solution:
    """Return values that make the formula true, or that there are none, or that nobody knows.

    A solution in which the `plain` symbols are short and plain is preferred, then any. Whatever
    fails makes the answer Undecided. Raises IsolationError `solver-missing`.
    """
    engine = engine or Cvc5()
    try:
        if not self_test(engine):
            return Undecided("the solver failed its self-test")
        found = engine.check(formula, milliseconds, certificate=certificate)
        if isinstance(found, Unsatisfiable):
            return found
        nicer = all_of([formula, *(Drawn(symbol, Alphabet.PLAIN) for symbol in plain)])
        pretty = engine.check(nicer, min(milliseconds, _QUICK), short=plain)
    except IsolationError as error:
        if error.code != "not-translatable":
            raise
        return Undecided(error.message)
    for wanted, solution in ((nicer, pretty), (formula, found)):
        if isinstance(solution, Satisfiable) and holds(wanted, solution.assignment):
            return Satisfiable(shrunk(wanted, solution.assignment, plain))
    if isinstance(found, Undecided):
        return found
    return Undecided("the solver's answer does not hold")


@cache
def self_test(engine: Engine) -> bool:
    """Tell whether the solver refutes a false lemma and proves a true one, asked once."""
    false = engine.check(FALSE_LEMMA, MILLISECONDS)
    true = engine.check(TRUE_LEMMA, MILLISECONDS)
    return (
        isinstance(false, Satisfiable)
        and holds(FALSE_LEMMA, false.assignment)
        and isinstance(true, Unsatisfiable)
    )


def _cvc5() -> Any:
    try:
        import cvc5  # noqa: PLC0415 - an extra: the room can be imported without it
    except ImportError:
        raise IsolationError(
            "solver-missing",
            "a proof needs the solver cvc5, which is not installed",
            hint="pip install 'valetkey[prove]'",
        ) from None
    return cvc5


def _asked(
    cvc5: Any, terms: Terms, said: Sequence[Term], milliseconds: int, *, certificate: bool
) -> Solution:
    solver = cvc5.Solver(terms.manager)
    solver.setLogic("QF_SLIA")
    options = {
        "strings-exp": "true",
        "produce-models": "true",
        "tlimit-per": str(milliseconds),
        "produce-proofs": "true" if certificate else "false",
    }
    for name, value in options.items():
        solver.setOption(name, value)
    for term in said:
        solver.assertFormula(term)
    try:
        result = solver.checkSat()
    except RuntimeError as error:  # cvc5 throws for what it has no procedure for
        return Undecided(f"the solver gave up: {str(error).strip().splitlines()[0]}")
    if result.isUnsat():
        return Unsatisfiable(_proof(cvc5, solver) if certificate else None)
    if not result.isSat():
        why = str(result.getUnknownExplanation()).rsplit(".", 1)[-1].lower().replace("_", " ")
        return Undecided(
            f"the solver does not know after {milliseconds} ms ({why}): raise `--time-limit`"
        )
    texts = {name: _value(solver, term) for name, term in terms.symbols.items()}
    flags = {name: solver.getValue(term).getBooleanValue() for name, term in terms.flags.items()}
    return Satisfiable(Assignment(texts, flags))


def _proof(cvc5: Any, solver: Any) -> str:
    steps = solver.getProof(cvc5.ProofComponent.FULL)
    return "".join(_text(solver.proofToString(step, cvc5.ProofFormat.CPC)) for step in steps)


def _text(written: str | bytes) -> str:
    return written.decode() if isinstance(written, bytes) else written


def _at_most(size: int, text: Term, terms: Terms) -> Term:
    return terms.make("LEQ", terms.length(text), terms.number(size))


def _of_units(assignment: Assignment) -> bool:
    return all(ord(unit) <= LAST_UNIT for text in assignment.texts.values() for unit in text)


def _value(solver: Any, term: Term) -> str:
    """Return a string's value: read from its text, since no str of Python is half a pair's."""
    written = str(solver.getValue(term))[1:-1]
    return _ESCAPE.sub(
        lambda found: '"' if found[0] == '""' else chr(int(found[1] or found[2], 16)), written
    )
