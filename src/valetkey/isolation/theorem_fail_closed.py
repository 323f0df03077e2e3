"""Fail-closed: with any of the map's tags absent or empty, nothing that the map owns is reached.

A tag is taken away whatever the trust policy says, for a bound that is lost there must not open
anything here; it is empty only where trust lets an empty one in. What the role itself carries
stands in for a tag that is not there, so no tag of the role may have the key of one of the map's.
"""

from collections.abc import Iterator, Mapping

from valetkey.isolation.answer import Theorem
from valetkey.isolation.data import Attempt, attempts, rights_by_action
from valetkey.isolation.encoding import allowed
from valetkey.isolation.formula import FALSE, Formula, all_of, any_of, negated
from valetkey.isolation.posing import proved, unknown
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.question import Asked, Question
from valetkey.isolation.regions import Region, given, may_have, reaches, regions_of
from valetkey.isolation.session import TagState, tag_symbol
from valetkey.isolation.sessions import ASKER, Session, session_of
from valetkey.isolation.simplify import simplified
from valetkey.isolation.unencodable import Unencodable
from valetkey.isolation.witnesses import Witnessed
from valetkey.tenancy import Right, Shared, rights_of

STATES = {TagState.ABSENT: "absent", TagState.EMPTY: "empty"}


def fail_closed(problem: Problem) -> Iterator[Asked]:
    """Yield the questions of the theorem; equal formulas are asked once."""
    rights = rights_by_action(problem)
    regions = regions_of(rights_of(problem.tenancy))
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
    owned = any_of(
        reaches(region, ask.resource, ask.keys)
        for region in regions
        if not region.shared and may_have(region, ask.resource)
    )
    shared = [one for one in rights.get(ask.action.lower(), ()) if isinstance(one.entry, Shared)]
    is_shared = given(shared, ask.resource, ask.keys, tags=session.tags, prefix=session.prefix)
    return simplified(all_of([attempt.possible, may, owned, negated(is_shared)]))
