"""Usable: each run can do to its own data what the map says. A policy that allows nothing keeps
every other theorem.

Asked of runs with all tags, as trust lets them in, in an ordinary context: over TLS, with what the
request itself carries and no other key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from valetkey.iam import Policies, evaluate
from valetkey.iam.arn import split_arn
from valetkey.iam.glob import STAR, Wild
from valetkey.isolation.answer import Theorem, Witness
from valetkey.isolation.asked import asked_of
from valetkey.isolation.callers import role_session
from valetkey.isolation.comparing import like
from valetkey.isolation.concrete import is_let_in, let_in, shown, spelled, tags_of
from valetkey.isolation.deciding import decide
from valetkey.isolation.encoding import Ask, allowed, request_of
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Assignment,
    Formula,
    Symbol,
    Text,
    all_of,
    any_of,
    holds,
    negated,
    text,
)
from valetkey.isolation.keys import Absent, Fixed, KeyModel, Many, Member, One
from valetkey.isolation.places_of_data import REST
from valetkey.isolation.posing import proved, unknown
from valetkey.isolation.problem import Place, Problem
from valetkey.isolation.question import Asked, Question
from valetkey.isolation.regions import filled
from valetkey.isolation.session import TagState, tag_flag, tag_symbol
from valetkey.isolation.sessions import ASKER, PRINCIPAL_TAG, Session, session_of
from valetkey.isolation.shapes import LEADING
from valetkey.isolation.simplify import simplified
from valetkey.isolation.solution import Satisfiable
from valetkey.isolation.unencodable import Unencodable
from valetkey.tenancy import RUN_TAG, Right, rights_of

KEY_REST = Symbol("key.rest")
"""What goes on after a beginning that a request lists."""

GOES_WITH = frozenset(
    {
        "dynamodb:ConditionCheckItem",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "secretsmanager:DescribeSecret",
    }
)
"""What an access has beside the action that it is named for."""

CONTEXT = "kms:encryptioncontext:"


def usable(problem: Problem) -> Iterator[Asked]:
    """Yield the questions of the theorem; equal formulas are asked once."""
    sessions = [
        session_of(problem, role, dict.fromkeys(problem.tenancy.tags, TagState.FULL))
        for role in problem.roles
    ]
    for session in sessions:
        yield _somebody(session)
    seen: set[Formula] = set()
    for right in _meant(problem) if sessions else ():
        about = f"{right.action} on its own of {right.entry.place if right.entry else 'the models'}"
        for place in problem.places(right.action):
            try:
                asked = _question(sessions, right, place, about=about)
            except Unencodable as error:
                yield unknown(Theorem.USABLE, about, error.reason)
                continue
            if asked is not None and asked.formula not in seen:
                seen.add(asked.formula)
                yield asked


def _meant(problem: Problem) -> Iterator[Right]:
    """Yield the rights that the policies must keep: those of which some Allow has the action, and
    where none has, those without which the access is not there at all. What only goes with an
    access (an aborted upload) may be left out on purpose; what is there must work.
    """
    rights = rights_of(problem.tenancy)
    there = {right.action: _has_allow(problem, right.action) for right in rights}
    kept = {_access(right) for right in rights if there[right.action] and not _goes_with(right)}
    for right in rights:
        if there[right.action] or (not _goes_with(right) and _access(right) not in kept):
            yield right


def _access(right: Right) -> tuple[object, ...]:
    return (
        right.entry and right.entry.place,
        right.access,
        right.resource,
        "Version" in right.action,
    )


def _goes_with(right: Right) -> bool:
    return right.action in GOES_WITH


def _has_allow(problem: Problem, action: str) -> bool:
    policies = [one for role in problem.roles for one in role.permissions]
    policies += [one for one in problem.resource_policies.values() if one is not None]
    return any(policy.covering(action.lower()).allows for policy in policies)


def _somebody(session: Session) -> Asked:
    """Return whether trust lets in any run with all tags: if none, a proof would say nothing."""
    about = f"a run that the trust policy of {session.role.policies.arn} lets in"
    try:
        formula = session.let_in_as_written
    except Unencodable as error:
        return unknown(Theorem.USABLE, about, error.reason)
    plain = _plain_run(session)
    solution = Satisfiable(plain) if holds(formula, plain) else decide(formula)
    if isinstance(solution, Satisfiable) and is_let_in(session, solution.assignment):
        return proved(Theorem.USABLE, about)
    reason = f"no run with all tags was found that the trust policy of {session.role.policies.arn}"
    return unknown(Theorem.USABLE, about, f"{reason} lets in: nothing is known of those that are")


def _plain_run(session: Session) -> Assignment:
    """Return tags as a person would take them for an example."""
    keys = (*session.problem.tenancy.tags, RUN_TAG)
    values = {tag_symbol(key, ASKER).name: "r-a" if key == RUN_TAG else "a" for key in keys}
    return Assignment(values, {tag_flag(RUN_TAG, ASKER).name: True})


def _question(
    sessions: Sequence[Session], right: Right, place: Place, *, about: str
) -> Question | None:
    """Return whether some run is refused what the right gives it at the place, by every role; None
    where it has nothing there, or its policies' text gives it. Raises Unencodable.
    """
    written = filled(right.resource, ASKER)
    resource = text(*written, REST) if right.open else written
    there = all_of(
        [place.inside(resource), like((REST,), (Wild.ONE, STAR)) if right.open else TRUE]
    )
    if there == FALSE:
        return None
    asks = [_ask(session, right, place, resource=resource) for session in sessions]
    core = simplified(all_of([there, *(negated(allowed(ask)) for ask in asks)]))
    if core == FALSE:
        return None
    formula = all_of([core, any_of(session.let_in for session in sessions)])
    symbols = tuple(tag_symbol(key, ASKER) for key in sessions[0].problem.tenancy.tags)
    refused = Refused(tuple(zip(sessions, asks, strict=True)))
    return Question(Theorem.USABLE, about, formula, (*symbols, REST), refused)


def _ask(session: Session, right: Right, place: Place, *, resource: Text) -> Ask:
    policies = session.problem.policies_of(session.role, place)
    return Ask(
        role_session(session.role.policies.arn),
        right.action,
        resource,
        {**_ordinary(policies, right), **session.keys},
        policies,
        place.account,
        ASKER,
    )


def _ordinary(policies: Policies, right: Right) -> dict[str, KeyModel]:
    """Return the keys of an ordinary request for one's own data: no other that a policy reads."""
    keys: dict[str, KeyModel] = {
        name: Absent() for name in asked_of(policies) if not name.startswith(PRINCIPAL_TAG)
    }
    keys |= {"aws:securetransport": Fixed("true"), "aws:viaawsservice": Fixed("false")}
    arn = split_arn(str(right.resource[0])) if right.resource else None
    if arn is not None and arn.region:
        keys["aws:requestedregion"] = Fixed(arn.region)
    if right.key is None:
        return keys
    name = right.key.name.lower()
    value = filled(right.key.text, ASKER)
    if right.key.open:
        value = text(*value, KEY_REST)
    keys[name] = Many((Member(value),)) if right.key.many else One(value)
    if name == LEADING[0]:
        keys[LEADING[1]] = keys[name]
    if name.startswith(CONTEXT):
        keys[f"{CONTEXT.removesuffix(':')}keys"] = Fixed((right.key.name[len(CONTEXT) :],))
    return keys


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """What makes a witness of a run that is refused its own data by each of its roles."""

    asked: tuple[tuple[Session, Ask], ...]

    def __call__(self, given: Assignment) -> Witness | None:
        """Return the witness; None where the evaluator allows it after all, or nobody is let in."""
        found: Witness | None = None
        for session, ask in self.asked:
            values = let_in(session, given)
            if values is None:
                continue
            request = request_of(ask, values)
            decision = evaluate(request, ask.policies)
            if decision.allowed:
                return None
            tags = tags_of(session, values)
            mapped = {key: tags[key] for key in session.problem.tenancy.tags}
            found = found or Witness(
                principal=request.principal.name,
                runs=(tags,),
                action=request.action,
                resource=request.resource,
                context=spelled(request),
                expected="allow",
                got="deny",
                why=f"run {shown(mapped)} owns {request.resource}, and is refused "
                f"{request.action}: {decision.because}",
                role=session.role.policies.arn,
                resource_account=request.resource_account,
                statements=decision.determining,
            )
        return found
