"""How much a decision may cost: an attacker may write a policy and a request of great length.

Only patterns with a wild other than `*` cost a step for each character; all others are found
by searching. What would take too long is denied without being tried.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from valetkey.iam.template import Template
from valetkey.iam.variables import ContextValue

MAX_STEPS = 4_000_000  # about a second; a session role and its request take some hundreds
WIDTH = 512  # characters of a pattern that cost about as much as one


class Work(NamedTuple):
    """Steps a character of the request: `fixed`, and `filled` more for each WIDTH of those."""

    fixed: int
    filled: int


NO_WORK = Work(0, 0)


def work_of(templates: Iterable[Template]) -> Work:
    """Return what these patterns cost; a variable may bring as much text as the request has."""
    costly = [template for template in templates if template.runs is None]
    return Work(
        sum(1 + len(template.written) // WIDTH for template in costly),
        sum(1 for template in costly if template.variables),
    )


def added(works: Iterable[Work]) -> Work:
    """Return the cost of all of them."""
    listed = tuple(works)
    return Work(sum(work.fixed for work in listed), sum(work.filled for work in listed))


def is_too_much(work: Work, keys: Mapping[str, ContextValue]) -> bool:
    """Tell whether matching the request's keys against these patterns would take too long."""
    size = sum(
        len(value) if isinstance(value, str) else sum(map(len, value)) + len(value)
        for value in keys.values()
    )
    return work.fixed * size + work.filled * size * size // WIDTH > MAX_STEPS
