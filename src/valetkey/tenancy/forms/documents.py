"""Policy documents in all the wrappings in which AWS's APIs hand them over.

The evaluator's own parser judges what they say; here they become values of JSON.
"""

import re
from collections.abc import Mapping
from typing import Any

from valetkey.iam.document import read_json
from valetkey.tenancy.forms.values import (
    MAX_SOURCE,
    list_of,
    malformed,
    object_of,
    only_members,
    text_of,
)
from valetkey.tenancy.policy_set import Attached, Document

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_WRAPPINGS = ("PolicyDocument", "Policy", "ResourcePolicy", "Document")
"""GetRolePolicy; GetBucketPolicy, GetKeyPolicy and Lambda's GetPolicy; Secrets Manager's and
DynamoDB's GetResourcePolicy; GetPolicyVersion."""
_POLICY_MEMBERS = (
    "PolicyName",
    "PolicyArn",
    "PolicyDocument",
    "PolicyVersion",
    "Policy",
    "RoleName",
)


def document_of(value: object, place: str) -> Document:
    """Return a policy document that is an object, JSON text, or URL-encoded JSON text.

    IAM's API encodes documents as in RFC 3986 §2.1. Raises TenancyError
    `policy-source-malformed` where it is none of these or has no `Statement`.
    """
    found = _object(value, place)
    for name in _WRAPPINGS:
        if "Statement" not in found and isinstance(found.get(name), str | Mapping):
            return document_of(found[name], f"{place}.{name}")
    if "Statement" not in found:
        raise malformed(place, "is not a policy document: it has no `Statement`")
    return plain(found)


def _object(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, str):
        return object_of(value, place)
    is_encoded = value.lstrip()[:1] != "{"
    text = _decoded(value, place) if is_encoded else value
    plus = "spaces are written as `+`: IAM writes `%20`" if is_encoded and "+" in text else None
    read = read_json(
        text, lambda why: malformed(place, f"is not JSON: {why}", hint=plus), limit=MAX_SOURCE
    )
    return object_of(read, place)


def _decoded(text: str, place: str) -> str:
    try:
        return _ESCAPE.sub(lambda m: bytes.fromhex(m[1].decode()), text.encode()).decode()
    except UnicodeError:
        raise malformed(place, "is not a URL-encoded document") from None


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document in dictionaries and lists of its own, which nobody else can change."""

    def copied(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: copied(one) for name, one in value.items()}
        return [copied(one) for one in value] if isinstance(value, list | tuple) else value

    found: dict[str, Any] = copied(document)
    return found


def attached_of(value: object, place: str, default: str) -> Attached | str:
    """Return a policy with its name, or the ARN of one that is named without its document.

    It is a bare document, {PolicyName, PolicyDocument} or {PolicyVersion: {Document}}.
    """
    if isinstance(value, Mapping) and not {"Statement", "Version"} & set(value):
        return _named(value, place, default)
    return Attached(default, document_of(value, place))


def _named(value: Mapping[str, Any], place: str, default: str) -> Attached | str:
    only_members(value, _POLICY_MEMBERS, place)
    managed = object_of(value.get("Policy", {}), f"{place}.Policy")
    name = value.get("PolicyName", managed.get("PolicyName", default))
    if "PolicyVersion" in value:
        version = object_of(value["PolicyVersion"], f"{place}.PolicyVersion")
        if version.get("IsDefaultVersion", True) is not True:
            raise malformed(
                f"{place}.PolicyVersion",
                "is not the default version, and so not in force",
                hint="bring the version that `aws iam get-policy` names as DefaultVersionId",
            )
        document = document_of(version.get("Document"), f"{place}.PolicyVersion.Document")
    elif "PolicyDocument" in value:
        document = document_of(value["PolicyDocument"], f"{place}.PolicyDocument")
    elif "PolicyArn" in value:
        return text_of(value["PolicyArn"], f"{place}.PolicyArn")
    else:
        raise malformed(place, "has no policy document")
    return Attached(text_of(name, f"{place}.PolicyName"), document)


def attached_all(value: object, place: str) -> tuple[tuple[Attached, ...], tuple[str, ...]]:
    """Return the policies of a list, and the ARNs of those whose documents are not there."""
    listed = list_of(value, place)
    found, missing = [], []
    for index, one in enumerate(listed):
        default = "permissions" if len(listed) == 1 else f"permissions {index + 1}"
        policy = attached_of(one, f"{place}[{index}]", default)
        if isinstance(policy, str):
            missing.append(policy)
        else:
            found.append(policy)
    return tuple(found), tuple(missing)
