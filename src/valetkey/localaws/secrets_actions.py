"""The Secrets Manager operations that are modelled, by what their resource is.

The action has the operation's name. Rotation, replication, policy validation and managed
external secrets are refused.
"""

ACCOUNT_OPERATIONS = frozenset({"ListSecrets", "GetRandomPassword"})
SECRET_OPERATIONS = frozenset(
    {
        "GetSecretValue",
        "PutSecretValue",
        "UpdateSecret",
        "DescribeSecret",
        "ListSecretVersionIds",
        "UpdateSecretVersionStage",
        "DeleteSecret",
        "RestoreSecret",
        "TagResource",
        "UntagResource",
        "PutResourcePolicy",
        "GetResourcePolicy",
        "DeleteResourcePolicy",
    }
)
OPERATIONS = ACCOUNT_OPERATIONS | SECRET_OPERATIONS | {"CreateSecret", "BatchGetSecretValue"}

ON_DELETED = frozenset({"DescribeSecret", "ListSecretVersionIds", "RestoreSecret", "DeleteSecret"})
"""What may still be done to a secret that is scheduled for deletion."""

UNMODELLED = frozenset(
    {
        "AddReplicaRegions",
        "CrossAccountPrimaryARN",
        "ForceOverwriteReplicaSecret",
        "PolicyName",
        "RotationToken",
        "SortBy",
        "Type",
    }
)
"""Parameters that would need a decision or a meaning of their own."""

PARAMETER_KEYS = {
    "CreateSecret": {
        "Name": "secretsmanager:Name",
        "Description": "secretsmanager:Description",
        "KmsKeyId": "secretsmanager:KmsKeyId",
    },
    "UpdateSecret": {
        "Description": "secretsmanager:Description",
        "KmsKeyId": "secretsmanager:KmsKeyId",
    },
    "GetSecretValue": {
        "VersionId": "secretsmanager:VersionId",
        "VersionStage": "secretsmanager:VersionStage",
    },
    "UpdateSecretVersionStage": {"VersionStage": "secretsmanager:VersionStage"},
    "DeleteSecret": {
        "ForceDeleteWithoutRecovery": "secretsmanager:ForceDeleteWithoutRecovery",
        "RecoveryWindowInDays": "secretsmanager:RecoveryWindowInDays",
    },
    "PutResourcePolicy": {"BlockPublicPolicy": "secretsmanager:BlockPublicPolicy"},
}
"""Condition keys that repeat a parameter, by operation."""
