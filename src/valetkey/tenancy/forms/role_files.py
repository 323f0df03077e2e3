"""ROLE.json: a role with all that bears on it, as IAM's API returns it, read and written."""

from collections.abc import Mapping
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.forms.documents import attached_all, document_of
from valetkey.tenancy.forms.holders import check_holder
from valetkey.tenancy.forms.merging import merged
from valetkey.tenancy.forms.values import (
    list_of,
    malformed,
    object_of,
    only_members,
    source_of,
    tags_of,
    text_of,
    whole_of,
)
from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies

_MEMBERS = (
    "role", "policies", "boundary", "resource_policies", "service_control", "resource_control",
    "brokers",
)  # fmt: skip
_ROLE_MEMBERS = (
    "Arn", "AssumeRolePolicyDocument", "MaxSessionDuration", "Tags", "Path", "RoleName", "RoleId",
    "CreateDate", "Description", "PermissionsBoundary", "RoleLastUsed",
)  # fmt: skip


def read_role_files(files: Mapping[str, str | bytes]) -> PolicySet:
    """Return the policies of ROLE.json files by their names: several files are several roles.

    A file may leave out `role` and bring resource policies alone. Raises TenancyError
    `policy-source-malformed`, or `policy-source-conflict` where two files disagree.
    """
    return merged(tuple(_whole(source_of(text, name), name) for name, text in files.items()))


def _whole(source: Mapping[str, Any], name: str) -> PolicySet:
    try:
        return _read(source, name)
    except RecursionError:
        raise malformed(name, "is nested too deep") from None


_SHAPE = (
    '{"role": ROLE of `aws iam get-role`, "policies": [DOCUMENT], "boundary": DOCUMENT or null, '
    '"resource_policies": {ARN: DOCUMENT or null}}; `valetkey policy --out DIR` writes one'
)
_OF_IAM = {
    "Role": "is what `aws iam get-role` prints: a role without its policies",
    "RoleDetailList": "is what `aws iam get-account-authorization-details` prints: many roles",
    "Statement": "is a policy alone, without the role that it belongs to",
}


def _read(source: Mapping[str, Any], name: str) -> PolicySet:
    for member, what in _OF_IAM.items():
        if member in source:
            raise malformed(name, what, hint=f"write {_SHAPE}")
    only_members(source, _MEMBERS, name)
    place = f"{name}: resource_policies"
    roles: tuple[RolePolicies, ...] = ()
    unread: tuple[str, ...] = ()
    if "role" in source:
        role, unread = _role(source, name)
        roles = (role,)
    elif source.get("policies") or source.get("boundary"):
        what = "has policies but no `role` that they belong to"
        raise malformed(name, what, hint=f"write {_SHAPE}")
    return PolicySet(
        roles,
        _of_holders(_by_arn(source.get("resource_policies"), place), place),
        service_control=_levels(source.get("service_control"), f"{name}: service_control"),
        resource_control=_levels(source.get("resource_control"), f"{name}: resource_control"),
        brokers={
            arn: document
            for arn, document in _by_arn(source.get("brokers"), f"{name}: brokers").items()
            if document is not None
        },
        unread=unread,
    )


def _role(source: Mapping[str, Any], name: str) -> tuple[RolePolicies, tuple[str, ...]]:
    place = f"{name}: role"
    role = object_of(source["role"], place)
    role = object_of(role["Role"], place) if set(role) == {"Role"} else role  # GetRole's answer
    only_members(role, _ROLE_MEMBERS, place)
    arn = text_of(role.get("Arn"), f"{place}.Arn")
    trust = document_of(role.get("AssumeRolePolicyDocument"), f"{place}.AssumeRolePolicyDocument")
    policies, missing = attached_all(source.get("policies"), f"{name}: policies")
    seconds = role.get("MaxSessionDuration", 3600)
    boundary = source.get("boundary")
    unread = [f"the document of {quoted(one)} of {quoted(arn)} was not supplied" for one in missing]
    if boundary is None and role.get("PermissionsBoundary"):
        unread.append(f"the document of the permissions boundary of {quoted(arn)} was not supplied")
    found = RolePolicies(
        arn,
        trust,
        policies,
        None if boundary is None else document_of(boundary, f"{name}: boundary"),
        tags_of(role.get("Tags"), f"{place}.Tags"),
        whole_of(seconds, f"{place}.MaxSessionDuration"),
    )
    return found, tuple(unread)


def _by_arn(value: object, place: str) -> dict[str, Document | None]:
    return {
        arn: None if document is None else document_of(document, f"{place}[{quoted(arn)}]")
        for arn, document in object_of({} if value is None else value, place).items()
    }


def _of_holders(policies: dict[str, Document | None], place: str) -> Mapping[str, Document | None]:
    for arn in policies:
        check_holder(arn, place)
    return policies


def _levels(value: object, place: str) -> tuple[tuple[Attached, ...], ...]:
    """Return levels of control policies: a list of lists, for each level must allow by itself."""
    levels = []
    for index, level in enumerate(list_of(value, place)):
        here = f"{place}[{index}]"
        if not isinstance(level, list | tuple):
            raise malformed(here, "is not a list: write one list of policies for each level")
        policies, missing = attached_all(level, here)
        if missing:
            raise malformed(here, f"names {quoted(missing[0])} without its document")
        levels.append(policies)
    return tuple(levels)


def role_file(role: RolePolicies, policy_set: PolicySet) -> dict[str, Any]:
    """Return ROLE.json of one role of the set: all by itself enough to prove what it may do."""
    return {
        "role": {
            "Arn": role.arn,
            "AssumeRolePolicyDocument": role.trust,
            "MaxSessionDuration": role.max_session_seconds,
            "Tags": [{"Key": key, "Value": value} for key, value in role.tags.items()],
        },
        "policies": _named(role.permissions),
        "boundary": role.boundary,
        "resource_policies": dict(policy_set.resource_policies),
        **_rest(policy_set),
    }


def _named(policies: tuple[Attached, ...]) -> list[dict[str, Any]]:
    return [{"PolicyName": one.name, "PolicyDocument": one.document} for one in policies]


def _rest(policy_set: PolicySet) -> dict[str, Any]:
    found: dict[str, Any] = {
        "service_control": [_named(level) for level in policy_set.service_control],
        "resource_control": [_named(level) for level in policy_set.resource_control],
        "brokers": dict(policy_set.brokers),
    }
    return {name: value for name, value in found.items() if value}


def apart_file(policy_set: PolicySet) -> dict[str, Any]:
    """Return a file without a role: the set's resource and control policies alone."""
    policies = dict(policy_set.resource_policies)
    return {**({"resource_policies": policies} if policies else {}), **_rest(policy_set)}
