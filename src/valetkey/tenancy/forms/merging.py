"""Several sources as one set of policies: they add up, and must not contradict each other."""

from collections.abc import Iterable
from typing import TypeVar

from valetkey.iam.document import quoted
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.policy_set import Document, PolicySet, RolePolicies

_Level = TypeVar("_Level")


def merged(sets: tuple[PolicySet, ...]) -> PolicySet:
    """Return all policies of the sets, in order.

    What a template or plan defines without a policy may have one from another source. Raises
    TenancyError `policy-source-conflict` where two say different things of one role, of
    one resource, or of the organization.
    """
    roles: dict[str, RolePolicies] = {}
    resources: dict[str, Document | None] = {}
    unattached: set[str] = set()
    brokers: dict[str, Document] = {}
    for one in sets:
        for role in one.roles:
            if roles.setdefault(role.arn, role) != role:
                raise _conflict(f"the role {quoted(role.arn)}")
        for arn, document in one.resource_policies.items():
            is_said = arn not in one.unattached
            if arn not in resources or (is_said and arn in unattached):
                resources[arn] = document
                (unattached.discard if is_said else unattached.add)(arn)
            elif is_said and resources[arn] != document:
                raise _conflict(f"the resource policy of {quoted(arn)}")
        for arn, policy in one.brokers.items():
            if brokers.setdefault(arn, policy) != policy:
                raise _conflict(f"the policy of the broker {quoted(arn)}")
    return PolicySet(
        tuple(roles.values()),
        resources,
        service_control=_one((one.service_control for one in sets), "service control policies"),
        resource_control=_one((one.resource_control for one in sets), "resource control policies"),
        brokers=brokers,
        unread=tuple(dict.fromkeys(reason for one in sets for reason in one.unread)),
        taken=tuple(dict.fromkeys(what for one in sets for what in one.taken)),
        unattached=frozenset(unattached),
    )


def _one(given: Iterable[tuple[_Level, ...]], what: str) -> tuple[_Level, ...]:
    found: tuple[_Level, ...] = ()
    for levels in given:
        if levels and found and levels != found:
            raise _conflict(f"the {what}")
        found = found or levels
    return found


def _conflict(what: str) -> TenancyError:
    return TenancyError(
        "policy-source-conflict",
        f"two sources say different things of {what}",
        hint="bring each once, from where it is in force",
    )
