"""A session of a role, with what is known of its tags and what lets it in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from valetkey.iam import Policies
from valetkey.iam.condition import Condition
from valetkey.isolation.admission import admitted, ways_in
from valetkey.isolation.asked import asked_of
from valetkey.isolation.deciding import decide
from valetkey.isolation.formula import FALSE, Formula, all_of, any_of
from valetkey.isolation.keys import Keys
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.request_tags import request_tags
from valetkey.isolation.session import TagState, in_alphabet, session_keys
from valetkey.isolation.simplify import with_values
from valetkey.isolation.solution import Satisfiable
from valetkey.tenancy import RUN_TAG

PRINCIPAL_TAG, REQUEST_TAG, TAG_KEYS = "aws:principaltag/", "aws:requesttag/", "aws:tagkeys"
ASKER, OWNER = "a.", "b."
"""What the names of the symbols begin with: of the run that asks, of the one that owns."""


@dataclass(frozen=True, eq=False)
class Session:
    """A session of a role with what is known of each of its tags."""

    problem: Problem
    role: CompiledRole
    tags: Mapping[str, TagState]
    prefix: str = ASKER

    @cached_property
    def keys(self) -> Keys:
        """The principal tags."""
        return session_keys(self.role, self.tags, self.prefix)

    @cached_property
    def drawn(self) -> Formula:
        """That its tags are texts that STS takes."""
        return in_alphabet(self.tags, self.prefix)

    @cached_property
    def let_in(self) -> Formula:
        """That the role's trust policy lets it in, and STS takes its tags. Raises Unencodable."""
        opened = admitted(self.role, self.tags, prefix=self.prefix, problem=self.problem)
        return all_of([self.drawn, opened])

    @cached_property
    def let_in_as_written(self) -> Formula:
        """The same of just these tags in the letters of the trust policy: to find one session that
        is let in, where `let_in` is to miss none. Raises Unencodable.
        """
        passed, prefix = request_tags(self.tags, self.prefix), f"{self.prefix}by."
        ways = ways_in(self.role, passed, prefix=prefix, problem=self.problem, others=0)
        return all_of([self.drawn, any_of(way.open for way in ways)])

    @cached_property
    def let_in_as_found(self) -> Formula:
        """That the trust policy lets in its tags with all else, but the tags, as one caller had it
        who was let in: no way is open where no caller was found. What a caller brings is free in
        `let_in_as_written`, so that its negation says nothing. Raises Unencodable.
        """
        prefix = f"{self.prefix}by.{self.role.policies.arn}."
        passed = request_tags(self.tags, self.prefix)
        ways = ways_in(self.role, passed, prefix=prefix, problem=self.problem, others=0)
        opened = all_of([self.drawn, any_of(way.open for way in ways)])
        found = decide(opened)
        if not isinstance(found, Satisfiable):
            return FALSE
        return with_values(opened, found.assignment, prefix)


def session_of(
    problem: Problem,
    role: CompiledRole,
    states: Mapping[str, TagState] | None = None,
    *,
    prefix: str = ASKER,
) -> Session:
    """Return a session of which nothing is known but the `states` of some tags."""
    tags = dict.fromkeys(tag_keys(problem, role), TagState.FREE)
    return Session(problem, role, {**tags, **(states or {})}, prefix)


def tag_keys(problem: Problem, role: CompiledRole) -> tuple[str, ...]:
    """Return the map's tags, and each other on which a policy of the role or a resource rests.

    A session may have others, of which no policy that we were given could tell.
    """
    listed = {key.lower(): key for key in (*problem.tenancy.tags, RUN_TAG)}
    supplied = [
        Policies(identity=role.permissions, trust=role.trust, boundary=role.boundary),
        Policies(
            service_control=problem.service_control, resource_control=problem.resource_control
        ),
        *(Policies(resource=one) for one in problem.resource_policies.values()),
    ]
    for policies in supplied:
        for name, asked in asked_of(policies).items():
            for beginning in (PRINCIPAL_TAG, REQUEST_TAG):
                if name.startswith(beginning):
                    key = asked.written[len(beginning) :]
                    listed.setdefault(key.lower(), key)
            for key in _constants(asked.conditions) if name == TAG_KEYS else ():
                listed.setdefault(key.lower(), key)
    return tuple(listed.values())


def _constants(conditions: Iterable[Condition]) -> Iterator[str]:
    """Yield the tag keys that conditions on `aws:TagKeys` name in full."""
    for condition in conditions:
        for template in condition.comparison.wanted if condition.operator != "Null" else ():
            if template.constant:
                yield template.constant
