"""`valetkey tools list`, `schema`, `test` and `export`, and what `valetkey check` says of tools."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.tool_world import World
from tests.cli.tool_world import world as make_world
from tests.fakes.tools import BOUND, GATEWAY, definition, of_department, rule
from valetkey.errors import ValetkeyError
from valetkey.tools import ToolsError
from valetkey.tools.mapping import HiddenTool, map_tool


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    return make_world(tmp_path, capsys)


def case(decision: str = "allow", amount: object = 500, **changes: Any) -> dict[str, Any]:
    principal = 'AgentCore::OAuthUser::"alice"'
    return {
        "name": "finance",
        "request": {
            "principal": principal,
            "action": 'AgentCore::Action::"billing___refund"',
            "resource": f'AgentCore::Gateway::"{GATEWAY}"',
            "context": {"input": {"order": "1", "amount": amount}},
        },
        "entities": [
            {
                "uid": principal,
                "attrs": {"id": "alice"},
                "tags": {"department": "finance"},
                "parents": [],
            }
        ],
        "decision": decision,
        "reason": [],
        **changes,
    }


def test_tools_are_listed_with_their_types_and_policies(world: World) -> None:
    assert world.give("tools", "list") == 0
    rows = dict(line.split("\t", 1) for line in world.said().splitlines())
    assert set(rows) == {tool.public_name for tool in BOUND.tools}
    arguments, policies = rows["billing___refund"].split("\t")
    assert arguments in {"amount: Long, order: String", "order: String, amount: Long"}
    assert policies == "tools.cedar#small-refunds, tools.cedar#vip"
    assert rows["billing___delete_all"] == "none\tnone: denied"


def test_a_hidden_tool_stands_with_its_reason(world: World) -> None:
    odd = definition("billing", "odd name", {})
    world.pin(*BOUND.tools, odd)
    row = next(
        each for each in world.answer("tools", "list")["tools"] if each["hidden"] is not None
    )
    assert row["tool"] == "billing___odd name"
    mapped = map_tool(odd)
    assert isinstance(mapped, HiddenTool)
    assert row["hidden"] == mapped.reason


def test_what_a_server_calls_its_tools_does_not_rewrite_the_terminal(world: World) -> None:
    world.pin(definition("search", "\x1b[2J\u202egpj", {"\x1b]0;x\x07": {"type": "string"}}))
    world.policies("")
    world.give("tools", "list")
    assert "\x1b" not in (said := world.said())
    assert "\u202e" not in said


def test_the_schema_is_the_one_that_policies_are_checked_against(world: World) -> None:
    world.give("tools", "schema")
    actions = json.loads(world.said())["AgentCore"]["actions"]
    assert {tool.public_name for tool in BOUND.tools} <= set(actions)


def test_without_a_table_there_is_nothing_to_list(world: World) -> None:
    world.put("valetkey.toml", "")
    for command in ("list", "schema", "test", "replay", "refresh"):
        assert world.code_of("tools", command) == "tools-none"


def test_a_mistaken_policy_is_told_with_file_and_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.policies("// one\n\n" + rule("permit", "billing___refund", "context.input.amuont == 1"))
    for line in (["tools", "list"], ["check"], ["tools", "test"], ["policy", "activate"]):
        more = ["--because", "x"] if line[0] == "policy" else []
        with pytest.raises(Exception, match=r"tools\.cedar:[3-9]:") as caught:
            world.give(*line, *more)
        assert getattr(caught.value, "code", "").startswith("policy-")


def test_cases_beside_the_policies_are_decided(world: World) -> None:
    world.put(
        "policies/refunds.cases.json",
        [case(), case("deny", amount=501), case("ask", 1, **vip())],
    )
    assert world.give("tools", "test") == 0
    assert world.said().splitlines() == ["3 cases, all as expected"]


def vip() -> dict[str, Any]:
    request = case()["request"]
    context = {"input": {"order": "VIP-1", "amount": 1}}
    return {"request": {**request, "context": context}, "reason": ["vip"]}


def test_a_case_that_is_decided_otherwise_is_told_and_fails(world: World) -> None:
    world.put("policies/refunds.cases.json", [case("deny"), case()])
    assert world.give("tools", "test") == 2
    lines = world.said().splitlines()
    assert lines[0] == "refunds.cases.json: finance"
    assert "expected deny, got allow" in lines[1]
    assert lines[-1] == "2 cases, 1 failed"
    found = world.answer("tools", "test")
    assert [each["passed"] for each in found] == [False, True]


def test_cases_are_decided_under_other_policies_too(world: World) -> None:
    folder = world.policies(rule("permit", "billing___look_up"), folder="next")
    cases = world.put("refunds.cases.json", [case("deny")]).parent
    line = ["tools", "test", "--policies", str(folder), "--cases", str(cases)]
    assert world.give(*line) == 0


def test_no_cases_are_no_success(world: World) -> None:
    assert world.code_of("tools", "test") == "cases-none"
    world.put("policies/none.cases.json", [])
    assert world.code_of("tools", "test") == "cases-none"
    assert world.code_of("tools", "test", "--cases", str(world.path / "no")) == "cases-none"
    world.put("policies/none.cases.json", "{}")
    assert world.code_of("tools", "test") == "cases-format"
    (world.path / "policies/none.cases.json").write_bytes(b"\xff")
    assert world.code_of("tools", "test") == "cases-format"


def test_the_export_is_a_template_and_says_what_differs(world: World) -> None:
    out = world.path / "template.json"
    assert world.give("tools", "export", "agentcore", "--out", str(out)) == 0
    said = world.capsys.readouterr()
    assert said.out == f"wrote {out}\n"
    assert "absolute" in said.err
    template = json.loads(out.read_text())
    assert template["Resources"]["PolicyEngine"]["Properties"]["Name"] == "valetkey"
    world.give("tools", "export", "agentcore")
    assert json.loads(world.said()) == template


def test_stale_forbids_go_by_a_second_template(world: World) -> None:
    out, old = world.path / "template.json", world.path / "old.json"
    world.give("tools", "export", "agentcore", "--out", str(old))
    world.policies(rule("permit", "billing___look_up", of_department("finance")))
    line = ["tools", "export", "agentcore", "--previous", str(old)]
    assert world.code_of(*line) == "output-missing"
    world.give(*line, "--out", str(out))
    later = json.loads((world.path / "template.afterwards.json").read_text())
    first = json.loads(out.read_text())
    assert set(later["Resources"]) < set(first["Resources"])
    assert world.code_of(*line, "--out", str(old)) == "output-is-an-input"


def test_a_template_that_is_none_is_told(world: World) -> None:
    line = ["tools", "export", "agentcore", "--previous"]
    assert world.code_of(*line, str(world.path / "no")) == "file-unreadable"
    assert world.code_of(*line, str(world.put("x.json", "[]"))) == "agentcore-previous"
    assert world.code_of(*line, str(world.put("x.json", "{"))) == "agentcore-previous"


def test_check_says_which_tools_and_policies_there_are(world: World) -> None:
    world.configure(
        search='url = "https://search.example/mcp"\naudience = "https://search.example"'
    )
    found = world.answer("check")
    assert found["tool servers"] == [
        "billing: not reached; agents call its tools themselves; 3 tools",
        "search: https://search.example/mcp gets a token for https://search.example; 1 tool",
    ]
    assert (
        "tools.cedar#vip: forbid, soft: a person may approve, once approvals are there"
        in (found["tool policies"])
    )
    assert any("billing___delete_all" in line for line in found["to look at"])
    assert found["tool gateway"][0].startswith("at http://127.0.0.1:8700/mcp")
    assert not any("LOG-ONLY" in line for line in found["tool gateway"])


@pytest.mark.parametrize(
    ("way", "shown"),
    [
        ('url = "https://s.example/mcp?key=S3CRET"', "https://s.example/mcp?… gets nothing"),
        ('command = ["srv", "--key=S3CRET"]', "runs srv (1 argument), one a run"),
    ],
)
def test_check_shows_nothing_that_may_be_a_secret(world: World, way: str, shown: str) -> None:
    world.configure(search=way)
    text = json.dumps(world.answer("check"), ensure_ascii=False)
    assert shown in text
    assert "S3CRET" not in text


def test_credentials_in_an_address_are_refused_and_not_repeated(world: World) -> None:
    world.configure(search='url = "https://me:S3CRET@s.example/mcp"')
    with pytest.raises(ValetkeyError) as refused:
        world.give("check")
    assert refused.value.code == "config-invalid"
    assert "S3CRET" not in refused.value.message


@pytest.mark.parametrize("line", [("check",), ("tools", "list"), ("tools", "test")])
def test_a_lock_that_is_not_there_is_said_before_what_follows(
    world: World, line: tuple[str, ...]
) -> None:
    (world.path / "tools.lock").unlink()
    with pytest.raises(ToolsError) as refused:
        world.give(*line)
    assert "tools.lock` is not there" in refused.value.message
    assert "tools refresh --accept" in (refused.value.hint or "")


def test_check_says_loudly_where_nothing_is_denied(world: World) -> None:
    world.configure(more='mode = "log-only"')
    world.policies(rule("permit", "search___search", notes='@mode("log-only")\n'))
    found = world.answer("check")
    assert "LOG-ONLY: a denial is recorded and lets the call pass" in found["tool gateway"]
    assert any("LOG-ONLY" in line for line in found["tool policies"])


def test_check_says_what_is_not_pinned_or_not_configured(world: World) -> None:
    world.pin(*BOUND.tools, definition("gone", "x", {}))
    assert any("gone" in line for line in world.answer("check")["to look at"])
    (world.path / "tools.lock").unlink()
    world.policies("")
    found = world.answer("check")
    assert any("tools refresh" in line for line in found["to look at"])
    assert found["tool policies"] == ["none: every call is denied"]


def test_the_policy_version_is_of_policies_and_definitions(world: World) -> None:
    versions = {world.answer("check")["policy version of new runs"]}
    world.policies(rule("permit", "search___search"))
    versions.add(world.answer("check")["policy version of new runs"])
    world.pin(*BOUND.tools[:3], definition("search", "search", {"query": {"type": "number"}}))
    versions.add(world.answer("check")["policy version of new runs"])
    assert len(versions) == 3
