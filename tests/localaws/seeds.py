"""A seed with two tenants, and what tests do with seeds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.localaws.world import ACCOUNT, REGION
from valetkey.localaws import LocalAws, LocalAwsError, Seed
from valetkey.localaws.seed_reading import seed_of

ROLE = f"arn:aws:iam::{ACCOUNT}:role/Agent"
BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"
DENY_PUTS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:PutObject", "dynamodb:PutItem", "sqs:SendMessage"],
}
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/Notes"

TWO_TENANTS: dict[str, Any] = {
    "users": [
        {
            "name": "broker",
            "policies": {"vend": {"Effect": "Allow", "Action": "sts:*", "Resource": ROLE}},
        }
    ],
    "roles": [
        {
            "name": "Agent",
            "trust": {
                "Effect": "Allow",
                "Principal": {"AWS": BROKER},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {"StringLike": {"aws:RequestTag/tenant": "?*"}},
            },
            "policies": {
                "own": [
                    {
                        "Effect": "Allow",
                        "Action": "s3:GetObject",
                        "Resource": "arn:aws:s3:::traces/${aws:PrincipalTag/tenant}/*",
                    }
                ]
            },
        }
    ],
    "buckets": [{"name": "traces", "objects": {"a/1": "of a", "b/1": "of b"}}],
}


def seed(environ: Mapping[str, str] | None = None, *, folder: Path = Path(), **tables: Any) -> Seed:
    """Return a seed of these tables."""
    return seed_of(tables, folder, environ=environ or {})


@contextmanager
def sown(what: Seed) -> Iterator[LocalAws]:
    """Give a started local AWS with what the seed says."""
    aws = LocalAws()
    try:
        aws.seed(what)
        yield aws.start()
    finally:
        aws.stop()


def bad(environ: dict[str, str] | None = None, **tables: Any) -> str:
    """Return why a seed is refused."""
    aws = LocalAws()
    try:
        with pytest.raises(LocalAwsError) as caught:
            aws.seed(seed(environ, **tables))
    finally:
        aws.stop()
    assert caught.value.code == "bad-seed"
    return caught.value.message
