"""`valetkey hook` as agents start it: their own form of an answer, and a no for all that fails."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.entry import bare, command, warm_command
from tests.fakes.broker_http import Fault
from tests.sandbox.conftest import write_private
from tests.sandbox.mcp_world import TOKEN, McpWorld, mcp_world

ASKED = {
    "session_id": "s",
    "cwd": "/project",
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "ls -l", "timeout": 1.5, "background": None},
}
SHELL = {"hook_event_name": "beforeShellExecution", "command": "ls", "cwd": "/project"}
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def world() -> Iterator[McpWorld]:
    with mcp_world() as made:
        yield made


def hook(world: McpWorld, folder: Path, *arguments: str, asked: object = ASKED) -> Done:
    """Ask as an agent inside of `valetkey run` does."""
    token = folder / "token"
    if not token.exists():
        write_private(token, TOKEN)
    text = asked if isinstance(asked, str) else json.dumps(asked)
    return command(
        "hook",
        *arguments,
        folder=folder,
        stdin=text,
        VALETKEY_BROKER=world.sidecar.url,
        VALETKEY_RUN_TOKEN_FILE=str(token),
    )


def told(done: Done) -> dict[str, str]:
    specific = json.loads(done.stdout)["hookSpecificOutput"]
    assert isinstance(specific, dict)
    return specific


def decide(world: McpWorld, decision: str, reason: str = "because") -> None:
    world.gateway.decision = {"decision": decision, "code": "x", "reason": reason, "rules": ["r"]}


@pytest.mark.parametrize("decision", ["allow", "deny", "ask"])
def test_claude_code_is_told_in_its_own_form(
    world: McpWorld, tmp_path: Path, decision: str
) -> None:
    decide(world, decision)
    done = hook(world, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert told(done) == {
        "hookEventName": "PreToolUse",
        "permissionDecision": decision,
        "permissionDecisionReason": "valetkey: because",
    }


@pytest.mark.parametrize("decision", ["allow", "deny", "ask"])
def test_cursor_is_told_in_its_own_form(world: McpWorld, tmp_path: Path, decision: str) -> None:
    decide(world, decision)
    done = hook(world, tmp_path, "cursor", asked=SHELL)
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["permission"] == decision
    assert ("agent_message" in answer) is (decision != "allow")


def test_the_broker_is_asked_with_the_run_token_and_by_the_servers_name(
    world: McpWorld, tmp_path: Path
) -> None:
    hook(world, tmp_path, "--server", "agents")
    _, path, body = world.broker.requests[-1]
    assert (path, body) == (
        "/v1/decisions",
        {"server": "agents", "tool": "Bash", "arguments": ASKED["tool_input"]},
    )
    assert world.broker.seen_authorizations[-1] == f"Bearer {world.run.tokens[0]}"


def test_without_the_sidecar_the_broker_is_asked_itself(world: McpWorld, tmp_path: Path) -> None:
    token = write_private(tmp_path / "run-token", world.run.tokens[0])
    done = hook(world, tmp_path, "--broker", world.broker.url, f"--run-token-file={token}")
    assert told(done)["permissionDecision"] == "allow"


def test_what_is_allowed_can_be_left_to_the_agents_own_rules(
    world: McpWorld, tmp_path: Path
) -> None:
    done = hook(world, tmp_path, "--defer")
    assert (done.returncode, done.stdout) == (0, "")
    decide(world, "deny")
    assert told(hook(world, tmp_path, "claude", "--defer"))["permissionDecision"] == "deny"


def test_a_reason_cannot_rewrite_the_screen(world: McpWorld, tmp_path: Path) -> None:
    decide(world, "deny", "\x1b[2Jall is well\u202e")
    reason = told(hook(world, tmp_path))["permissionDecisionReason"]
    assert reason == "valetkey: ?[2Jall is well?"


def blocked(done: Done, code: str) -> None:
    """An agent must not go on: exit code 2, nothing on standard output, one line of why."""
    assert (done.returncode, done.stdout) == (2, "")
    assert f"[{code}]" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "{",
        "[]",
        "null",
        '{"hook_event_name": "PreToolUse", "hook_event_name": "PreToolUse"}',
        json.dumps(ASKED | {"hook_event_name": "PostToolUse"}),
        json.dumps(ASKED | {"tool_name": ""}),
        json.dumps(ASKED | {"tool_name": 1}),
        json.dumps(ASKED | {"tool_input": "ls"}),
        json.dumps(ASKED | {"tool_input": None}),
        json.dumps(ASKED).replace("1.5", "1e999"),
        json.dumps(ASKED).replace("1.5", "NaN"),
        json.dumps(ASKED | {"tool_name": "mcp__x"}),
        json.dumps(ASKED | {"tool_name": "mcp__valetkey__billing"}),
    ],
)
def test_what_is_no_question_is_a_no(world: McpWorld, tmp_path: Path, asked: str) -> None:
    blocked(hook(world, tmp_path, asked=asked), "hook-input-unreadable")
    assert world.broker.requests[-1][1] != "/v1/decisions"


@pytest.mark.parametrize(
    "body", [b"{}", b'{"decision": "maybe"}', b'{"decision": true}', b"<html>", b""]
)
def test_an_answer_that_is_no_decision_is_a_no(
    world: McpWorld, tmp_path: Path, body: bytes
) -> None:
    world.broker.fault = Fault(200, body, "application/json")
    blocked(hook(world, tmp_path), "broker-answer-unreadable")


@pytest.mark.parametrize("status", [204, 302, 401, 403, 404, 429, 500, 503])
def test_an_answer_with_another_status_is_a_no_whatever_it_says(
    world: McpWorld, tmp_path: Path, status: int
) -> None:
    world.broker.fault = Fault(status, b'{"decision": "allow", "code": "odd"}')
    done = hook(world, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_broker_that_is_away_is_a_no(world: McpWorld, tmp_path: Path) -> None:
    world.broker.stop()
    blocked(hook(world, tmp_path), "broker-unreachable")


def test_a_run_that_is_over_is_a_no(world: McpWorld, tmp_path: Path) -> None:
    world.broker.revoke_all()
    assert hook(world, tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--bogus"], "usage"),
        (["--server"], "usage"),
        (["--server", "a/b"], "usage"),
        (["emacs"], "usage"),
        (["--broker", "http://elsewhere.example"], "broker-url-insecure"),
        (["--run-token-file", "/nowhere"], "token-file-unreadable"),
    ],
)
def test_a_mistake_in_the_command_line_is_a_no(
    world: McpWorld, tmp_path: Path, arguments: list[str], code: str
) -> None:
    done = hook(world, tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"[{code}]" in done.stderr


def test_outside_of_a_run_it_is_a_no(tmp_path: Path) -> None:
    blocked(command("hook", folder=tmp_path, stdin=json.dumps(ASKED)), "hook-without-run")


def test_an_agent_that_does_not_end_its_question_is_not_waited_for(tmp_path: Path) -> None:
    """The limit is nine seconds; here it is one, in the program itself."""
    script = "import sys; from valetkey.sandbox import hook; hook._ALL_SECONDS = 0.3; "
    with subprocess.Popen(
        [sys.executable, "-c", script + "sys.exit(hook.main([]))"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare(tmp_path),
    ) as asking:
        assert asking.stderr is not None
        assert asking.wait(20) == 2
        assert "[hook-slow]" in asking.stderr.read()


def test_standard_input_and_output_may_be_closed(world: McpWorld, tmp_path: Path) -> None:
    shell = f"exec {sys.executable} -m valetkey hook"
    for closed in ("<&-", ">&-", "2>&- <&-"):
        done = subprocess.run(
            ["sh", "-c", f"{shell} {closed}"],
            env=bare(tmp_path),
            input="{}",
            text=True,
            check=False,
        )
        assert done.returncode == 2


def test_it_imports_nothing_that_is_slow(world: McpWorld, tmp_path: Path) -> None:
    token = write_private(tmp_path / "token", TOKEN)
    options = ["--broker", world.sidecar.url, "--run-token-file", str(token)]
    script = (
        "import sys; before = set(sys.modules); from valetkey.cli.main import main;"
        "sys.argv = ['valetkey', 'hook', *sys.argv[1:]]\n"
        "try: main()\n"
        "finally: print(sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *options],
        input=json.dumps(ASKED),
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(ast.literal_eval(done.stderr))
    assert told(done)["permissionDecision"] == "allow"
    assert "valetkey.sandbox.hook" in imported
    assert imported.isdisjoint(
        {"re", "json", "socket", "ssl", "dataclasses", "typing", "enum", "http.client", "typer"}
    )


def test_what_claude_codes_settings_need_is_printed(tmp_path: Path) -> None:
    done = warm_command("hook", "--print-config", "--server", "agents", folder=tmp_path)
    (matched,) = json.loads(done.stdout)["hooks"]["PreToolUse"]
    (entry,) = matched["hooks"]
    assert (matched["matcher"], entry["type"]) == ("*", "command")
    assert entry["command"].endswith("hook claude --server agents || exit 2")
    assert Path(entry["command"].split(" ", 1)[0]).is_absolute()
    assert entry["timeout"] > 10


def test_what_cursors_hooks_need_is_printed(tmp_path: Path) -> None:
    hooks = json.loads(warm_command("hook", "cursor", "--print-config", folder=tmp_path).stdout)
    assert hooks["version"] == 1
    assert all(entry["failClosed"] for (entry,) in hooks["hooks"].values())


def test_a_hook_that_is_not_installed_any_more_blocks(tmp_path: Path) -> None:
    text = warm_command("hook", "--print-config", folder=tmp_path).stdout
    (matched,) = json.loads(text)["hooks"]["PreToolUse"]
    gone = matched["hooks"][0]["command"].replace("valetkey", "valetkey-that-is-gone")
    assert subprocess.run(["sh", "-c", gone], capture_output=True, check=False).returncode == 2


def test_help_is_shown(tmp_path: Path) -> None:
    done = warm_command("hook", "--help", folder=tmp_path)
    assert done.returncode == 0
    assert "not a boundary" in " ".join(done.stdout.split())
