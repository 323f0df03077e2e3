"""Only-by-the-broker: nobody else comes to a session, and the broker's are tagged as the map says.

Every trust statement names only roles of `assumed_by`, or our provider with `aud` and `sub`
pinned; the request must pass exactly our tags, each bounded by the policy's text. A trust policy
that requires `valetkey_run` in the request can't be chained into: a session of the broker's has
that tag as a transitive one, and STS takes no inherited transitive tag a second time.
"""

from collections.abc import Iterator, Mapping

from valetkey.isolation.admission import needed_by, way_of
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.bounds import required_tags, value_bounds
from valetkey.isolation.callers import Caller, known_callers
from valetkey.isolation.formula import TRUE, Assignment, Formula, all_of, any_of
from valetkey.isolation.letting_in import let_in_by_resources
from valetkey.isolation.posing import posed, symbols_of, unknown, values_of, witness_of
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.question import Asked
from valetkey.isolation.request_tags import (
    besides,
    in_any_case,
    in_small_letters,
    other_tags,
    request_tags,
)
from valetkey.isolation.session import TagState, in_alphabet, tag_flag, tag_symbol
from valetkey.isolation.sessions import tag_keys
from valetkey.isolation.strangers import strangers
from valetkey.isolation.unencodable import Unencodable

THEOREM = Theorem.ONLY_BY_THE_BROKER
PREFIX = "a."


def only_by_the_broker(problem: Problem) -> Iterator[Asked]:
    """Yield the questions: who else may assume a role, with which other tags, and whom else the
    mapped resources let in.
    """
    for role in problem.roles:
        yield from strangers(role, problem)
        for caller in known_callers(role.trust, problem.tenancy):
            yield from _tags(role, caller, problem)
    yield from let_in_by_resources(problem)


def _tags(role: CompiledRole, caller: Caller, problem: Problem) -> Iterator[Asked]:
    """Yield what a caller whom the map names may do with tags."""
    ours = required_tags(problem.tenancy)
    others = [key for key in tag_keys(problem, role) if key not in ours]
    free = dict.fromkeys(ours, TagState.FREE)
    states = {**free, **dict.fromkeys(others, TagState.ABSENT)}
    for key in ours:
        for state, words in ((TagState.ABSENT, "without"), (TagState.EMPTY, "with an empty")):
            odd = {**states, key: state}
            yield from _asked(role, caller, odd, f"{words} `{key}`", problem=problem)
    for bound in value_bounds(problem.tenancy):
        full = {**states, bound.tag: TagState.FULL}
        broken = bound.broken(tag_symbol(bound.tag, PREFIX))
        words = f"with a `{bound.tag}` {bound.words}"
        yield from _asked(role, caller, full, words, problem=problem, broken=broken)
    states = {**free, **dict.fromkeys(others, TagState.FREE)}
    needed = needed_by(role, caller, problem, own=1)
    for key in others:
        words, there = f"with another tag, `{key}`", tag_flag(key, PREFIX)
        yield from _asked(role, caller, states, words, problem=problem, broken=there, others=needed)
    unnamed = any_of(one.present for one in other_tags(f"{PREFIX}by.", needed))
    words = "with a tag that is not the map's"
    yield from _asked(role, caller, states, words, problem=problem, broken=unnamed, others=needed)


def _asked(
    role: CompiledRole,
    caller: Caller,
    states: Mapping[str, TagState],
    words: str,
    *,
    problem: Problem,
    broken: Formula = TRUE,
    others: int = 0,
) -> Iterator[Asked]:
    """Ask whether the caller comes to such a session, with up to as many `others` as tags; and
    whether it does where letters of either case are the same.
    """
    tags = request_tags(states, PREFIX)
    way = way_of(role, caller, tags, prefix=f"{PREFIX}by.", problem=problem, others=others)
    about = f"{caller.text} assumes {role.policies.arn} {words}"

    def witness(given: Assignment) -> Witness | None:
        for values in (given, in_small_letters(given, tags)):
            if way.confirmed(values):
                passed = values_of(tags, values) | besides(f"{PREFIX}by.", values)
                why = f"{caller.text} comes to a session of {role.policies.arn} {words}"
                return witness_of(way.asks[0], values, why, runs=(passed,))
        return None

    try:
        let_in = way.open
    except Unencodable as error:
        yield unknown(THEOREM, about, error.reason)
        return
    odd = all_of([in_alphabet(states, PREFIX), broken])
    plain = symbols_of(tags)
    yield posed(THEOREM, about, lambda: all_of([let_in, odd]), plain=plain, witness=witness)
    loosely = in_any_case(let_in, tags)
    if loosely != let_in:
        about = f"{about}, in letters of any case"
        yield posed(THEOREM, about, lambda: all_of([loosely, odd]), plain=plain, witness=witness)
