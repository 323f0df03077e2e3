"""Tenancy maps for tests: one with every kind of entry, and the example that ships."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.tenancy import AgentRole, TenancyMap
from valetkey.tenancy.reading import tenancy_map

PLATFORM_FILE = Path(__file__).parents[2] / "examples" / "platform" / "valetkey.toml"

ACCOUNT = "111122223333"
PLACE = f"eu-west-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/AgentTenantData"
BROKER = f"arn:aws:iam::{ACCOUNT}:role/ValetkeyBroker"
ORCHESTRATOR = f"arn:aws:iam::{ACCOUNT}:role/Orchestrator"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
ORDERS = f"arn:aws:dynamodb:{PLACE}:table/Orders"
MODEL = "arn:aws:bedrock:eu-west-1::foundation-model/a.model-v1:0"
KMS_KEY = f"arn:aws:kms:{PLACE}:key/1a2b"
SHARED_KEY = f"arn:aws:kms:{PLACE}:key/shared"

TAGS = ("user_id", "task_id")


def section(**tables: Any) -> dict[str, Any]:
    """Return the plain values of a `[tenancy]` with the broker's role and these tables."""
    return {"assumed_by": (BROKER,), **tables}


def a_table(**changed: Any) -> dict[str, Any]:
    """Return the plain values of one `[[tenancy.tables]]`."""
    table = {
        "arn": ORDERS,
        "partition_key": "TENANT#{user_id}",
        "access": ["read", "write", "delete"],
        "indexes": {"by_task": "{task_id}"},
    }
    return {**table, **changed}


def a_prefix(**changed: Any) -> dict[str, Any]:
    """Return the plain values of one `[[tenancy.prefixes]]`."""
    prefix = {
        "bucket": "traces",
        "prefix": "traces/{user_id}/",
        "access": ["read", "write", "list", "delete", "versions"],
    }
    return {**prefix, **changed}


def of(
    values: Mapping[str, Any],
    *,
    tags: Sequence[str] | None = TAGS,
    roles: Sequence[AgentRole] = (AgentRole("tenant-data", ROLE),),
) -> TenancyMap:
    """Return the map of plain values."""
    return tenancy_map(values, tags=tags, roles=roles)


def whole_map(roles: Sequence[AgentRole] = (AgentRole("tenant-data", ROLE),)) -> TenancyMap:
    """Return a map with an entry of every kind, shared, protected and models."""
    return of(
        section(
            oidc_provider=PROVIDER,
            platform=[ORCHESTRATOR, "logging.s3.amazonaws.com"],
            models=[MODEL],
            cost_tags=["user_id"],
            tables=[a_table()],
            prefixes=[a_prefix(), a_prefix(prefix="odd*?$/{task_id}/", access=["read", "list"])],
            queues=[
                {"arn": f"arn:aws:sqs:{PLACE}:work-{{user_id}}", "access": ["send", "receive"]}
            ],
            secrets=[
                {
                    "arn": f"arn:aws:secretsmanager:{PLACE}:secret:{{user_id}}/*",
                    "access": ["read", "write"],
                }
            ],
            parameters=[
                {
                    "arn": f"arn:aws:ssm:{PLACE}:parameter/{{user_id}}/*",
                    "access": ["read", "write", "delete"],
                }
            ],
            functions=[
                {"arn": f"arn:aws:lambda:{PLACE}:function:tool-{{user_id}}", "access": ["invoke"]}
            ],
            keys=[
                {
                    "arn": KMS_KEY,
                    "encryption_context": {"user_id": "{user_id}"},
                    "access": ["encrypt", "decrypt"],
                }
            ],
            shared=[
                {"arn": "arn:aws:s3:::assets/public/*", "access": ["read", "list"]},
                {"arn": f"arn:aws:dynamodb:{PLACE}:table/Prices", "access": ["read"]},
                {"arn": SHARED_KEY, "access": ["decrypt"]},
            ],
            protected=[{"arn": f"arn:aws:dynamodb:{PLACE}:table/Approvals"}],
        ),
        roles=roles,
    )


def platform_map() -> TenancyMap:
    """Return the map of the example that ships."""
    return read_tenancy_map(PLATFORM_FILE, {})
