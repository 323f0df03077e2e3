"""The demo's third configuration: a broker that decides tool calls, and needs no AWS at all."""

from pathlib import Path

from valetkey.demo.config import whose_tokens

GATEWAY = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/tools"
POLICY = f"""\
// Finance refunds what is small.
@rule_id("finance-refunds-small-amounts")
permit(
    principal is AgentCore::OAuthUser,
    action == AgentCore::Action::"billing___refund",
    resource == AgentCore::Gateway::"{GATEWAY}"
)
when {{
    principal.hasTag("department") && principal.getTag("department") == "finance" &&
    context.input.amount <= 1000
}};

// Engineering tries its work out on orders of the test shop.
@rule_id("engineering-refunds-test-orders")
permit(
    principal is AgentCore::OAuthUser,
    action == AgentCore::Action::"billing___refund",
    resource == AgentCore::Gateway::"{GATEWAY}"
)
when {{
    principal.hasTag("department") && principal.getTag("department") == "engineering" &&
    context.input.order like "TEST-*"
}};
"""
_CONFIG = """\
[broker]
listen = "{listen}"
public_url = "http://{listen}"
store = "sqlite:///tools.db"

[issuer]
url = "http://{listen}"
key_encryption = "file:tools.secret"

{people}
[tools]
gateway = "{gateway}"
policies = "tool-policies/"
claims = ["department"]

[[tools.servers]]
name = "billing"
url = "{billing}"
"""


def with_tools(
    folder: Path, *, listen: str, issuer: str, billing: str, secret: str, policy: str
) -> Path:
    """Write the configuration, its secret and its policies into `folder`; return its path."""
    kept = folder / "tools.secret"
    kept.touch(mode=0o600)
    kept.write_text(secret)
    policies = folder / "tool-policies"
    policies.mkdir()
    (policies / "billing.cedar").write_text(policy)
    path = folder / "tools.toml"
    path.write_text(
        _CONFIG.format(listen=listen, people=whose_tokens(issuer), billing=billing, gateway=GATEWAY)
    )
    return path
