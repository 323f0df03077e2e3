"""Answer a formula by the cheapest way that answers it: by hand, by an automaton, by the solver."""

from collections.abc import Iterator, Sequence

from valetkey.isolation.automaton import START, Machine, drawn_machine, glob_of, machine, shortest
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import (
    And,
    Assignment,
    Constant,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Or,
    Symbol,
    Text,
    holds,
)
from valetkey.isolation.simplify import simplified
from valetkey.isolation.solution import Satisfiable, Solution, Undecided, Unsatisfiable
from valetkey.isolation.solver import MILLISECONDS, Engine, solve

Atom = Equal | Like | Drawn


def decide(
    formula: Formula,
    *,
    plain: Sequence[Symbol] = (),
    milliseconds: int = MILLISECONDS,
    certificate: bool = False,
    engine: Engine | None = None,
) -> Solution:
    """Return what `solve` does, without the solver where it is not needed.

    Every solution is one of the formula as given: `holds` has confirmed it. With `certificate`
    the solver is asked first, about the formula as given, so that its proof is of that.
    """
    found: Solution | None = None
    if certificate:
        found = solve(
            formula, plain=plain, milliseconds=milliseconds, certificate=True, engine=engine
        )
    if found is None or isinstance(found, Undecided):
        short = simplified(formula)
        found = _without_solver(short) or solve(
            short, plain=plain, milliseconds=milliseconds, engine=engine
        )
    if isinstance(found, Satisfiable) and not holds(formula, found.assignment):
        return Undecided("the simplified formula is another one")
    return found


def _without_solver(formula: Formula) -> Satisfiable | Unsatisfiable | None:
    if isinstance(formula, Constant):
        return Satisfiable(Assignment({}, {})) if formula.value else Unsatisfiable()
    return decide_by_automaton(formula)


def decide_by_automaton(formula: Formula) -> Satisfiable | Unsatisfiable | None:
    """Return the answer to a formula about one symbol and patterns without symbols, the shortest
    text where there is one; None for any other formula, and where it is too large.
    """
    atoms = list(dict.fromkeys(_atoms(formula)))
    if not atoms or any(isinstance(atom, Flag) for atom in atoms):
        return None
    read = [_read(atom) for atom in atoms if not isinstance(atom, Flag)]
    machines = [each for each in read if each is not None]
    names = {each[0] for each in machines}
    if len(machines) < len(atoms) or len(names) != 1:
        return None
    automata = [each[1] for each in machines]

    def accepts(states: Sequence[int]) -> bool:
        truths = {
            atom: one.accepts(one.run(live, after))
            for atom, live, (_, one, _, after) in zip(atoms, states, machines, strict=True)
        }
        return _true(formula, truths)

    start = [one.run(START, before) for _, one, before, _ in machines]
    try:
        text = shortest(automata, start, accepts)
    except IsolationError:
        return None
    if text is None:
        return Unsatisfiable()
    found = Assignment({names.pop(): text}, {})
    return Satisfiable(found) if holds(formula, found) else None


def _atoms(formula: Formula) -> Iterator[Atom | Flag]:
    match formula:
        case Constant():
            return
        case Not(part):
            yield from _atoms(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _atoms(part)
        case _:
            yield formula


def _read(atom: Atom) -> tuple[str, Machine, str, str] | None:
    """Return the symbol's name, the automaton, and the literals before and after the symbol."""
    match atom:
        case Drawn(symbol, alphabet):
            return symbol.name, drawn_machine(alphabet), "", ""
        case Like(subject, pattern, any_case):
            glob, place = glob_of(pattern), _place(subject)
        case Equal(left, right):
            any_case = False
            subject, other = (left, right) if _place(left) else (right, left)
            glob, place = glob_of(other), _place(subject)
    if glob is None or place is None:
        return None
    name, before, after = place
    return name, machine(glob, any_case=any_case), before, after


def _place(subject: Text) -> tuple[str, str, str] | None:
    """Return the name of the one symbol of a text, and the literals before and after it."""
    at = [index for index, part in enumerate(subject) if isinstance(part, Symbol)]
    if len(at) != 1:
        return None
    symbol = subject[at[0]]
    before, after = subject[: at[0]], subject[at[0] + 1 :]
    if not isinstance(symbol, Symbol):
        return None
    return symbol.name, "".join(map(str, before)), "".join(map(str, after))


def _true(formula: Formula, truths: dict[Atom | Flag, bool]) -> bool:
    match formula:
        case Constant(value):
            return value
        case Not(part):
            return not _true(part, truths)
        case And(parts):
            return all(_true(part, truths) for part in parts)
        case Or(parts):
            return any(_true(part, truths) for part in parts)
        case _:
            return truths[formula]
