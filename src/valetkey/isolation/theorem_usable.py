"""Usable: each run can do to its own data what the map says. A policy that allows nothing keeps
every other theorem.

Asked of runs with all tags, as trust lets them in, in an ordinary context: over TLS, with what the
request itself carries and no other key. Of each access of an entry a main action (`MAIN`) at least
must be allowed on what the run owns, and whatever action of it an Allow covers must work there: a
role may do less than the map says, but nothing of it in vain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from valetkey.iam import Layer, Policies, Policy, parse_policy
from valetkey.iam.arn import split_arn
from valetkey.iam.glob import STAR, Wild
from valetkey.iam.naming import Naming
from valetkey.isolation.answer import Theorem
from valetkey.isolation.asked import asked_of
from valetkey.isolation.callers import role_session
from valetkey.isolation.comparing import like
from valetkey.isolation.concrete import is_let_in
from valetkey.isolation.deciding import decide
from valetkey.isolation.encoding import Ask, allowed
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
from valetkey.isolation.refused import Refused
from valetkey.isolation.regions import filled
from valetkey.isolation.session import TagState, tag_flag, tag_symbol
from valetkey.isolation.sessions import ASKER, PRINCIPAL_TAG, Session, session_of
from valetkey.isolation.shapes import LEADING
from valetkey.isolation.simplify import simplified
from valetkey.isolation.solution import Satisfiable
from valetkey.isolation.unencodable import Unencodable
from valetkey.tenancy import RUN_TAG, Access, Kind, Owned, Right, rights_of

KEY_REST = Symbol("key.rest")
"""What goes on after a beginning that a request lists."""

MAIN = frozenset(
    f"{service}:{name}"
    for service, names in (
        ("dynamodb", "GetItem Query PutItem UpdateItem DeleteItem"),
        ("s3", "GetObject PutObject DeleteObject ListBucket"),
        ("s3", "GetObjectVersion DeleteObjectVersion ListBucketVersions"),
        ("sqs", "SendMessage ReceiveMessage DeleteMessage"),
        ("secretsmanager", "GetSecretValue PutSecretValue"),
        ("ssm", "GetParameter PutParameter DeleteParameter"),
        ("lambda", "InvokeFunction"),
        ("kms", "Encrypt Decrypt GenerateDataKey"),
        ("bedrock", "InvokeModel"),
    )
    for name in names.split()
)
"""What an access is for; its other actions go with these (a batch, an aborted upload)."""

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
    """Yield the rights that the policies must keep: all to actions that some Allow covers, and of
    an access of which none covers a main action, those to its main actions. What a role leaves out
    on purpose takes nothing from the other theorems; what is there must work.
    """
    rights = rights_of(problem.tenancy)
    covered = {right.action: _has_allow(problem, right.action) for right in rights}
    kept = {_purpose(right) for right in rights if right.action in MAIN and covered[right.action]}
    for right in rights:
        if covered[right.action] or (right.action in MAIN and _purpose(right) not in kept):
            yield right


def _purpose(right: Right) -> tuple[str | None, Access | None]:
    """Return the entry and the access. Rows are changed by putting, updating or deleting them: a
    role may do with one of these.
    """
    entry, access = right.entry, right.access
    if isinstance(entry, Owned) and entry.kind is Kind.TABLE and access is Access.DELETE:
        access = Access.WRITE
    return (entry.place if entry else None), access


def _has_allow(problem: Problem, action: str) -> bool:
    policies = [one for role in problem.roles for one in role.permissions]
    if any(policy.covering(action.lower()).allows for policy in policies):
        return True
    own = [role_session(role.policies.arn) for role in problem.roles]
    return any(
        one.principal is not None
        and any(one.principal.names(role) > Naming.ACCOUNT for role in own)
        for policy in problem.resource_policies.values()
        for one in (policy.covering(action.lower()).allows if policy else ())
    )


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
    formula = _refusal(sessions, [simplified(negated(allowed(ask))) for ask in asks], there)
    if formula == FALSE:
        return None
    symbols = tuple(tag_symbol(key, ASKER) for key in sessions[0].problem.tenancy.tags)
    refused = Refused(tuple(zip(sessions, asks, strict=True)))
    return Question(Theorem.USABLE, about, formula, (*symbols, REST), refused)


def _refusal(sessions: Sequence[Session], refused: Sequence[Formula], there: Formula) -> Formula:
    """Return that a run which some role lets in is refused there, and by each other role that lets
    it in. Raises Unencodable.
    """
    ways: list[Formula] = []
    for session, by in zip(sessions, refused, strict=True):
        others = [
            any_of([negated(other.let_in_as_found), by_other])
            for other, by_other in zip(sessions, refused, strict=True)
            if other is not session
        ]
        if by != FALSE:
            lets_in = session.let_in_as_written if others else session.let_in
            ways.append(all_of([by, *others, lets_in]))
    return simplified(all_of([there, any_of(ways)]))


def _ask(session: Session, right: Right, place: Place, *, resource: Text) -> Ask:
    policies = session.problem.policies_of(session.role, place)
    if place.arn is not None and not place.known:  # whatever it is, it may allow the role
        policies = replace(policies, resource=_letting_in(session.role.policies.arn))
    return Ask(
        role_session(session.role.policies.arn),
        right.action,
        resource,
        {**_ordinary(policies, right), **session.keys},
        policies,
        place.account,
        ASKER,
    )


@cache
def _letting_in(role_arn: str) -> Policy:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role_arn},
        "Action": "*",
        "Resource": "*",
    }
    return parse_policy(
        {"Version": "2012-10-17", "Statement": [statement]},
        name="the resource's own policy (not supplied)",
        layer=Layer.RESOURCE,
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
