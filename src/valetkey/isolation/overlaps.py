"""No key has two owners: of two runs that differ in the tags of an entry, no two own one key.

A question about the map's texts and what the trust policy lets in; the permission policies only
have to allow the request that shows it. Entries may not meet either: what one run owns by one
entry must not be another's by the other, or everybody's.
"""

from collections.abc import Iterator
from itertools import combinations_with_replacement

from valetkey.iam.glob import STAR
from valetkey.isolation.answer import Theorem
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Formula,
    Text,
    all_of,
    any_of,
    negated,
)
from valetkey.isolation.posing import unknown
from valetkey.isolation.problem import Problem
from valetkey.isolation.question import Asked, Question
from valetkey.isolation.regions import Region, filled
from valetkey.isolation.session import tag_symbol
from valetkey.isolation.sessions import ASKER, OWNER
from valetkey.isolation.simplify import simplified
from valetkey.isolation.two_owners import Overlap, full_session
from valetkey.isolation.unencodable import Unencodable


def overlaps(problem: Problem, regions: tuple[Region, ...]) -> Iterator[Asked]:
    """Yield a question for each two regions that may meet; equal formulas are asked once."""
    try:
        runs = _two_runs(problem)
    except Unencodable as error:
        yield unknown(Theorem.ISOLATION, "two owners of one key", error.reason)
        return
    seen: set[Formula] = set()
    symbols = tuple(
        tag_symbol(key, prefix) for prefix in (ASKER, OWNER) for key in problem.tenancy.tags
    )
    for first, second in combinations_with_replacement(regions, 2):
        core = simplified(_meet(first, second))
        if core == FALSE or core in seen:
            continue
        seen.add(core)
        about = f"two owners of one key: {first.place}"
        if first.place != second.place:
            about += f" and {second.place}"
        formula = all_of([core, runs])
        witness = Overlap(problem, formula, first, second)
        yield Question(Theorem.ISOLATION, about, formula, symbols, witness)


def _two_runs(problem: Problem) -> Formula:
    """Return that trust lets in both runs, each with all tags of the map. Raises Unencodable."""
    return all_of(
        any_of(full_session(problem, role, prefix).let_in for role in problem.roles)
        for prefix in (ASKER, OWNER)
    )


def _meet(first: Region, second: Region) -> Formula:
    """Return that the run `a.` owns by the first what `b.`, another run, owns by the second."""
    tags = dict.fromkeys((*first.tags, *second.tags))
    differ = any_of(
        negated(equal((tag_symbol(key, ASKER),), (tag_symbol(key, OWNER),))) for key in tags
    )
    resources = _met(
        filled(first.resource, ASKER), filled(second.resource, OWNER), first.open, second.open
    )
    if first.key is None or second.key is None or first.key.name != second.key.name:
        keys: Formula = TRUE
    else:
        one, other = filled(first.key.text, ASKER), filled(second.key.text, OWNER)
        keys = _met(one, other, first.key.open, second.key.open)
    return all_of([differ, resources, keys])


def _met(one: Text, other: Text, *opened: bool) -> Formula:
    """Return that some text is of both; an open one is followed by anything."""
    match opened:
        case (False, False):
            return equal(one, other)
        case (True, False):
            return like(other, (*one, STAR))
        case (False, True):
            return like(one, (*other, STAR))
        case _:
            return any_of([like(other, (*one, STAR)), like(one, (*other, STAR))])
