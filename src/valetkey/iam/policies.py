"""All policies of a request, and which of their statements bear on an action."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from valetkey.iam.policy import REMEMBERED_ACTIONS, Layer, Policy, Statement
from valetkey.iam.work import MAX_STEPS, Work, added

TRUST_ACTIONS = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
    }
)

Statements = tuple[Statement, ...]


class Bearing(NamedTuple):
    """The statements that cover one action: all that deny, and those that allow, by layer.

    `light` says that no request makes their `work` too much. `excepting` are those of the denies
    that have a NotPrincipal.
    """

    denies: Statements
    identity: Statements
    session: Statements | None
    boundary: Statements | None
    own: Statements | None
    controls: tuple[tuple[Layer, Statements], ...]
    work: Work
    light: bool
    excepting: Statements = ()


TOO_MUCH_TO_FIND = Bearing((), (), None, None, (), (), Work(MAX_STEPS + 1), light=False)


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
    _by_action: dict[str, Bearing] = field(init=False, repr=False, default_factory=dict)
    _by_action_without_arn: dict[str, Bearing] = field(init=False, repr=False, default_factory=dict)

    def own(self, action: str) -> Policy | None:
        """Return the policy of the resource itself: a role's trust policy where it is assumed."""
        return self.trust if action in TRUST_ACTIONS else self.resource

    def without_controls(self) -> "Policies":
        """Return the same policies without the organization's."""
        if not (self.service_control or self.resource_control):
            return self
        return replace(self, service_control=(), resource_control=())

    def levels(self, *, by_arn: bool) -> Iterator[tuple[Layer, tuple[Policy, ...]]]:
        """Yield the levels of control policies; SCPs bind only callers with an ARN."""
        for level in self.resource_control:
            yield Layer.RESOURCE_CONTROL, level
        for level in self.service_control if by_arn else ():
            yield Layer.SERVICE_CONTROL, level

    def all(self, action: str, *, by_arn: bool) -> Iterator[Policy]:
        """Yield each policy that bears on such a request, once for each time it is given."""
        yield from self.identity
        yield from self.session or ()
        for policy in (self.boundary, self.own(action)):
            if policy is not None:
                yield policy
        for _, level in self.levels(by_arn=by_arn):
            yield from level

    def bearing_on(self, action: str, *, by_arn: bool) -> Bearing:
        """Return the statements that bear on `action` (lower case), remembered for the next time.

        What it would take too long to find them is not tried.
        """
        remembered = self._by_action if by_arn else self._by_action_without_arn
        bearing = remembered.get(action)
        if bearing is None:
            bearing = self._find_bearing(action, by_arn=by_arn)
            if len(remembered) >= REMEMBERED_ACTIONS:
                remembered.clear()
            remembered[action] = bearing
        return bearing

    def _find_bearing(self, action: str, *, by_arn: bool) -> Bearing:
        every = tuple(self.all(action, by_arn=by_arn))
        finding = added([policy.work_to_cover() for policy in every])
        if finding.steps(values=1, letters=len(action)) > MAX_STEPS:
            return TOO_MUCH_TO_FIND
        sides = [policy.covering(action) for policy in every]

        def allows(policies: Iterable[Policy]) -> Statements:
            return tuple(one for policy in policies for one in policy.covering(action).allows)

        own = self.own(action)
        return Bearing(
            tuple(one for side in sides for one in side.denies),
            allows(self.identity),
            None if self.session is None else allows(self.session),
            None if self.boundary is None else allows((self.boundary,)),
            None if own is None else allows((own,)),
            tuple((layer, allows(level)) for layer, level in self.levels(by_arn=by_arn)),
            added([side.work for side in sides]),
            light=sum(side.most_steps for side in sides) <= MAX_STEPS,
            excepting=tuple(one for side in sides for one in side.denies if one.not_principal),
        )
