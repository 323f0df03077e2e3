"""Policy sets with everything in them that a form has to carry."""

from dataclasses import replace
from typing import Any

from valetkey.tenancy.policy_set import Attached, PolicySet, RolePolicies

ACCOUNT = "111122223333"
REGION = "eu-west-1"
AGENT = f"arn:aws:iam::{ACCOUNT}:role/agents/AgentTenantData"
TOOLS = f"arn:aws:iam::{ACCOUNT}:role/AgentTools"
BROKER = f"arn:aws:iam::{ACCOUNT}:role/platform/ValetkeyBroker"
BUCKET = "arn:aws:s3:::tenant-traces"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/Tasks"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shared/model-AbCdEf"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:tool"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a document with these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str | list[str], resource: str, **rest: Any) -> dict[str, Any]:
    """Return a statement that allows an action on a resource."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


TRUST = document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringLike": {"aws:RequestTag/user_id": "?*"}},
    }
)
OWN_OBJECTS = document(
    allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*")
)
OWN_ITEMS = document(
    allow(
        "dynamodb:GetItem",
        TABLE,
        Condition={
            "ForAllValues:StringEquals": {
                "dynamodb:LeadingKeys": "TENANT#${aws:PrincipalTag/user_id}"
            },
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    )
)
BROKERS_OWN = document(allow(["sts:AssumeRole", "sts:TagSession"], AGENT))


def untagged_denied(resource: str) -> dict[str, Any]:
    """Return a resource policy that keeps out the agents' untagged sessions."""
    return document(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "*",
            "Resource": resource,
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": AGENT},
                "Null": {"aws:PrincipalTag/user_id": "true"},
            },
        }
    )


WHOLE = PolicySet(
    (
        RolePolicies(
            AGENT,
            TRUST,
            (Attached("objects", OWN_OBJECTS), Attached("tables", OWN_ITEMS)),
            tags={"team": "agents", "cost": "50 @ 50"},
            max_session_seconds=7200,
        ),
        RolePolicies(TOOLS, TRUST, (Attached("permissions", OWN_OBJECTS),), boundary=OWN_OBJECTS),
    ),
    {
        BUCKET: untagged_denied(f"{BUCKET}/*"),
        TABLE: untagged_denied(TABLE),
        QUEUE: untagged_denied(QUEUE),
        SECRET: untagged_denied("*"),
        KEY: document(
            {"Effect": "Allow", "Principal": {"AWS": BROKER}, "Action": "kms:*", "Resource": "*"}
        ),
        FUNCTION: None,
    },
    brokers={BROKER: BROKERS_OWN},
)


def in_order(policy_set: PolicySet) -> PolicySet:
    """Return the set with roles and permissions in one order: Terraform lists by address."""
    return replace(
        policy_set,
        roles=tuple(
            replace(role, permissions=tuple(sorted(role.permissions, key=lambda one: one.name)))
            for role in sorted(policy_set.roles, key=lambda role: role.arn)
        ),
    )
