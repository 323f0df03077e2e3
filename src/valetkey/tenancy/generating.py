"""From a tenancy map to every policy that it needs: pure, and the same map gives the same text."""

from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.generating_permissions import permission_policy
from valetkey.tenancy.generating_resources import resource_policies
from valetkey.tenancy.generating_trust import trust_policy
from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies
from valetkey.tenancy.rights import rights_of
from valetkey.tenancy.statements import document, one_or_many
from valetkey.tenancy.tenancy_map import AgentRole, Source, TenancyMap


def generated(tenancy_map: TenancyMap) -> PolicySet:
    """Return the policies of the agents' roles, the mapped resources and the broker.

    Each role has what the map gives; no role has a boundary here (`boundary_of` writes one), so
    that what is proved of these policies does not lean on it. Raises TenancyError where the map
    has no role or no tag, or a key that nobody could change.
    """
    if not tenancy_map.roles:
        raise TenancyError(
            "tenancy-roles",
            "the map names no role for the policies",
            hint="write a `[[grants]]` with the `role` that agents get",
        )
    if not tenancy_map.tags:
        raise TenancyError(
            "tenancy-no-tags",
            "the map has no tag: nothing would tell one run from another",
            hint='begin with `[tags]` and `user_id = "{subject.sub}"`',
        )
    rights = rights_of(tenancy_map)
    permissions = permission_policy(tenancy_map, rights)
    by_arn = _by_arn(tenancy_map)
    return PolicySet(
        roles=tuple(
            RolePolicies(
                arn=arn,
                trust=trust_policy(tenancy_map, grants),
                permissions=(Attached("permissions", permissions),),
                max_session_seconds=max(grant.max_session_seconds for grant in grants),
            )
            for arn, grants in by_arn.items()
        ),
        resource_policies=resource_policies(tenancy_map, rights, roles=list(by_arn)),
        brokers=_brokers(tenancy_map),
    )


def boundary_of(tenancy_map: TenancyMap) -> Document:
    """Return a permissions boundary for the agents' roles: the actions of the map, and no others.

    It gives nothing. It is the place for a Deny on `valetkey_run`, by which a run is revoked.
    """
    actions = dict.fromkeys(right.action for right in rights_of(tenancy_map))
    if not actions:
        return document(
            [{"Sid": "NothingIsMapped", "Effect": "Deny", "Action": "*", "Resource": "*"}]
        )
    return document(
        [
            {
                "Sid": "NoActionBeyondTheMap",
                "Effect": "Allow",
                "Action": one_or_many(list(actions)),
                "Resource": "*",
            }
        ]
    )


def _by_arn(tenancy_map: TenancyMap) -> dict[str, list[AgentRole]]:
    """Return the grants of each role; several grants may be of one."""
    found: dict[str, list[AgentRole]] = {}
    for role in tenancy_map.roles:
        found.setdefault(role.arn, []).append(role)
    return found


def _brokers(tenancy_map: TenancyMap) -> dict[str, Document]:
    """Return all that the broker's roles may do: make sessions of the agents' roles.

    With tokens it needs no permission: STS looks at the token alone.
    """
    assumed = dict.fromkeys(
        role.arn for role in tenancy_map.roles if role.source is Source.ASSUME_ROLE
    )
    if not assumed:
        return {}
    policy = document(
        [
            {
                "Sid": "OnlySessionsOfTheAgentsRoles",
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                "Resource": one_or_many(list(assumed)),
            }
        ]
    )
    return dict.fromkeys(tenancy_map.assumed_by, policy)
