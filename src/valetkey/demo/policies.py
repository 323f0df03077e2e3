"""The IAM policies of the demo's role, as a platform team would write them."""

from typing import Any

Document = dict[str, Any]


def trust_policy(broker_arn: str) -> Document:
    """Only the broker may assume the role, with exactly these tags and a run as its source."""
    return _document(
        {
            "Sid": "OnlyTheBrokerWithExactlyTheseTags",
            "Effect": "Allow",
            "Principal": {"AWS": broker_arn},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringLike": {
                    "aws:RequestTag/user_id": "?*",
                    "aws:RequestTag/valetkey_run": "r-*",
                },
                "StringNotLike": {"aws:RequestTag/user_id": "*/*"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["user_id", "valetkey_run"]},
                "Null": {"aws:TagKeys": "false"},
            },
        },
        {
            "Sid": "TheSourceIdentityIsTheRun",
            "Effect": "Allow",
            "Principal": {"AWS": broker_arn},
            "Action": "sts:SetSourceIdentity",
            "Condition": {"StringLike": {"sts:SourceIdentity": "r-*"}},
        },
    )


def web_trust_policy(provider: str, host: str, subject: str, *, needs_tags: bool) -> Document:
    """Only tokens for STS about one grant, from valetkey's own issuer, with exactly these tags.

    `needs_tags` False leaves the last part out, as many a policy does: STS then takes a token
    without the tags claim, and makes a session without tags.
    """
    federated = {"Effect": "Allow", "Principal": {"Federated": provider}}
    is_ours = {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}
    assumes, tags = "sts:AssumeRoleWithWebIdentity", ["sts:TagSession", "sts:SetSourceIdentity"]
    if not needs_tags:
        return _document(
            {
                "Sid": "TokensOfValetkey",
                **federated,
                "Action": [assumes, *tags],
                "Condition": {"StringEquals": is_ours},
            }
        )
    condition: Document = {
        "StringEquals": is_ours,
        "Bool": {"sts:RoleAuthorizedByIdp": "true"},
        "StringLike": {
            "aws:RequestTag/user_id": "?*",
            "aws:RequestTag/valetkey_run": "r-*",
            "sts:SourceIdentity": "r-*",
        },
        "StringNotLike": {"aws:RequestTag/user_id": "*/*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["user_id", "valetkey_run"]},
        "Null": {"aws:TagKeys": "false"},
    }
    # AWS knows `sts:RoleAuthorizedByIdp` for that one action alone: it would deny the other two.
    return _document(
        {"Sid": "TokensOfValetkey", **federated, "Action": assumes, "Condition": condition},
        {
            "Sid": "WithTheirTagsAndTheRun",
            **federated,
            "Action": tags,
            "Condition": {"StringEquals": is_ours},
        },
    )


def permission_policy(table_arn: str, bucket: str) -> Document:
    """What belongs to the session's `user_id` tag, and nothing else."""
    mine = "${aws:PrincipalTag/user_id}"
    return _document(
        {
            "Sid": "OwnRows",
            "Effect": "Allow",
            "Action": [
                f"dynamodb:{name}"
                for name in ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
            ],
            "Resource": table_arn,
            "Condition": {
                "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [mine]},
                # ForAllValues is true of an absent key: without this guard, Scan would pass.
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        },
        {
            "Sid": "OwnObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": f"arn:aws:s3:::{bucket}/traces/{mine}/*",
        },
        {
            "Sid": "OwnListing",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringLike": {"s3:prefix": f"traces/{mine}/*"}},
        },
    )


def broker_policy(role_arn: str) -> Document:
    """All that the broker itself may do."""
    return _document(
        {
            "Sid": "AssumeTheAgentsRole",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            "Resource": role_arn,
        }
    )


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}
