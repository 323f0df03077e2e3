"""Fail-closed: with any of the map's tags absent or empty, nothing that the map owns is reached.

A tag is taken away whatever the trust policy says, for a bound that is lost there must not open
anything here; it is empty only where trust lets an empty one in. What the role itself carries
stands in for a tag that is not there, so no tag of the role may have the key of one of the map's.

What is owned is owned whatever its entry gives: an index that the map does not list has the rows
of its table, and who lists a bucket reads keys that the entry lets nobody list.
"""

from collections.abc import Iterator, Mapping

from valetkey.isolation.answer import Theorem
from valetkey.isolation.data import Attempt, attempts, rights_by_action
from valetkey.isolation.encoding import Ask, allowed
from valetkey.isolation.formula import FALSE, Formula, all_of, any_of, negated
from valetkey.isolation.posing import proved, unknown
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.question import Asked, Question
from valetkey.isolation.regions import (
    Region,
    below,
    given,
    may_have,
    of_service,
    reaches,
    reaches_by_path,
    regions_owned,
)
from valetkey.isolation.session import TagState, tag_symbol
from valetkey.isolation.sessions import ASKER, Session, session_of
from valetkey.isolation.simplify import simplified
from valetkey.isolation.unencodable import Unencodable
from valetkey.isolation.witnesses import Witnessed
from valetkey.tenancy import Right, Shared

BY_PATH = "ssm:getparametersbypath"
"""Asked of a path, it brings all that is below it."""

STATES = {TagState.ABSENT: "absent", TagState.EMPTY: "empty"}


def fail_closed(problem: Problem) -> Iterator[Asked]:
    """Yield the questions of the theorem; equal formulas are asked once."""
    rights = rights_by_action(problem)
    regions = regions_owned(problem.tenancy)
    for role in problem.roles:
        yield from _collisions(problem, role)
        for tag in problem.tenancy.tags:
            for state, word in STATES.items():
                session = session_of(problem, role, {tag: state})
                about = f"{role.policies.arn} with `{tag}` {word}"
                yield proved(Theorem.FAIL_CLOSED, f"{about}: what the policies say by their text")
                yield from _of_session(session, about, rights=rights, regions=regions)


def _collisions(problem: Problem, role: CompiledRole) -> Iterator[Asked]:
    tags = {tag.lower(): tag for tag in problem.tenancy.tags}
    for key in role.policies.tags:
        if key.lower() in tags:
            yield unknown(
                Theorem.FAIL_CLOSED,
                f"the tags of {role.policies.arn}",
                f"its own tag `{key}` stands in for the session tag `{tags[key.lower()]}` "
                "where that is absent",
            )


def _of_session(
    session: Session,
    about: str,
    *,
    rights: Mapping[str, tuple[Right, ...]],
    regions: tuple[Region, ...],
) -> Iterator[Asked]:
    seen: set[Formula] = set()
    whatever_trust_says = TagState.ABSENT in session.tags.values()
    for attempt in attempts(session, rights):
        asked = f"{about}: {attempt.about}"
        try:
            core = _reaching(attempt, rights, regions)
            if core == FALSE or core in seen:
                continue
            formula = all_of([core, session.drawn if whatever_trust_says else session.let_in])
        except Unencodable as error:
            yield unknown(Theorem.FAIL_CLOSED, asked, error.reason)
            continue
        seen.add(core)
        yield Question(
            Theorem.FAIL_CLOSED,
            asked,
            formula,
            tuple(tag_symbol(key, ASKER) for key in session.tags),
            Witnessed(
                formula,
                session,
                attempt.ask,
                attempt.policies,
                regions,
                let_in=not whatever_trust_says,
                example=attempt.example,
                likely=attempt.likely,
            ),
        )


def _reaching(
    attempt: Attempt, rights: Mapping[str, tuple[Right, ...]], regions: tuple[Region, ...]
) -> Formula:
    """Return that the attempt is allowed and reaches what somebody owns, unless it is shared."""
    may = FALSE if attempt.possible == FALSE else allowed(attempt.ask)
    if may == FALSE:
        return FALSE
    ask, session = attempt.ask, attempt.session
    shared = [one for one in rights.get(ask.action.lower(), ()) if isinstance(one.entry, Shared)]
    is_shared = given(shared, ask.resource, ask.keys, tags=session.tags, prefix=session.prefix)
    owned = _owned(ask, regions)
    return simplified(all_of([attempt.possible, may, owned, negated(is_shared)]))


def _owned(ask: Ask, regions: tuple[Region, ...]) -> Formula:
    """Return that the request reaches what somebody owns, each tag being any text."""
    ways: list[Formula] = []
    for region in of_service(ask.action, regions):
        if may_have(region, ask.resource):
            ways.append(reaches(region, ask.resource, ask.keys))
            ways.append(below(region, ask.resource, regions))
        if ask.action.lower() == BY_PATH:
            ways.append(reaches_by_path(region, ask.resource))
    return any_of(ways)
