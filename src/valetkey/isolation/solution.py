"""What a solver answers about a formula: never true, true like this, or not known and why."""

from dataclasses import dataclass

from valetkey.isolation.formula import Assignment


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """No values make the formula true. `certificate` is the solver's proof of it, where asked."""

    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Satisfiable:
    """These values make the formula true: `formula.holds` has confirmed it."""

    assignment: Assignment


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nobody knows. `reason` is one line for a person."""

    reason: str


Solution = Unsatisfiable | Satisfiable | Undecided
