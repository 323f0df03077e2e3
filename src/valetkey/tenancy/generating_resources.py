"""The policies of mapped resources: a second wall for buckets and tables, the only one of keys.

They speak of the agents' roles alone, so nobody else is locked out: not the platform, and not
AWS's own services.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.generating_permissions import allowing
from valetkey.tenancy.policy_set import Document
from valetkey.tenancy.rights import Right
from valetkey.tenancy.statements import deny_without, document, one_or_many
from valetkey.tenancy.tenancy_map import Kind, TenancyMap

_KEEPING = (
    "kms:Describe*",
    "kms:Get*",
    "kms:List*",
    "kms:PutKeyPolicy",
    "kms:Update*",
    "kms:Enable*",
    "kms:Disable*",
    "kms:RevokeGrant",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
)
"""What keeps a key, and neither reads with it nor lets others (a grant would)."""


def resource_policies(
    tenancy_map: TenancyMap, rights: Iterable[Right], *, roles: Sequence[str]
) -> dict[str, Document | None]:
    """Return the policies by ARN; None is for a mapped resource that needs none.

    What has tags in its ARN is many resources, and has no policy of the map. Raises
    `tenancy-key-platform`.
    """
    rights = tuple(rights)
    found: dict[str, Document | None] = {}
    for arn, service in _fixed(tenancy_map):
        if service == "kms":
            found[arn] = _of_key(tenancy_map, rights, arn, roles=roles)
        elif any(_is_walled(entry.kind) and entry.arn == (arn,) for entry in tenancy_map.owned):
            found[arn] = _wall(tenancy_map, service, arn, roles=roles)
        else:
            found[arn] = None
    return found


def _is_walled(kind: Kind) -> bool:
    return kind in {Kind.TABLE, Kind.PREFIX}


def _fixed(tenancy_map: TenancyMap) -> Iterator[tuple[str, str]]:
    """Yield ARN and service of each mapped resource that could have a policy of its own."""
    arns = [str(entry.arn[0]) for entry in tenancy_map.owned if len(entry.arn) == 1]
    for shared in (one for one in tenancy_map.shared if not one.actions):
        head, slash, tail = shared.arn.partition("/")
        if head.startswith("arn:") and head.split(":")[2] == "s3":
            arns.append(head)
        elif "/index/" in tail:
            arns.append(f"{head}{slash}{tail.partition('/')[0]}")
        else:
            arns.append(shared.arn)
    for arn in dict.fromkeys(arns):
        if "*" not in arn:
            yield arn, arn.split(":")[2]


def _wall(tenancy_map: TenancyMap, service: str, arn: str, *, roles: Sequence[str]) -> Document:
    """Return what denies every action to the agents' sessions that lack a tag."""
    inside = f"{arn}/*" if service == "s3" else f"{arn}/index/*"
    return document(
        {
            **_to_all(deny_without(tag, roles=roles)),
            "Action": f"{service}:*",
            "Resource": [arn, inside],
        }
        for tag in tenancy_map.tags
    )


def _of_key(
    tenancy_map: TenancyMap, rights: tuple[Right, ...], arn: str, *, roles: Sequence[str]
) -> Document:
    """Return the whole policy of a key: IAM's policies count for nothing without one."""
    platform = [name for name in tenancy_map.platform if name.startswith("arn:")]
    if not platform:
        raise TenancyError(
            "tenancy-key-platform",
            f"nobody could change the policy of `{arn}`: KMS does not take one that locks all out",
            hint="name a role of yours in `platform` of `[tenancy]`",
        )
    mine = [right for right in rights if right.resource == (arn,)]
    # Of a key that is shared others have their rights by the account's IAM policies.
    is_ours = any(entry.arn == (arn,) for entry in tenancy_map.owned)
    agents = {"Principal": {"AWS": one_or_many(roles)}}
    return document(
        [
            *(
                {**_to_all(deny_without(tag, roles=roles)), "Action": "kms:*"}
                for tag in tenancy_map.tags
            ),
            {
                "Sid": "ThePlatformKeepsTheKey",
                "Effect": "Allow",
                "Principal": {"AWS": one_or_many(platform)},
                "Action": list(_KEEPING),
                "Resource": "*",
            },
            *(() if is_ours else (_to_the_account(arn),)),
            *(_placed(statement, agents) for statement in allowing(mine)),
        ]
    )


def _to_the_account(arn: str) -> dict[str, Any]:
    """Return what AWS gives a key that is made without a policy."""
    _, partition, _, _, account, _ = arn.split(":", 5)
    return {
        "Sid": "TheAccountsPoliciesCountAsBefore",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def _to_all(statement: dict[str, Any]) -> dict[str, Any]:
    return _placed(statement, {"Principal": "*"})


def _placed(statement: dict[str, Any], principal: dict[str, Any]) -> dict[str, Any]:
    """Return the statement as one of a resource's own policy, in the usual order of members."""
    sid, effect = statement["Sid"], statement["Effect"]
    rest = {key: value for key, value in statement.items() if key not in {"Sid", "Effect"}}
    return {"Sid": sid, "Effect": effect, **principal, **rest, "Resource": "*"}
