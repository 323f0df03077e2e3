"""Where the local AWS's decisions and AWS's reference differ, each with its reason.

The tests of `test_reference.py` assert these tables equal to what they find.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from tests.localaws.reference import documented_keys
from tests.localaws.world import ACCOUNT, REGION

ASKS_NOTHING = frozenset({"sts:GetCallerIdentity"})
"""No permission is needed for it ("GetCallerIdentity", API reference)."""

OTHER_RESOURCE = {
    ("ssm:GetParametersByPath", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/"): (
        "the path `/` holds every parameter: its ARN ends where names begin"
    ),
}
"""Resources of no documented shape that are asked on, with the reason."""

ONE_CONTEXT = "a request has one context, which serves the second action that it needs as well"
OTHER_KEYS: dict[tuple[str, str], str] = {
    ("dynamodb:ConditionCheckItem", "dynamodb:EnclosingOperation"): (
        "the developer guide has the key for every part of a transaction"
    ),
    **{
        (f"s3:{action}", f"s3:{key}"): ONE_CONTEXT
        for action, keys in {
            "PutBucketAcl": ["locationconstraint", "x-amz-object-ownership"],
            "PutBucketOwnershipControls": ["locationconstraint", "x-amz-acl",
                                           "x-amz-object-ownership"],
            "PutObjectAcl": ["RequestObjectTag/", "RequestObjectTagKeys",
                             "x-amz-server-side-encryption", "x-amz-website-redirect-location"],
            "PutObjectTagging": ["x-amz-acl", "x-amz-copy-source", "x-amz-metadata-directive",
                                 "x-amz-server-side-encryption", "x-amz-storage-class",
                                 "x-amz-website-redirect-location"],
        }.items()
        for key in keys
    },
    **{
        ("sts:TagSession", f"sts:{key}"): ONE_CONTEXT
        for key in ("ExternalId", "RoleSessionName", "SourceIdentity")
    },
}  # fmt: skip
"""Condition keys that are set though the reference does not list them, with the reason."""


EVERY = ("*",)
NO_TAGS = ("s3:CreateBucket", "secretsmanager:*Policy", "secretsmanager:DeleteSecret",
           "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
           "secretsmanager:ListSecretVersionIds", "secretsmanager:PutSecretValue",
           "secretsmanager:RestoreSecret", "secretsmanager:UpdateSecret*")  # fmt: skip
OTHER_IDENTITIES = (
    "accounts.google.com:aud", "accounts.google.com:sub", "cognito-identity.amazonaws.com:amr",
    "cognito-identity.amazonaws.com:aud", "cognito-identity.amazonaws.com:sub",
    "graph.facebook.com:app_id", "graph.facebook.com:id", "saml:aud", "saml:namequalifier",
    "saml:sub", "saml:sub_type", "www.amazon.com:app_id", "www.amazon.com:user_id",
)  # fmt: skip
SHARED_ISSUERS = sorted(
    key
    for key in documented_keys("sts:AssumeRoleWithWebIdentity")
    if key.partition(":")[0] not in {"aws", "iam", "sts"} and key not in OTHER_IDENTITIES
)
UNSET: dict[str, dict[str, tuple[str, ...]]] = {
    "SAML is refused, and a web identity is one of a provider that the account made": (
        dict.fromkeys(OTHER_IDENTITIES, EVERY)
    ),
    "AWS reads these claims of the few issuers that many accounts share": (
        dict.fromkeys(SHARED_ISSUERS, ("sts:AssumeRoleWithWebIdentity",))
    ),
    "the request brings no tags: it has no parameter for them, or they are refused": {
        "aws:RequestTag/${TagKey}": (*NO_TAGS, "secretsmanager:UntagResource"),
        "aws:TagKeys": NO_TAGS,
    },
    "what is yet to be made has no tags": {
        "aws:ResourceTag/${TagKey}": (
            "dynamodb:CreateTable", "iam:CreateOpenIDConnectProvider", "iam:CreatePolicy",
            "secretsmanager:CreateSecret",
        ),
        "secretsmanager:ResourceTag/tag-key": ("secretsmanager:CreateSecret",),
    },
    "a path has no tags, and the parameters below it are not asked for one by one": {
        "aws:ResourceTag/${TagKey}": ("ssm:GetParametersByPath",),
        "ssm:resourceTag/tag-key": ("ssm:GetParametersByPath",),
    },
    "a bucket's tags are condition keys from PutBucketAbac on, which is refused": {
        "aws:ResourceTag/${TagKey}": ("s3:*",),
        "s3:BucketTag/${TagKey}": EVERY,
    },
    "access points and access grants are refused": {
        "s3:AccessGrantsInstanceArn": EVERY,
        "s3:AccessPointNetworkOrigin": EVERY,
        "s3:AccessPointTag/${TagKey}": EVERY,
        "s3:DataAccessPointAccount": EVERY,
        "s3:DataAccessPointArn": EVERY,
    },
    "the header that brings it is refused": {
        "s3:object-lock-event-hold": EVERY,
        "s3:object-lock-event-hold-duration-days": EVERY,
        "s3:object-lock-legal-hold": EVERY,
        "s3:object-lock-mode": EVERY,
        "s3:object-lock-remaining-retention-days": EVERY,
        "s3:object-lock-retain-until-date": EVERY,
        "s3:x-amz-bucket-namespace": EVERY,
        "s3:x-amz-grant-full-control": EVERY,
        "s3:x-amz-grant-read": EVERY,
        "s3:x-amz-grant-read-acp": EVERY,
        "s3:x-amz-grant-write": EVERY,
        "s3:x-amz-grant-write-acp": EVERY,
        "s3:x-amz-object-annotation-directive": EVERY,
        "s3:x-amz-server-side-encryption-customer-algorithm": EVERY,
    },
    "a presigned URL alone brings it, and this run signs headers": {"s3:signatureAge": EVERY},
    "the parameter that brings it is refused": {
        "iam:RoleTemplateARN": EVERY,
        "secretsmanager:AddReplicaRegions": EVERY,
        "secretsmanager:ForceOverwriteReplicaSecret": EVERY,
        "secretsmanager:Type": EVERY,
        "ssm:Policies": EVERY,
    },
    "no secret here is rotated, replicated or managed by another company": {
        "secretsmanager:SecretPrimaryRegion": EVERY,
        "secretsmanager:resource/AllowRotationLambdaArn": EVERY,
        "secretsmanager:resource/Type": EVERY,
    },
    "these two have no parameter that returns old values": {
        "dynamodb:ReturnValues": ("dynamodb:Query", "dynamodb:Scan"),
    },
    "functions have no URLs and no event sources here": {
        "lambda:EventSourceToken": EVERY,
        "lambda:InvokedViaFunctionUrl": EVERY,
    },
    "documents of Systems Manager are refused": {
        "ssm:DocumentCategories": EVERY,
        "ssm:DocumentType": EVERY,
    },
}  # fmt: skip
"""Condition keys that the reference lists and no request sets, by the reason: of which actions."""


def unset_keys(actions: Iterable[str]) -> dict[tuple[str, str, str], set[tuple[str, str]]]:
    """Return for each reason, key and pattern the actions that have the key documented."""
    every = tuple(actions)
    return {
        (reason, key, pattern): {
            (action, key)
            for action in every
            if fnmatchcase(action, pattern) and key in documented_keys(action)
        }
        for reason, rows in UNSET.items()
        for key, patterns in rows.items()
        for pattern in patterns
    }
