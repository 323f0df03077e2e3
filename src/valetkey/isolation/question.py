"""One question for the solver: is there a request of which this is true?"""

from collections.abc import Callable
from dataclasses import dataclass

from valetkey.isolation.answer import Theorem, Verdict, Witness
from valetkey.isolation.formula import Assignment, Formula, Symbol


@dataclass(frozen=True, slots=True)
class Question:
    """`formula` can be made true iff the theorem fails at this place.

    `about` says in words what is asked (for progress and the report). `plain` are the symbols
    that a person will read in a witness: a solution of short plain texts is looked for first.
    `witness` makes of a solution a request, asks the evaluator, and returns None where the
    evaluator does not confirm it. The formula alone goes to other processes.
    """

    theorem: Theorem
    about: str
    formula: Formula
    plain: tuple[Symbol, ...]
    witness: Callable[[Assignment], Witness | None]


@dataclass(frozen=True, slots=True)
class Settled:
    """A question of a theorem that needed no solver."""

    theorem: Theorem
    verdict: Verdict


Asked = Question | Settled
