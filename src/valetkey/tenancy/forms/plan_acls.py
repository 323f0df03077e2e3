"""The ACLs of buckets and objects in a Terraform plan or state: do they let anybody in?"""

from collections.abc import Iterator, Mapping
from typing import Any

from valetkey.tenancy.forms.plan_values import Planned

_WITH_ACL = ("aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object", "aws_s3_bucket_object",
             "aws_s3_object_copy")  # fmt: skip


def has_open_acl(one: Planned) -> bool:
    """Return whether an ACL gives something to anybody but the bucket's owner.

    A state prints also the ACL that S3 made by itself: one grant of all to the owner.
    """
    if one.type not in _WITH_ACL:
        return False
    for member in ("acl", "grant", "access_control_policy"):
        if one.is_unknown(member) and member in one.expressions:
            return True
    if one.values.get("acl") not in (None, "", "private"):
        return True
    grants = [*_blocks(one.values.get("grant"))]
    owners = [_all_to_owner(one) for one in grants]
    return bool(grants and owners != [True]) or _has_other_grants(one)


def _blocks(written: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the blocks of a list; one that is not understood is an empty one."""
    for block in (
        written if isinstance(written, list | tuple) else () if not written else (written,)
    ):
        yield block if isinstance(block, Mapping) else {}


def _all_to_owner(grant: Mapping[str, Any]) -> bool:
    return grant.get("type") == "CanonicalUser" and grant.get("permissions") == ["FULL_CONTROL"]


def _has_other_grants(one: Planned) -> bool:
    for policy in _blocks(one.values.get("access_control_policy")):
        owners = {owner.get("id") for owner in _blocks(policy.get("owner"))} - {None, ""}
        for grant in _blocks(policy.get("grant")):
            grantees = [grantee.get("id") for grantee in _blocks(grant.get("grantee"))]
            if len(grantees) != 1 or grantees[0] not in owners:
                return True
    return False
