"""Tools for tests: two servers, their pinned definitions, and policies over departments.

`BOUND` is what most tests need: finance may refund up to 500, a hundred needs nobody; a soft rule
stands against refunds to `VIP` orders; whoever is of some department may look up; nobody deletes.
"""

from dataclasses import replace
from typing import Any, Final

from valetkey.tools import (
    BundleSource,
    Json,
    PolicyFile,
    ServerRules,
    Surface,
    ToolDefinition,
)

GATEWAY: Final = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/tools"
GATEWAY_URI: Final = "https://valetkey.example/mcp"

_HEAD: Final = """principal is AgentCore::OAuthUser, action == AgentCore::Action::"{}",
  resource == AgentCore::Gateway::"arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/tools"
"""


def rule(effect: str, action: str, when: str = "true", *, notes: str = "") -> str:
    """One Cedar policy on one tool, by its public name."""
    return f"{notes}{effect} (\n  {_HEAD.format(action)}) when {{ {when} }};\n"


def of_department(name: str) -> str:
    return f'principal.hasTag("department") && principal.getTag("department") == "{name}"'


def definition(server: str, name: str, properties: dict[str, Json], **more: Json) -> ToolDefinition:
    schema: dict[str, Json] = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }
    document: dict[str, Json] = {
        "name": name,
        "description": f"{name} of {server}",
        "inputSchema": schema,
        **more,
    }
    return ToolDefinition(server, name, document)


REFUND = definition(
    "billing", "refund", {"order": {"type": "string"}, "amount": {"type": "integer"}}
)
LOOK_UP = definition("billing", "look_up", {"order": {"type": "string"}})
DELETE = definition("billing", "delete_all", {})
SEARCH = definition("search", "search", {"query": {"type": "string"}})

POLICIES: Final = (
    rule(
        "permit",
        "billing___refund",
        f"{of_department('finance')} && context.input.amount <= 500",
        notes='@id("small-refunds")\n',
    )
    + rule("permit", "billing___look_up", 'principal.hasTag("department")', notes='@id("look")\n')
    + rule("permit", "search___search", notes='@id("search")\n')
    + rule(
        "forbid",
        "billing___refund",
        'context.input.order like "VIP-*"',
        notes='@rule_id("vip")\n@tier("soft")\n@severity("high")\n',
    )
)

BOUND: Final = BundleSource(
    gateway=GATEWAY,
    policies=(PolicyFile("tools.cedar", POLICIES),),
    servers=(
        ServerRules("billing"),
        ServerRules("search", opens=frozenset({Surface.PROMPTS})),
    ),
    tools=(REFUND, LOOK_UP, DELETE, SEARCH),
    tags=("department", "user_id", "task_id", "run", "actor", "issuer"),
)


def source(text: str | None = None, **changes: Any) -> BundleSource:
    """`BOUND`, with other policies or another member."""
    files = BOUND.policies if text is None else (PolicyFile("tools.cedar", text),)
    return replace(BOUND, policies=files, **changes)
