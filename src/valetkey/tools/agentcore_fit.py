"""What AgentCore can't hold, said before it is asked: its limits, and how scopes go together.

Facts: the guide of Amazon Bedrock AgentCore on policies, and the CloudFormation schemas of
`AWS::BedrockAgentCore::Policy` and `PolicyEngine`.
"""

import re
from dataclasses import dataclass
from typing import Final

from valetkey.tools.decision import Mode, Tier
from valetkey.tools.errors import ToolsError
from valetkey.tools.expressions import entities, literal, nodes, operator, path
from valetkey.tools.policies import ToolPolicy
from valetkey.tools.source import BundleSource, PrincipalForm
from valetkey.tools.statements import bare

MIN_STATEMENT, MAX_STATEMENT = 35, 10_000
MAX_ALL: Final = 200 * 1024
"""Bytes of the policies of one resource."""
MAX_POLICIES: Final = 490
"""A stack takes 500 resources, and the engine and the gateway are two of them."""
_TARGET = re.compile(r"([0-9a-zA-Z]-?){1,100}", re.ASCII)
_PRINCIPALS: Final = ("AgentCore::OAuthUser", "AgentCore::IamEntity")


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as it goes there: `text` is without annotations and comments."""

    policy: ToolPolicy
    text: str

    @property
    def is_forbid(self) -> bool:
        """Whether it says no."""
        return self.policy.effect == "forbid"

    @property
    def is_soft(self) -> bool:
        """Whether a person may approve here what it forbids."""
        return self.is_forbid and self.policy.tier is Tier.SOFT

    @property
    def is_log_only(self) -> bool:
        """Whether it is only recorded that it matched."""
        return self.policy.mode is Mode.LOG_ONLY


def statement_of(policy: ToolPolicy) -> Statement:
    """Return a policy as AgentCore has it.

    Raises ToolsError `agentcore-scope` and `agentcore-statement` for what AgentCore refuses.
    """
    _check_scope(policy)
    text = bare(policy.text)
    if not MIN_STATEMENT <= len(text) <= MAX_STATEMENT:
        raise policy.mistake(
            "agentcore-statement",
            f"the policy has {len(text)} characters, and AgentCore takes {MIN_STATEMENT} to "
            f"{MAX_STATEMENT}",
            hint="make two policies of it" if len(text) > MAX_STATEMENT else None,
        )
    return Statement(policy, text)


def check_all(statements: tuple[Statement, ...], source: BundleSource) -> None:
    """Raise ToolsError for a set of policies, or servers, that AgentCore can't hold."""
    if not statements:
        raise ToolsError("agentcore-limit", "there are no policies to export")
    if len(statements) > MAX_POLICIES:
        raise ToolsError(
            "agentcore-limit",
            f"{len(statements)} policies are more than the {MAX_POLICIES} that one stack of "
            "CloudFormation holds",
        )
    size = sum(len(statement.text.encode()) for statement in statements)
    if size > MAX_ALL:
        raise ToolsError(
            "agentcore-limit",
            f"the policies have {size} bytes together, and AgentCore takes {MAX_ALL} for a gateway",
        )
    for server in source.servers:
        if not _TARGET.fullmatch(server.name):
            raise ToolsError(
                "agentcore-name",
                f"server `{server.name}`: no target of a gateway there has such a name",
                hint="letters, digits and single hyphens",
            )
    if source.principal is PrincipalForm.ISSUER_SUB:
        _check_principals(statements)


def asked_tags(policy: ToolPolicy) -> frozenset[str]:
    """Return the names of the principal's tags that a policy asks for."""
    asked = (operator(node) for node in nodes(policy.est))
    names = (literal(body["right"]) for kind, body in asked if kind in {"hasTag", "getTag"})
    return frozenset(name for name in names if name is not None)


def read_names(policy: ToolPolicy) -> frozenset[str]:
    """Return every attribute that a policy reads or asks for, of whatever record."""
    read = (operator(node) for node in nodes(policy.est))
    return frozenset(body["attr"] for kind, body in read if kind in {".", "has"})


def _check_scope(policy: ToolPolicy) -> None:
    """Every action needs `resource is`, some actions `resource ==`: it takes nothing else."""
    action, resource = policy.est["action"]["op"], policy.est["resource"]
    if action == "All":
        if resource["op"] == "is" and "in" not in resource:
            return
        form = "`resource is AgentCore::Gateway`, as the policy is about every action"
    else:
        if resource["op"] == "==":
            return
        form = '`resource == AgentCore::Gateway::"…"`, as the policy names actions'
    raise policy.mistake("agentcore-scope", f"AgentCore wants {form}", about="resource")


def _check_principals(statements: tuple[Statement, ...]) -> None:
    """There a principal is its `sub` alone: what names `issuer:sub` here would name nobody."""
    for each in statements:
        policy = each.policy
        named = any(kind in _PRINCIPALS for kind, _ in entities(policy.est))
        if named or any(path(node) == ("principal", "id") for node in nodes(policy.est)):
            raise policy.mistake(
                "agentcore-principal",
                "the policy names a principal, which is `issuer:sub` here and the token's `sub` "
                "there",
                about="principal",
                hint="ask for a tag, which is a claim there",
            )
