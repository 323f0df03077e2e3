"""What Secrets Manager does to a secret once it is decided: one function an operation."""

import base64
import binascii
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.pages import page
from valetkey.localaws.secrets_store import StoredSecret
from valetkey.localaws.secrets_versions import CURRENT, Version, added, holder, moved
from valetkey.localaws.service_tags import merged_tags, request_tags, tag_list

DAY_SECONDS = 86_400
RECOVERY_DAYS = range(7, 31)
MAX_VALUE_BYTES = 65_536

Result = dict[str, Any]


def get_value(secret: StoredSecret, params: Params, now: float) -> Result:
    """Return the value of one version. A version and a stage that disagree give nothing."""
    stage = params.get("VersionStage", CURRENT)
    version_id = params.get("VersionId") or holder(secret.versions, stage)
    version = secret.versions.get(version_id) if version_id is not None else None
    if version is None or ("VersionStage" in params and stage not in version.stages):
        raise AwsError(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for this version or stage.",
        )
    return {
        **named(secret, version),
        **version.content,
        "VersionStages": list(version.stages),
        "CreatedDate": version.created,
    }


def put_value(secret: StoredSecret, params: Params, now: float) -> Result:
    """Add a version, or return the one that this request made before."""
    content = content_of(params)
    if not content:
        raise invalid("You must provide either SecretString or SecretBinary.")
    version = keep_value(
        secret, content, params, now=now, stages=tuple(params.get("VersionStages", (CURRENT,)))
    )
    return {**named(secret, version), "VersionStages": list(version.stages)}


def update(secret: StoredSecret, params: Params, now: float) -> Result:
    """Change the description, the key or the value."""
    content = content_of(params)
    version = None
    if content:
        version = keep_value(secret, content, params, now=now, stages=(CURRENT,))
    secret.description = params.get("Description", secret.description)
    secret.kms_key_id = params.get("KmsKeyId", secret.kms_key_id)
    secret.changed = now
    return named(secret, version)


def keep_value(
    secret: StoredSecret,
    content: Mapping[str, str],
    params: Params,
    *,
    now: float,
    stages: tuple[str, ...],
) -> Version:
    """Store a new version with these stages; the same one again changes nothing.

    Raises AwsError ResourceExistsException where its id has another value.
    """
    version_id = params.get("ClientRequestToken") or str(uuid.uuid4())
    known = secret.versions.get(version_id)
    if known is None:
        new = Version(version_id, now, content)
        secret.versions = added(secret.versions, new, stages)
        secret.changed = now
    elif known.content != content:
        raise AwsError("ResourceExistsException", "This version has another value already.")
    return secret.versions[version_id]


