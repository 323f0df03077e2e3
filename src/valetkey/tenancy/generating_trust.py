"""The trust policy of an agents' role: who may make sessions of it, and with which tags.

Facts of the IAM User Guide, "Pass session tags in AWS STS", and of the reference of STS's actions
and condition keys: which key is there for which action.
"""

from collections.abc import Sequence
from typing import Any

from valetkey.tenancy.bounds import bounds_of
from valetkey.tenancy.policy_set import Document
from valetkey.tenancy.statements import document, one_or_many
from valetkey.tenancy.tenancy_map import RUN_TAG, AgentRole, Source, TenancyMap

_RUN = "r-*"


def trust_policy(tenancy_map: TenancyMap, grants: Sequence[AgentRole]) -> Document:
    """Return who may come to a session of the one role that all `grants` are of."""
    by_role = [one for one in grants if one.source is Source.ASSUME_ROLE]
    by_token = [one for one in grants if one.source is Source.WEB_IDENTITY]
    statements: list[dict[str, Any]] = []
    if by_role:
        statements += _for_brokers(tenancy_map, by_role)
    if by_token:
        statements += _for_tokens(tenancy_map, by_token)
    return document(statements)


def _for_brokers(tenancy_map: TenancyMap, grants: Sequence[AgentRole]) -> list[dict[str, Any]]:
    """Return what lets in the roles of `assumed_by`.

    An external id is known to AssumeRole alone, so tags then need a statement of their own. A
    source identity needs one anyway: the tags of a request are no keys of its action.
    """
    principal = {"Effect": "Allow", "Principal": {"AWS": one_or_many(tenancy_map.assumed_by)}}
    tagged = _tagged(tenancy_map)
    ids = dict.fromkeys(grant.external_id for grant in grants)
    assume, tag = "sts:AssumeRole", "sts:TagSession"
    by_run = {
        "Sid": "TheSourceIdentityIsTheRun",
        **principal,
        "Action": "sts:SetSourceIdentity",
        "Condition": {"StringLike": {"sts:SourceIdentity": _RUN}},
    }
    sid = {"Sid": "OnlyTheBrokerWithExactlyTheseTags", **principal}
    if None in ids:
        return [{**sid, "Action": [assume, tag], "Condition": tagged}, by_run]
    external = {"StringEquals": {"sts:ExternalId": one_or_many([one for one in ids if one])}}
    return [
        {**sid, "Action": assume, "Condition": {**external, **tagged}},
        {
            "Sid": "ExactlyTheseTags",
            **principal,
            "Action": tag,
            "Condition": _only_keys(tenancy_map),
        },
        by_run,
    ]


def _for_tokens(tenancy_map: TenancyMap, grants: Sequence[AgentRole]) -> list[dict[str, Any]]:
    """Return what lets in our own provider's tokens about these grants.

    `sts:RoleAuthorizedByIdp` is known to AssumeRoleWithWebIdentity alone: the token names the role.
    """
    provider = tenancy_map.oidc_provider or ""
    host = provider.partition(":oidc-provider/")[2]
    principal = {"Effect": "Allow", "Principal": {"Federated": provider}}
    audiences = list(dict.fromkeys(grant.audience for grant in grants))
    subjects = [grant.subject for grant in grants]
    is_ours = {f"{host}:aud": one_or_many(audiences), f"{host}:sub": one_or_many(subjects)}
    tagged = _tagged(tenancy_map)
    tagged["StringLike"]["sts:SourceIdentity"] = _RUN
    return [
        {
            "Sid": "OnlyOurTokensWithExactlyTheseTags",
            **principal,
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": is_ours,
                "Bool": {"sts:RoleAuthorizedByIdp": "true"},
                **tagged,
            },
        },
        {
            "Sid": "WithTheirTagsAndTheRun",
            **principal,
            "Action": ["sts:TagSession", "sts:SetSourceIdentity"],
            "Condition": {"StringEquals": is_ours},
        },
    ]


def _tagged(tenancy_map: TenancyMap) -> dict[str, Any]:
    """Return what holds of a request with exactly the map's tags, each bounded, and a run's."""
    key = "aws:RequestTag/{}".format
    condition: dict[str, Any] = {
        "StringLike": {
            **{key(tag): "?*" for tag in tenancy_map.tags},
            key(RUN_TAG): _RUN,
        }
    }
    bounds = {
        key(tag): one_or_many([f"*{letter}*" for letter in letters])
        for tag, letters in bounds_of(tenancy_map).items()
        if letters
    }
    if bounds:
        condition["StringNotLike"] = bounds
    return {**condition, **_only_keys(tenancy_map)}


def _only_keys(tenancy_map: TenancyMap) -> dict[str, Any]:
    """Return what holds of a request that sets tags, and no others than these."""
    return {
        "ForAllValues:StringEquals": {"aws:TagKeys": [*tenancy_map.tags, RUN_TAG]},
        "Null": {"aws:TagKeys": "false"},
    }
