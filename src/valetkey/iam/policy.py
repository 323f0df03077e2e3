"""Compiled policies: statements that know whether they take effect on a request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from valetkey.iam.condition import Condition, Holds
from valetkey.iam.decision import StatementRef
from valetkey.iam.matching import Matches
from valetkey.iam.naming import Naming, PrincipalElement
from valetkey.iam.principal import Principal
from valetkey.iam.request import MAX_RESOURCE
from valetkey.iam.template import Template, matches_any_of
from valetkey.iam.variables import Keys
from valetkey.iam.work import Work, added, work_of

REMEMBERED_ACTIONS = 512  # of one policy; the action may be anybody's text, so there is a bound
NONE, DIRECT = Naming.NONE, Naming.DIRECT  # a member's look-up costs as much as a comparison


class Layer(Enum):
    """What a policy is attached to, which says what its statements must and may not have."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    SESSION = "session policy"
    BOUNDARY = "permissions boundary"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"


class Facts(NamedTuple):
    """A request as statements read it: `action` in lower case, `resource` in UTF-16 units,
    `written_action` as it was asked for.
    """

    principal: Principal
    written_action: str
    action: str
    resource: str
    keys: Keys
    bounded: bool  # whether the principal has a permissions boundary


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One compiled statement. `resources` is None in a trust policy: the role itself."""

    ref: StatementRef
    allow: bool
    actions: tuple[Template, ...]
    conditions: tuple[Condition, ...]
    resources: tuple[Template, ...] | None
    principal: PrincipalElement | None
    not_action: bool = False
    not_resource: bool = False
    not_principal: bool = False
    _has_action: Matches = field(init=False, repr=False)
    _has_resource: Matches | None = field(init=False, repr=False)
    _holds: tuple[Holds, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        has_resource = None if self.resources is None else matches_any_of(self.resources)
        object.__setattr__(self, "_has_action", matches_any_of(self.actions))
        object.__setattr__(self, "_has_resource", has_resource)
        object.__setattr__(self, "_holds", tuple(condition.holds for condition in self.conditions))

    def covers_action(self, action: str) -> bool:
        """Tell whether the Action or NotAction element has `action`, given in lower case."""
        return self._has_action(action, {}) != self.not_action

    def naming(self, facts: Facts) -> Naming:
        """Return how directly the statement names the caller; DIRECT where it names nobody.

        A permissions boundary takes the exception of NotPrincipal away, as documented.
        """
        if self.principal is None:
            return Naming.DIRECT
        if not self.not_principal:
            return self.principal.names(facts.principal)
        spared = not facts.bounded and self.principal.excepts(facts.principal)
        return Naming.NONE if spared else Naming.DIRECT

    def covers_resource(self, facts: Facts) -> bool:
        """Tell whether the Resource or NotResource element has the request's resource."""
        if self._has_resource is None:
            return True
        return self._has_resource(facts.resource, facts.keys) != self.not_resource

    def applies(self, facts: Facts) -> Naming:
        """Return NONE unless every element but the action matches, else how it names the caller."""
        naming = DIRECT if self.principal is None else self.naming(facts)
        if naming is NONE:
            return NONE
        keys = facts.keys
        matches = self._has_resource
        if matches is not None and matches(facts.resource, keys) is self.not_resource:
            return NONE
        for holds in self._holds:
            if not holds(keys):
                return NONE
        return naming

    def contested(self, facts: Facts) -> bool:
        """Tell whether its match rests on NotPrincipal, or NotResource without a value."""
        if not self.not_resource:
            return self.not_principal
        return self.not_principal or any(
            variable.value(facts.keys) is None
            for template in self.resources or ()
            for variable in template.variables
        )


class Sides(NamedTuple):
    """The statements of a policy that cover one action.

    `work` is what their resources and conditions cost, `most_steps` that for the request which
    makes it the most.
    """

    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]
    work: Work
    most_steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A parsed and compiled policy; `name` is what decisions call it."""

    name: str
    layer: Layer
    statements: tuple[Statement, ...]
    _by_action: dict[str, Sides] = field(init=False, repr=False, default_factory=dict)

    def covering(self, action: str) -> Sides:
        """Return the statements that cover `action` (lower case), remembered for the next time."""
        sides = self._by_action.get(action)
        if sides is None:
            sides = _sides([one for one in self.statements if one.covers_action(action)])
            if len(self._by_action) >= REMEMBERED_ACTIONS:
                self._by_action.clear()
            self._by_action[action] = sides
        return sides

    def work_to_cover(self) -> Work:
        """Return what finding the statements that cover an action costs."""
        return added([work_of(statement.actions) for statement in self.statements])


def _sides(covering: Sequence[Statement]) -> Sides:
    resources = added([work_of(one.resources or ()) for one in covering])
    conditions = [condition for one in covering for condition in one.conditions]
    return Sides(
        tuple(one for one in covering if one.allow),
        tuple(one for one in covering if not one.allow),
        added([resources, *(condition.work for condition in conditions)]),
        resources.steps(values=1, letters=MAX_RESOURCE)
        + sum(condition.most_steps for condition in conditions),
    )
