"""Which tool of which server an agent's question is about, and that no value changes on the way."""

import json

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.hook_questions import Question, question_in


def asked(tool: str, arguments: object = None, **more: object) -> Question:
    hook = {"hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": arguments or {}}
    return question_in(json.dumps(hook | more).encode(), agent="claude", server="claude-code")


@pytest.mark.parametrize(
    ("tool", "server", "name"),
    [
        ("Bash", "claude-code", "Bash"),
        ("mcp_x", "claude-code", "mcp_x"),
        ("mcp__billing__refund", "billing", "refund"),
        ("mcp__billing__refund__now", "billing", "refund__now"),
        ("mcp__billing__a___b", "billing", "a___b"),
        ("mcp__valetkey__billing___refund", "billing", "refund"),
        ("mcp__valetkey__a___b___c", "a", "b___c"),
    ],
)
def test_a_tool_is_one_of_a_server(tool: str, server: str, name: str) -> None:
    question = asked(tool)
    assert (question.server, question.tool) == (server, name)


@pytest.mark.parametrize("tool", ["mcp__", "mcp__x__", "mcp____x", "mcp__valetkey__refund"])
def test_a_tool_of_no_server_is_refused(tool: str) -> None:
    with pytest.raises(ValetkeyError) as refused:
        asked(tool)
    assert refused.value.code == "hook-input-unreadable"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -12345678901234567890,
        1.5,
        -0.0,
        1e300,
        "",
        'quote " back \\ slash / line \n \u2028 nul \x00 emoji 🎉',
        "\ud800",
        [],
        [1, [2, [None, "x"]]],
        {"": {"a": [], "b c": {}}},
    ],
)
def test_what_was_asked_is_what_is_sent(value: object) -> None:
    sent = json.loads(asked("Bash", {"x": value}).body())
    assert json.dumps(sent["arguments"]["x"]) == json.dumps(value)


@pytest.mark.parametrize(
    ("event", "more", "server", "tool", "arguments"),
    [
        (
            "beforeShellExecution",
            {"command": "ls", "cwd": "/w", "sandbox": True},
            "cursor",
            "Shell",
            {"command": "ls", "cwd": "/w"},
        ),
        (
            "beforeReadFile",
            {"file_path": "/p/a", "content": "secret", "attachments": []},
            "cursor",
            "Read",
            {"file_path": "/p/a"},
        ),
        (
            "beforeMCPExecution",
            {"tool_name": "billing___refund", "tool_input": '{"amount": 5}'},
            "billing",
            "refund",
            {"amount": 5},
        ),
        (
            "beforeMCPExecution",
            {"tool_name": "MCP:billing:refund", "tool_input": {"amount": 5}},
            "billing",
            "refund",
            {"amount": 5},
        ),
        (
            "preToolUse",
            {"tool_name": "Write", "tool_input": {"file_path": "a"}},
            "cursor",
            "Write",
            {"file_path": "a"},
        ),
    ],
)
def test_cursor_asks_by_events(
    event: str, more: dict[str, object], server: str, tool: str, arguments: object
) -> None:
    hook = json.dumps({"hook_event_name": event} | more).encode()
    question = question_in(hook, agent="cursor", server="cursor")
    assert (question.server, question.tool, question.arguments) == (server, tool, arguments)


@pytest.mark.parametrize(
    "hook",
    [
        {"hook_event_name": "afterFileEdit", "file_path": "a"},
        {"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {}},
        {"hook_event_name": "beforeMCPExecution", "tool_name": "x", "tool_input": "{"},
        {"hook_event_name": "beforeMCPExecution", "tool_name": "refund", "tool_input": "{}"},
    ],
)
def test_cursor_asks_nothing_else(hook: dict[str, object]) -> None:
    with pytest.raises(ValetkeyError):
        question_in(json.dumps(hook).encode(), agent="cursor", server="cursor")
