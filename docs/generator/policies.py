"""The policies in the guides: the demo's own, which `make demo` tries, and `valetkey grant`'s."""

import json
import re
from collections.abc import Callable
from typing import Any

from valetkey.cli.grant_advice import trust_statement
from valetkey.demo.policies import (
    broker_policy,
    permission_policy,
    trust_policy,
    web_trust_policy,
)

_ACCOUNT = "111122223333"
_POLICIES: dict[str, Callable[[], dict[str, Any]]] = {
    "trust": lambda: trust_policy(f"arn:aws:iam::{_ACCOUNT}:role/ValetkeyBroker"),
    "web": lambda: web_trust_policy(
        f"arn:aws:iam::{_ACCOUNT}:oidc-provider/id.example.com",
        "id.example.com",
        "grant:tenant-data",
        needs_tags=True,
    ),
    "permission": lambda: permission_policy(
        f"arn:aws:dynamodb:eu-west-1:{_ACCOUNT}:table/Notes", "trace-artifacts"
    ),
    "broker": lambda: broker_policy(f"arn:aws:iam::{_ACCOUNT}:role/AgentTenantData"),
    "laptop": lambda: {
        "Version": "2012-10-17",
        "Statement": [trust_statement(f"arn:aws:iam::{_ACCOUNT}:user/alex", None)],
    },
}
_BLOCK = re.compile(r"(<!-- policy: ([a-z]+) -->\n).*?(<!-- /policy -->)", re.DOTALL)


def with_policies(text: str) -> str:
    """Return a document with the real policy in each of its blocks."""

    def block(found: "re.Match[str]") -> str:
        policy = json.dumps(_POLICIES[found[2]](), indent=2)
        return f"{found[1]}```json\n{policy}\n```\n{found[3]}"

    return _BLOCK.sub(block, text)
