"""Secrets Manager operations: the secret is found once, decided on, and only then touched."""

import secrets
import string
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer
from valetkey.localaws.json_limits import check_limits
from valetkey.localaws.json_protocol import Require, json_answer
from valetkey.localaws.models import Params
from valetkey.localaws.pages import page
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.secrets_actions import ACCOUNT_OPERATIONS, ON_DELETED, OPERATIONS, UNMODELLED
from valetkey.localaws.secrets_context import SecretDecisions
from valetkey.localaws.secrets_filters import filtered
from valetkey.localaws.secrets_operations import (
    RUN,
    being_deleted,
    content_of,
    get_value,
    invalid,
    keep_value,
    listed,
    named,
)
from valetkey.localaws.secrets_passwords import random_password
from valetkey.localaws.secrets_store import SUFFIX_LENGTH, Secrets, StoredSecret, plain_name
from valetkey.localaws.secrets_versions import CURRENT
from valetkey.localaws.service_tags import request_tags
from valetkey.localaws.storage import Storage

_BAD_TOKEN = "InvalidNextTokenException"  # noqa: S105


@dataclass(frozen=True, slots=True)
class SecretService:
    """Answers Secrets Manager for verified callers. Holds the secrets itself."""

    storage: Storage
    policies: ResourcePolicies
    clock: Callable[[], float] = time.time
    stored: dict[str, StoredSecret] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Forget the secrets with everything else."""
        self.storage.at_close(self.stored.clear)

    def operations(self) -> Collection[str]:
        """Return the names of the operations that are modelled."""
        return OPERATIONS

    def run(self, operation: str, params: Params, *, require: Require) -> Answer:
        """Return Secrets Manager's answer. Raises AwsError for a denial."""
        _refuse_unmodelled(params)
        check_limits(Service.SECRETSMANAGER, operation, params)
        now = self.clock()
        found = Secrets(self.stored, region=self.storage.region, account=self.storage.account)
        self._forget(found, now)
        decisions = SecretDecisions(found, self.policies, require)
        if operation == "CreateSecret":
            result = _create(decisions, params, now)
        elif operation == "BatchGetSecretValue":
            result = _batch(decisions, params, now)
        elif operation in ACCOUNT_OPERATIONS:
            decisions.account(operation)
            result = _list(found, params) if operation == "ListSecrets" else _password(params)
        else:
            secret = decisions.found(operation, params)
            if secret.deletion is not None and operation not in ON_DELETED:
                raise being_deleted()
            if operation.endswith("ResourcePolicy"):
                result = self._policy(operation, secret, params)
            else:
                result = RUN[operation](secret, params, now)
            self._forget(found, now)
        return json_answer(Service.SECRETSMANAGER, result)

    def _forget(self, found: Secrets, now: float) -> None:
        """Drop every secret whose time is over, and its policy with it."""
        for secret in found.expired(now):
            found.remove(secret)
            self.policies.drop(secret.arn)

    def _policy(self, operation: str, secret: StoredSecret, params: Params) -> dict[str, Any]:
        if operation == "DeleteResourcePolicy":
            self.policies.drop(secret.arn)
        elif operation == "PutResourcePolicy":
            try:
                self.policies.put(secret.arn, params["ResourcePolicy"])
            except AwsError as error:
                raise AwsError(f"{error.code}Exception", error.message) from error
        else:
            document = self.policies.documents.get(secret.arn)
            return {**named(secret), **({} if document is None else {"ResourcePolicy": document})}
        return named(secret)


def _create(decisions: SecretDecisions, params: Params, now: float) -> dict[str, Any]:
    name = plain_name(params["Name"])
    decisions.creation(params)
    found = decisions.secrets
    content = content_of(params)
    known = found.find(name)
    if known is not None:
        if known.deletion is not None:
            raise being_deleted()
        version = known.versions.get(params.get("ClientRequestToken", ""))
        if version is None or version.content != content:
            raise AwsError("ResourceExistsException", f"The secret {name} already exists.")
        return named(known, version)
    secret = StoredSecret(
        name=name,
        arn=found.new_arn(name, _suffix()),
        created=now,
        changed=now,
        description=params.get("Description", ""),
        kms_key_id=params.get("KmsKeyId"),
        tags=request_tags(params),
    )
    version = keep_value(secret, content, params, now=now, stages=(CURRENT,)) if content else None
    found.keep(secret)
    return named(secret, version)


def _batch(decisions: SecretDecisions, params: Params, now: float) -> dict[str, Any]:
    """Return each secret that the caller may read, and an error for each other one."""
    decisions.account("BatchGetSecretValue")
    ids, more = params.get("SecretIdList", []), dict[str, Any]()
    if ("Filters" in params) == ("SecretIdList" in params):
        raise invalid("Give either Filters or SecretIdList.")
    if "Filters" in params:
        decisions.account("ListSecrets")
        in_use = [one for one in decisions.secrets.all() if one.deletion is None]
        matching = [one.arn for one in filtered(in_use, params)]
        ids, more = page(matching, params, size=20, bad_token=_BAD_TOKEN)
    values: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    for secret_id in ids:
        try:
            secret = decisions.found("GetSecretValue", {"SecretId": secret_id})
            if secret.deletion is not None:
                raise being_deleted()
            values.append(get_value(secret, {}, now))
        except AwsError as error:
            row = {"SecretId": secret_id, "ErrorCode": error.code, "Message": error.message}
            errors.append(row)
    return {"SecretValues": values, "Errors": errors, **more}


def _list(found: Secrets, params: Params) -> dict[str, Any]:
    planned = params.get("IncludePlannedDeletion", False)
    shown = filtered((one for one in found.all() if planned or one.deletion is None), params)
    if params.get("SortOrder") == "desc":
        shown.reverse()
    some, more = page(shown, params, size=100, bad_token=_BAD_TOKEN)
    return {"SecretList": [listed(secret) for secret in some], **more}


def _password(params: Params) -> dict[str, Any]:
    return {"RandomPassword": random_password(params, choose=secrets.choice)}


def _suffix() -> str:
    return "".join(
        secrets.choice(string.ascii_letters + string.digits) for _ in range(SUFFIX_LENGTH)
    )


def _refuse_unmodelled(params: Params) -> None:
    refused = sorted(UNMODELLED & set(params))
    if params.get("BlockPublicPolicy", False):
        refused.append("BlockPublicPolicy")
    if refused:
        raise fault(Service.SECRETSMANAGER, Trouble.UNSUPPORTED, f"{refused[0]} is not modelled")
