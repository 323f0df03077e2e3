"""How much a decision may cost: an attacker may write policies and a request of great length.

Each pattern says what it can cost, and what would take too long is denied without being tried.
Matching never backtracks, so the cost is at most a product: of patterns and letters, or of the
letters that a request brings twice, as a text and as a variable's value.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from valetkey.iam.template import Template
from valetkey.iam.variables import ContextValue

MAX_STEPS = 500_000_000  # of about a nanosecond; a session role and its request take a thousand
MAX_COMPARED = 2_500  # letters compared at each place of a text, before CPython's search is linear

# Steps, measured with CPython 3.11 and rounded up.
TRY = 150  # calling a pattern's function
PIECE = 50  # of a pattern, at each try
STEP = 100  # of the automaton that matches a `?`, for each letter
STATES = 5  # of the automaton that one more nanosecond moves at each step
NETWORK_TRY = 600  # comparing an address with a network
ARN_TRY = 2_000  # comparing an ARN part by part
ARN_COMPILED = 30_000  # a pattern of an Arn operator with variables, at each try
FILLED = 200  # filling in a letter outside the Basic Multilingual Plane


class Work(NamedTuple):
    """Steps for each value of a request, for each of its letters, and for each two letters."""

    values: int
    letters: int = 0
    pairs: int = 0

    def steps(self, *, values: int, letters: int) -> int:
        """Return how many steps it is for a request of so many values and letters."""
        compared = min(letters, MAX_COMPARED)
        return self.values * values + (self.letters + self.pairs * compared) * letters


NO_WORK = Work(0)
READ = Work(4_000, 2)  # reading a number, a date, an address or an ARN, and base64's letters


def work_of(templates: Iterable[Template]) -> Work:
    """Return what matching one text after the other with these patterns costs at most.

    Those that match one text only cost nothing: they are looked up together.
    """
    return added([_work(template) for template in templates if template.constant is None])


def _work(template: Template) -> Work:
    values = TRY + PIECE * len(template.pieces)
    filled = len(template.variables)
    letters = FILLED if filled else 0
    if template.runs is None:
        states = len(template.written)
        return Work(values + STEP * states, letters + 2 * STEP + states // STATES, min(filled, 1))
    searched = template.runs[1:-1]
    known = sum(len(run) for run in searched if isinstance(run, str))
    return Work(values, letters + known, sum(not isinstance(run, str) for run in searched))


def work_of_equals(templates: Iterable[Template]) -> Work:
    """Return what comparing one text with each of these costs: no letter of a variable alone,
    which is not copied.
    """
    varying = [template for template in templates if template.constant is None]
    alone = sum(len(template.pieces) == 1 for template in varying)
    joined = [template for template in varying if len(template.pieces) > 1]
    return added([Work((TRY + PIECE) * alone), work_of(joined)])


def work_of_arns(patterns: Sequence[Template]) -> Work:
    """Return what comparing one ARN with each of these, part by part, costs at most."""
    filled = [pattern for pattern in patterns if pattern.variables]
    compiling = sum(ARN_COMPILED + STEP * len(pattern.written) for pattern in filled)
    return added([READ, Work(ARN_TRY * len(patterns) + compiling), work_of(patterns)])


def added(works: Sequence[Work]) -> Work:
    """Return the cost of all of them."""
    if len(works) < 2:
        return works[0] if works else NO_WORK
    values, letters, pairs = zip(*works, strict=True)
    return Work(sum(values), sum(letters), sum(pairs))


def is_too_much(work: Work, resource: str, keys: Mapping[str, ContextValue]) -> bool:
    """Tell whether matching the resource and the keys of a request would take too long."""
    values = 1
    letters = len(resource)
    for value in keys.values():
        if isinstance(value, str):
            letters += len(value)
        else:
            values = max(values, len(value))
            letters += sum(map(len, value))
    return work.steps(values=values, letters=letters) > MAX_STEPS
