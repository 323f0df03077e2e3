"""Compiled policies: statements that know whether they take effect on a request."""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from valetkey.iam.condition import Condition
from valetkey.iam.decision import StatementRef
from valetkey.iam.naming import Naming, PrincipalElement
from valetkey.iam.principal import Principal
from valetkey.iam.template import Template
from valetkey.iam.variables import Keys
from valetkey.iam.work import Work, added

REMEMBERED_ACTIONS = 512  # of one policy; the action may be anybody's text, so there is a bound


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

    def covers_action(self, action: str) -> bool:
        """Tell whether the Action or NotAction element has `action`, given in lower case."""
        return any(template.matches(action, {}) for template in self.actions) != self.not_action

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
        if self.resources is None:
            return True
        text, keys = facts.resource, facts.keys
        for template in self.resources:
            if template.matches(text, keys):
                return not self.not_resource
        return self.not_resource

    def applies(self, facts: Facts) -> Naming:
        """Return NONE unless every element but the action matches, else how it names the caller."""
        naming = self.naming(facts)
        if naming is Naming.NONE or not self.covers_resource(facts):
            return Naming.NONE
        for condition in self.conditions:
            if not condition.holds(facts.keys):
                return Naming.NONE
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
    """The statements of a policy that cover one action, and what their conditions cost."""

    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]
    work: Work


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
            covering = [one for one in self.statements if one.covers_action(action)]
            sides = Sides(
                tuple(one for one in covering if one.allow),
                tuple(one for one in covering if not one.allow),
                added(condition.work for one in covering for condition in one.conditions),
            )
            if len(self._by_action) >= REMEMBERED_ACTIONS:
                self._by_action.clear()
            self._by_action[action] = sides
        return sides


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """All policies that bear on a request. `session` None: no session policy; (): allows nothing.

    `service_control` and `resource_control` are levels (root, units, account), each of which
    must allow.
    """

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    trust: Policy | None = None
    session: tuple[Policy, ...] | None = None
    boundary: Policy | None = None
    service_control: tuple[tuple[Policy, ...], ...] = ()
    resource_control: tuple[tuple[Policy, ...], ...] = ()
