"""What is decided about a secret: its ARN, its tags, its own policy, the request's keys."""

from dataclasses import dataclass

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.faults import AwsError
from valetkey.localaws.json_protocol import Require
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.secrets_actions import PARAMETER_KEYS
from valetkey.localaws.secrets_store import Secrets, StoredSecret
from valetkey.localaws.secrets_versions import CURRENT
from valetkey.localaws.service_tags import tagging
from valetkey.localaws.surroundings import tag_context


@dataclass(frozen=True, slots=True)
class SecretDecisions:
    """Asks `require`, and only then tells whether there is such a secret."""

    secrets: Secrets
    policies: ResourcePolicies
    require: Require

    def found(self, operation: str, params: Params) -> StoredSecret:
        """Return the secret that `SecretId` means, once the operation on it is allowed.

        Raises AwsError: the denial, or ResourceNotFoundException to whom it may be told.
        """
        secret_id = params["SecretId"]
        secret = self.secrets.find(secret_id)
        context = _keys(operation, params)
        context["secretsmanager:SecretId"] = secret_id
        if secret is None:
            self.require(_ask(operation, self.secrets.arn_of_missing(secret_id), context))
            raise AwsError(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
            )
        for prefix in ("aws:ResourceTag", "secretsmanager:ResourceTag"):
            context |= tag_context(secret.tags, prefix=prefix)
        policy = self.policies.policy(secret.arn)
        self.require(
            Ask(
                f"secretsmanager:{operation}",
                secret.arn,
                context,
                resource_policy=policy,
                shown=self.secrets.arn_of_missing(secret_id),
            )
        )
        return secret

    def creation(self, params: Params) -> None:
        """Return if a secret of this name may be made, and tagged where tags are given."""
        arn = self.secrets.arn_of_missing(params["Name"])
        self.require(_ask("CreateSecret", arn, _keys("CreateSecret", params)))
        if params.get("Tags"):
            self.require(_ask("TagResource", arn, tagging(params)))

    def account(self, operation: str) -> None:
        """Return if an operation that names no secret is allowed."""
        self.require(Ask(f"secretsmanager:{operation}", "*"))


def _ask(operation: str, resource: str, context: dict[str, ContextValue]) -> Ask:
    return Ask(f"secretsmanager:{operation}", resource, context)


def _keys(operation: str, params: Params) -> dict[str, ContextValue]:
    """Return the condition keys that the request's parameters bring.

    A read that names no version is one of AWSCURRENT, as AWS's example policies expect.
    """
    found = tagging(params)
    for parameter, key in PARAMETER_KEYS.get(operation, {}).items():
        if parameter in params:
            found[key] = _text(params[parameter])
    if operation == "GetSecretValue" and not {"VersionId", "VersionStage"} & set(params):
        found["secretsmanager:VersionStage"] = CURRENT
    if "KmsKeyId" in params and params["KmsKeyId"].startswith("arn:"):
        found["secretsmanager:KmsKeyArn"] = params["KmsKeyId"]
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
