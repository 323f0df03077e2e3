"""The decision tables of the two systems that valetkey grew from.

The template's (departments × its policies) is in AgentCore's shapes already. The platform's speak
of `Agent::Action::"execute_bash"` on a resource; here they stand re-shaped: the action is a tool of
a server `agent`, what was the resource or the context is an argument. Strict validation refuses the
ninth shape, a `forbid` that fails, so that one is decided past it.
"""

import json
from typing import Any

import pytest

from tests.fakes.tools import GATEWAY
from tests.tools.asking import NOW, bundle, decided, policy, tool
from valetkey.tools import PolicyFile, Severity, ToolPrincipal, ToolsError, Verdict
from valetkey.tools.deciding import judge
from valetkey.tools.index import PolicyIndex
from valetkey.tools.policies import read_policies

ANALYSE = "sample-tool-target___text_analysis_tool"
ANY_DEPARTMENT = policy("permit", ANALYSE, 'principal.hasTag("department")')


def of(*names: str) -> str:
    either = " || ".join(f'principal.getTag("department") == "{name}"' for name in names)
    return policy("permit", ANALYSE, f'principal.hasTag("department") && ({either})')


VERSIONS = {
    "any": ANY_DEPARTMENT,
    "three": of("finance", "engineering", "guest"),
    "two": of("finance", "engineering"),
}
TEMPLATE = {
    "finance": ("any", "three", "two"),
    "engineering": ("any", "three", "two"),
    "guest": ("any", "three"),
    "sales": ("any",),
    "": (),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("department", TEMPLATE)
def test_the_templates_departments(department: str, version: str) -> None:
    made = bundle(VERSIONS[version], tool(ANALYSE, text="s"))
    tags = {"department": department} if department else {}
    found = decided(made, ANALYSE, {"text": "x"}, tags=tags)
    expected = version in TEMPLATE[department]
    assert (found.verdict is Verdict.ALLOW) is expected
    assert found.code == ("allowed" if expected else "tool-not-permitted")


TOOLS = (
    tool("agent___invoke_tool", tool="s", read_only="b?"),
    tool("agent___execute_bash", command="s"),
    tool("agent___write_file", file_path="s"),
)
BASH, WRITE, INVOKE = (each.public_name for each in (TOOLS[1], TOOLS[2], TOOLS[0]))


def rule(name: str, action: str, when: str, soft: tuple[int, str, str] | None = None) -> str:
    notes = f'@rule_id("{name}")'
    if soft is not None:
        seconds, severity, category = soft
        notes += f'@tier("soft") @approval_timeout_s("{seconds}") @severity("{severity}")'
        notes += f'@category("{category}")'
    return policy("forbid", action, when, notes=notes)


def like(name: str, pattern: str) -> str:
    return f'context.input.{name} like "{pattern}"'


BASE = policy("permit", "*", notes='@rule_id("base_permit")')
SET_A = (
    BASE
    + rule("rm_slash", BASH, like("command", "*rm -rf /*"))
    + rule(
        "force_push_any",
        BASH,
        like("command", "*git push --force*"),
        (300, "medium", "destructive"),
    )
    + rule(
        "force_push_main",
        BASH,
        like("command", "*git push --force origin main*"),
        (600, "high", "destructive"),
    )
    + rule("write_env_files", WRITE, like("file_path", "*.env"), (600, "high", "filesystem"))
)


def read_only(guard: str) -> str:
    forbids = (
        rule(
            f"read_only_forbid_{name.lower()}",
            INVOKE,
            f'context.input.tool == "{name}" && {guard}context.input.read_only == true',
        )
        for name in ("Write", "Edit")
    )
    return BASE + "".join(forbids)


SET_B = read_only("context.input has read_only && ")


@pytest.mark.parametrize(
    ("text", "action", "arguments", "verdict", "rules"),
    [
        (SET_A, BASH, {"command": "rm -rf /tmp/build"}, Verdict.DENY, ["rm_slash"]),
        (
            SET_A,
            BASH,
            {"command": "git push --force origin feature"},
            Verdict.ASK,
            ["force_push_any"],
        ),
        (
            SET_A,
            BASH,
            {"command": "git push --force origin main"},
            Verdict.ASK,
            ["force_push_any", "force_push_main"],
        ),
        (SET_A, WRITE, {"file_path": "src/.env"}, Verdict.ASK, ["write_env_files"]),
        (SET_A, INVOKE, {"tool": "Read"}, Verdict.ALLOW, ["base_permit"]),
        (
            SET_B,
            INVOKE,
            {"tool": "Write", "read_only": True},
            Verdict.DENY,
            ["read_only_forbid_write"],
        ),
        (
            SET_B,
            INVOKE,
            {"tool": "Edit", "read_only": True},
            Verdict.DENY,
            ["read_only_forbid_edit"],
        ),
        (SET_B, INVOKE, {"tool": "Write", "read_only": False}, Verdict.ALLOW, ["base_permit"]),
    ],
)
def test_the_platforms_eight_shapes(
    text: str, action: str, arguments: dict[str, Any], verdict: Verdict, rules: list[str]
) -> None:
    found = decided(bundle(text, *TOOLS), action, arguments)
    assert found.verdict is verdict
    assert found.rules == tuple(f"p.cedar#{name}" for name in rules)


def test_of_several_soft_rules_the_shortest_time_and_the_highest_severity_hold() -> None:
    made = bundle(SET_A, *TOOLS)
    one = decided(made, BASH, {"command": "git push --force origin feature"})
    two = decided(made, BASH, {"command": "git push --force origin main"})
    assert (one.approval_seconds, one.severity) == (300, Severity.MEDIUM)
    assert (two.approval_seconds, two.severity) == (300, Severity.HIGH)
    assert two.categories == ("destructive",)


def test_the_ninth_shape_a_forbid_that_fails_denies() -> None:
    """The platform's engine allows it: Cedar leaves out a policy whose evaluation failed."""
    with pytest.raises(ToolsError) as caught:
        bundle(read_only(""), *TOOLS)
    assert caught.value.code == "policy-type"
    policies = read_policies([PolicyFile("p.cedar", read_only(""))])
    index = PolicyIndex(policies, bundle("", *TOOLS).schema, gateway=GATEWAY)
    context = json.dumps({"tool": "Write"})
    found = judge(index, ToolPrincipal("new_task"), INVOKE, context, now=NOW)
    assert (found.verdict, found.code) == (Verdict.DENY, "policy-error")
    assert found.errors == ("p.cedar#read_only_forbid_write",)
