"""Which session tags a role's trust policy lets in: what a broker, or whoever else the policy
takes, can make of a session.

It bounds what is passed in the request (`aws:RequestTag/…`, `aws:TagKeys`). Tags that a chained
session inherits are in neither, so nothing here bounds them: that no session can be chained into
the role is only-by-the-broker's to show.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from valetkey.iam import Policies, Policy, RequestError
from valetkey.isolation.callers import (
    SUPPOSED,
    TAG_SESSION,
    Caller,
    Named,
    account_of,
    actions_for,
    for_anybody,
    known_callers,
    takes,
    trusted_callers,
)
from valetkey.isolation.encoding import Ask, allowed, decided
from valetkey.isolation.formula import (
    Assignment,
    Formula,
    all_of,
    any_of,
    holds,
    negated,
    text,
)
from valetkey.isolation.keys import Keys
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.request_tags import (
    RequestTags,
    in_any_case,
    in_small_letters,
    other_tags,
    others_needed,
    request_tags,
    requested,
)
from valetkey.isolation.session import TagState


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way to a session of `role` with these tags: `caller` asks for `action`, and, where it
    passes a tag, for sts:TagSession too. `exact` is false where the trust policy was read more
    broadly than the evaluator reads it, which then has the last word.
    """

    role: CompiledRole
    caller: Caller
    asks: tuple[Ask, Ask]
    tagged: Formula
    spelled: Formula
    exact: bool

    @property
    def open(self) -> Formula:
        """That the trust policy lets this session in. Raises Unencodable."""
        session, tags = (allowed(ask) for ask in self.asks)
        return all_of([session, self.spelled, any_of([negated(self.tagged), tags])])

    def confirmed(self, given: Assignment) -> bool:
        """Tell whether the evaluator lets in the session with these values."""
        session, tags = self.asks
        try:
            if not decided(session, given).allowed:
                return False
            return not holds(self.tagged, given) or decided(tags, given).allowed
        except RequestError:
            return False


def admitted(
    role: CompiledRole, tags: Mapping[str, TagState], *, prefix: str, problem: Problem
) -> Formula:
    """Return that the trust policy lets in some session of `role` with these tags, and no other
    but such as only `aws:TagKeys` tells of.

    The symbols are those of `session_keys(role, tags, prefix)`. It is for questions that look for
    a session which is let in: what else a caller brings (external id, subject, …) is for a
    solution to choose, under names that begin with `<prefix>by.`. Where one bound rests on the
    case of letters in a tag, whatever passes it in some case is let in. Raises Unencodable.
    """
    passed = request_tags(tags, prefix)
    ways = ways_in(role, passed, prefix=f"{prefix}by.", problem=problem)
    return any_of([in_any_case(way.open, passed) for way in ways])


def readmitted(
    role: CompiledRole,
    tags: Mapping[str, TagState],
    given: Assignment,
    *,
    prefix: str,
    problem: Problem,
) -> bool:
    """Tell whether the evaluator, asked as STS is, lets in that session of a solution."""
    passed = request_tags(tags, prefix)
    ways = ways_in(role, passed, prefix=f"{prefix}by.", problem=problem)
    return any(replaced(way, problem).confirmed(given) for way in ways)


def let_in(
    role: CompiledRole,
    tags: Mapping[str, TagState],
    given: Assignment,
    *,
    prefix: str,
    problem: Problem,
) -> Assignment | None:
    """Return the solution if the evaluator lets that session in; or the solution with the tags
    in small letters if it lets in that; else None.
    """
    for values in (given, in_small_letters(given, request_tags(tags, prefix))):
        if readmitted(role, tags, values, prefix=prefix, problem=problem):
            return values
    return None


def ways_in(
    role: CompiledRole,
    tags: RequestTags,
    *,
    prefix: str,
    problem: Problem,
    others: int | None = None,
) -> Iterator[Way]:
    """Yield each way to a session with these tags: of whom the trust policy names, and of those
    callers of the map whom it names by their account or as anybody. Beside these tags it passes
    up to `others`, which are as many as could matter unless that is told.
    """
    callers = [*known_callers(role.trust, problem.tenancy), *trusted_callers(role.trust)]
    for caller in {caller.text: caller for caller in callers}.values():
        needed = needed_by(role, caller, problem) if others is None else others
        yield way_of(role, caller, tags, prefix=prefix, problem=problem, others=needed)


def needed_by(role: CompiledRole, caller: Caller, problem: Problem, *, own: int = 0) -> int:
    """Return how many tags of which nothing is known tell all that bears on the caller's request,
    beside the `own` statements of a formula about some of them.
    """
    policies = _policies(role, caller, role.trust, problem)
    return others_needed(policies, (*actions_for(caller, role.trust), TAG_SESSION), own=own)


def way_of(
    role: CompiledRole,
    caller: Caller,
    tags: RequestTags,
    *,
    prefix: str,
    problem: Problem,
    others: int = 0,
) -> Way:
    """Return how the caller comes to a session with these tags, if it does, and with up to as
    many `others`.
    """
    exact = caller.named not in (Named.ACCOUNT, Named.EVERYONE)
    trust = role.trust if exact else for_anybody(role.trust)
    action = takes(caller)[0]
    policies = _policies(role, caller, trust, problem)
    keys, spelled = requested(tags, policies, prefix=prefix, others=others)
    asks = tuple(
        asking(role, caller, one, keys=keys, trust=trust, prefix=prefix, problem=problem)
        for one in (action, TAG_SESSION)
    )
    known = [one.present for one in tags.values()]
    others_there = [one.present for one in other_tags(prefix, others)]
    tagged = any_of([*known, *others_there])
    return Way(role, caller, (asks[0], asks[1]), tagged, spelled, exact)


def replaced(way: Way, problem: Problem) -> Way:
    """Return the way with the trust policy as it is written."""
    if way.exact:
        return way
    session, tags = (
        replace(ask, policies=_policies(way.role, way.caller, way.role.trust, problem))
        for ask in way.asks
    )
    return replace(way, asks=(session, tags), exact=True)


def asking(
    role: CompiledRole,
    caller: Caller,
    action: str,
    *,
    keys: Keys,
    trust: Policy,
    prefix: str,
    problem: Problem,
) -> Ask:
    """Return the caller's request for an action on the role: of its own policies we know nothing,
    so they allow everything.
    """
    arn = role.policies.arn
    return Ask(
        caller.principal,
        action,
        text(arn),
        keys,
        _policies(role, caller, trust, problem),
        account_of(arn),
        prefix,
    )


def _policies(role: CompiledRole, caller: Caller, trust: Policy, problem: Problem) -> Policies:
    at_home = caller.principal.account == account_of(role.policies.arn)
    return Policies(
        identity=(SUPPOSED,),
        trust=trust,
        service_control=problem.service_control if at_home else (),
        resource_control=problem.resource_control,
    )