def content_of(params: Params) -> dict[str, str]:
    """Return the value in a request: SecretString or SecretBinary, never both, or nothing."""
    found: dict[str, str] = {
        name: params[name] for name in ("SecretString", "SecretBinary") if name in params
    }
    if len(found) > 1:
        raise invalid("You can't specify both a binary and a string secret value.")
    size = len(found.get("SecretString", "").encode())
    if "SecretBinary" in found:
        try:
            raw = base64.b64decode(found["SecretBinary"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise AwsError("SerializationException", "SecretBinary is not base64.") from error
        size = len(raw)
        found["SecretBinary"] = base64.b64encode(raw).decode("ascii")
    if size > MAX_VALUE_BYTES:
        raise invalid(f"A secret value has at most {MAX_VALUE_BYTES} bytes.")
    return found


def _describe(secret: StoredSecret, params: Params, now: float) -> Result:
    return {**described(secret), "VersionIdsToStages": _stages(secret)}


def listed(secret: StoredSecret) -> Result:
    """Return a secret's row in ListSecrets: no value."""
    return {**described(secret), "SecretVersionsToStages": _stages(secret)}


def described(secret: StoredSecret) -> Result:
    """Return what is known of a secret but its values."""
    known = {
        **named(secret),
        "Description": secret.description or None,
        "KmsKeyId": secret.kms_key_id,
        "Tags": tag_list(secret.tags),
        "CreatedDate": secret.created,
        "LastChangedDate": secret.changed,
        "DeletedDate": secret.deletion,
    }
    return {name: value for name, value in known.items() if value is not None}


def _stages(secret: StoredSecret) -> dict[str, list[str]]:
    return {one.id: list(one.stages) for one in secret.versions.values() if one.stages}


def _list_versions(secret: StoredSecret, params: Params, now: float) -> Result:
    deprecated = params.get("IncludeDeprecated", False)
    shown = [one for one in secret.versions.values() if one.stages or deprecated]
    some, more = page(shown, params, size=100, bad_token="InvalidNextTokenException")  # noqa: S106
    rows = [
        {"VersionId": one.id, "VersionStages": list(one.stages), "CreatedDate": one.created}
        for one in some
    ]
    return {**named(secret), "Versions": rows, **more}


def _move_stage(secret: StoredSecret, params: Params, now: float) -> Result:
    stage = params["VersionStage"]
    leaves, to = params.get("RemoveFromVersionId"), params.get("MoveToVersionId")
    before = holder(secret.versions, stage)
    if leaves is None and to is None:
        raise invalid("Name a version to move the staging label to or from.")
    if leaves is not None and leaves != before:
        raise invalid("The staging label is not on the version to remove it from.")
    if before is not None and leaves is None and to != before:
        raise invalid("The staging label is on another version: name it in RemoveFromVersionId.")
    if to is not None and to not in secret.versions:
        raise invalid("There is no version to move the staging label to.")
    if stage == CURRENT and to is None:
        raise invalid("You can't remove AWSCURRENT: move it.")
    secret.versions = moved(secret.versions, stage, to)
    secret.changed = now
    return named(secret)


def _delete(secret: StoredSecret, params: Params, now: float) -> Result:
    """Schedule the deletion: now with Force, which is the caller's to carry out."""
    force = params.get("ForceDeleteWithoutRecovery", False)
    if force and "RecoveryWindowInDays" in params:
        raise invalid("ForceDeleteWithoutRecovery excludes RecoveryWindowInDays.")
    days = params.get("RecoveryWindowInDays", RECOVERY_DAYS[-1])
    if days not in RECOVERY_DAYS:
        raise invalid("RecoveryWindowInDays is 7 to 30 days.")
    if secret.deletion is not None and not force:
        raise being_deleted()
    secret.deletion = now + (0 if force else days * DAY_SECONDS)
    return {**named(secret), "DeletionDate": secret.deletion}


def _restore(secret: StoredSecret, params: Params, now: float) -> Result:
    secret.deletion = None
    return named(secret)


def _tag(secret: StoredSecret, params: Params, now: float) -> Result:
    secret.tags = merged_tags(secret.tags, request_tags(params))
    return {}


def _untag(secret: StoredSecret, params: Params, now: float) -> Result:
    secret.tags = {k: v for k, v in secret.tags.items() if k not in params["TagKeys"]}
    return {}


def named(secret: StoredSecret, version: Version | None = None) -> Result:
    """Return the ARN and the name that most answers begin with."""
    found = {"ARN": secret.arn, "Name": secret.name}
    return found if version is None else {**found, "VersionId": version.id}


def invalid(message: str) -> AwsError:
    """Return Secrets Manager's error for parameters that don't fit together."""
    return AwsError("InvalidParameterException", message)


def being_deleted() -> AwsError:
    """Return the error for a secret whose recovery window runs."""
    return AwsError(
        "InvalidRequestException", "The secret was marked for deletion: restore it first."
    )


RUN: Mapping[str, Callable[[StoredSecret, Params, float], Result]] = {
    "GetSecretValue": get_value,
    "PutSecretValue": put_value,
    "UpdateSecret": update,
    "DescribeSecret": _describe,
    "ListSecretVersionIds": _list_versions,
    "UpdateSecretVersionStage": _move_stage,
    "DeleteSecret": _delete,
    "RestoreSecret": _restore,
    "TagResource": _tag,
    "UntagResource": _untag,
}
