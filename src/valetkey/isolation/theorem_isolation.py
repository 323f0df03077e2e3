"""Isolation: what the evaluator allows a session, the map gives to its tags or lists as shared.

Asked of every session that the trust policy lets in, whatever tags it has, and of every resource,
mapped or not. That no two runs own one key is asked beside it (`overlaps.py`): the map could give
one key to both.
"""

from collections.abc import Iterator, Mapping

from valetkey.isolation.answer import Theorem
from valetkey.isolation.data import Attempt, attempts, rights_by_action
from valetkey.isolation.encoding import allowed
from valetkey.isolation.formula import FALSE, Formula, all_of, negated
from valetkey.isolation.overlaps import overlaps
from valetkey.isolation.posing import proved, unknown
from valetkey.isolation.problem import Problem
from valetkey.isolation.question import Asked, Question
from valetkey.isolation.regions import Region, given, regions_of, regions_owned
from valetkey.isolation.session import tag_symbol
from valetkey.isolation.sessions import ASKER, Session, session_of
from valetkey.isolation.simplify import simplified
from valetkey.isolation.unencodable import Unencodable
from valetkey.isolation.witnesses import Witnessed
from valetkey.tenancy import Right, rights_of


def isolation(problem: Problem) -> Iterator[Asked]:
    """Yield the questions of the theorem; equal formulas are asked once."""
    rights = rights_by_action(problem)
    regions = regions_of(rights_of(problem.tenancy))
    for role in problem.roles:
        session = session_of(problem, role)
        yield proved(
            Theorem.ISOLATION, f"what the policies of {role.policies.arn} say by their text"
        )
        yield from _of_session(session, rights, regions)
    shared = (one for one in regions if one.shared)
    yield from overlaps(problem, (*regions_owned(problem.tenancy), *shared))


def _of_session(
    session: Session, rights: Mapping[str, tuple[Right, ...]], regions: tuple[Region, ...]
) -> Iterator[Asked]:
    seen: set[Formula] = set()
    for attempt in attempts(session, rights):
        try:
            core = _not_given(attempt, rights)
            if core == FALSE or core in seen:
                continue
            formula = all_of([core, session.let_in])
        except Unencodable as error:
            yield unknown(Theorem.ISOLATION, attempt.about, error.reason)
            continue
        seen.add(core)
        yield Question(
            Theorem.ISOLATION,
            attempt.about,
            formula,
            tuple(tag_symbol(key, ASKER) for key in session.tags),
            Witnessed(
                formula,
                session,
                attempt.ask,
                attempt.policies,
                regions,
                example=attempt.example,
                likely=attempt.likely,
            ),
        )


def _not_given(attempt: Attempt, rights: Mapping[str, tuple[Right, ...]]) -> Formula:
    """Return that the attempt is allowed and is none of what the map gives. Raises Unencodable."""
    may = FALSE if attempt.possible == FALSE else allowed(attempt.ask)
    if may == FALSE:
        return FALSE
    ask, session = attempt.ask, attempt.session
    own = rights.get(ask.action.lower(), ())
    is_given = given(own, ask.resource, ask.keys, tags=session.tags, prefix=session.prefix)
    return simplified(all_of([attempt.possible, may, negated(is_given)]))
