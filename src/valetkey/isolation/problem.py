"""A map and the policies that bear on its roles, compiled: what the theorems are about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from valetkey.iam import Layer, Policies, Policy, PolicyError, parse_policy
from valetkey.isolation.places import Place, fixed_holders, places_of
from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies
from valetkey.tenancy.tenancy_map import TenancyMap

__all__ = ["CompiledRole", "Place", "Problem", "problem_of"]

Levels = tuple[tuple[Policy, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRole:
    """A role's policies as written (`policies`) and compiled."""

    policies: RolePolicies
    permissions: tuple[Policy, ...]
    trust: Policy
    boundary: Policy | None


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is to be proved: `policies` as written, the rest compiled.

    `resource_policies` are by ARN, None for a resource known to have none.
    """

    tenancy: TenancyMap
    policies: PolicySet
    roles: tuple[CompiledRole, ...]
    resource_policies: Mapping[str, Policy | None]
    service_control: Levels = ()
    resource_control: Levels = ()
    brokers: Mapping[str, Policy] = field(default_factory=dict)
    _places: dict[str, tuple[Place, ...]] = field(init=False, repr=False, default_factory=dict)
    _policies: dict[tuple[CompiledRole, Place], Policies] = field(
        init=False, repr=False, default_factory=dict
    )

    def places(self, action: str) -> tuple[Place, ...]:
        """Return the cases of which resource policy bears on `action`, the last being elsewhere.

        They are those of the mapped and shared resources with a fixed ARN, and of all whose
        policy was supplied, of the action's service. A resource is of exactly one place.
        """
        service = action.partition(":")[0].lower()
        if service not in self._places:
            holders = (*fixed_holders(self.tenancy), *self.resource_policies)
            self._places[service] = places_of(service, holders, self.resource_policies)
        return self._places[service]

    def policies_of(self, role: CompiledRole, place: Place) -> Policies:
        """Return all policies that bear on what a session of `role` does at `place`.

        They are kept: what bears on an action is found once.
        """
        if (role, place) not in self._policies:
            self._policies[role, place] = Policies(
                identity=role.permissions,
                resource=place.policy,
                boundary=role.boundary,
                service_control=self.service_control,
                resource_control=self.resource_control,
            )
        return self._policies[role, place]


def problem_of(tenancy: TenancyMap, policies: PolicySet) -> Problem:
    """Return the problem. Raises PolicyError where a document is not one of IAM's."""
    resources = {
        arn: None if one is None else _parsed(one, f"resource policy of {arn}", Layer.RESOURCE)
        for arn, one in policies.resource_policies.items()
    }
    brokers = {
        arn: _parsed(one, f"policy of {arn}", Layer.IDENTITY)
        for arn, one in policies.brokers.items()
    }
    return Problem(
        tenancy,
        policies,
        tuple(_compiled(role) for role in policies.roles),
        resources,
        _levels(policies.service_control, Layer.SERVICE_CONTROL),
        _levels(policies.resource_control, Layer.RESOURCE_CONTROL),
        brokers,
    )


def _compiled(role: RolePolicies) -> CompiledRole:
    boundary = role.boundary
    return CompiledRole(
        role,
        tuple(
            _parsed(one.document, one.name, Layer.IDENTITY, of=f" of {role.arn}")
            for one in role.permissions
        ),
        _parsed(role.trust, f"trust of {role.arn}", Layer.TRUST),
        None if boundary is None else _parsed(boundary, f"boundary of {role.arn}", Layer.BOUNDARY),
    )


def _levels(levels: tuple[tuple[Attached, ...], ...], layer: Layer) -> Levels:
    return tuple(tuple(_parsed(one.document, one.name, layer) for one in level) for level in levels)


def _parsed(document: Document, name: str, layer: Layer, *, of: str = "") -> Policy:
    """Return the policy; an error says which one it is about."""
    try:
        return parse_policy(document, name=name, layer=layer)
    except PolicyError as error:
        raise PolicyError(error.code, f"{name}{of}: {error.message}", hint=error.hint) from None
