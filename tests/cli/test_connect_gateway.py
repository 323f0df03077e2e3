"""`valetkey connect --gateway`: configuration for the tools of a run, nothing secret in it."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.entry import warm_command
from valetkey.sandbox.agent_files import CodingAgent
from valetkey.sandbox.gateway_files import gateway_setup

AGENTS = ("claude", "cursor", "vscode")
FILES = {"claude": ".mcp.json", "cursor": ".cursor/mcp.json", "vscode": ".vscode/mcp.json"}
ROOTS = {"claude": "mcpServers", "cursor": "mcpServers", "vscode": "servers"}
BROKER = "https://valetkey.example"


def entries(folder: Path, agent: str, *options: str) -> dict[str, dict[str, object]]:
    done = warm_command("connect", agent, "--gateway", *options, folder=folder)
    assert done.returncode == 0, done.stderr
    servers = json.loads(done.stdout)[ROOTS[agent]]
    assert isinstance(servers, dict)
    return servers


@pytest.mark.parametrize("agent", AGENTS)
def test_inside_of_a_run_the_address_is_a_variable_of_the_run(agent: str, tmp_path: Path) -> None:
    (name, entry), *more = entries(tmp_path, agent).items()
    assert (name, more) == ("valetkey", [])
    assert re.fullmatch(r"\$\{(env:)?VALETKEY_MCP_URL\}", str(entry["url"]))


@pytest.mark.parametrize("agent", AGENTS)
def test_one_server_has_its_own_address_and_name(agent: str, tmp_path: Path) -> None:
    ((name, entry),) = entries(tmp_path, agent, "--server", "billing").items()
    assert (name, str(entry["url"]).endswith("VALETKEY_MCP_URL}/billing")) == ("billing", True)
    ((name, entry),) = entries(tmp_path, agent, "--server", "billing", "--static", BROKER).items()
    assert (name, entry["url"]) == ("billing", f"{BROKER}/mcp/billing")


@pytest.mark.parametrize("agent", AGENTS)
def test_one_server_alone_is_not_started_with_the_whole_gateway(agent: str) -> None:
    setup = gateway_setup(CodingAgent(agent), server="billing", static=None)
    assert "VALETKEY_MCP_CONFIG" not in setup.start
    assert not any("--mcp-config" in note for note in setup.notes)


@pytest.mark.parametrize("agent", AGENTS)
def test_outside_of_a_run_the_address_is_the_brokers_and_the_token_is_left_to_paste(
    agent: str, tmp_path: Path
) -> None:
    done = warm_command("connect", agent, "--gateway", "--static", BROKER + "/", folder=tmp_path)
    ((name, entry),) = json.loads(done.stdout)[ROOTS[agent]].items()
    assert (name, entry["url"]) == ("valetkey", f"{BROKER}/mcp")
    assert "valetkey token --gateway" in done.stdout + done.stderr
    assert "token_duration" in done.stderr, "how long it lives is said"


@pytest.mark.parametrize("agent", AGENTS)
def test_where_it_belongs_is_said_and_no_file_is_written(agent: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = warm_command("connect", agent, "--gateway", folder=tmp_path)
    assert FILES[agent] in done.stderr
    assert "start it with: valetkey run -- " in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_helper_of_claude_code_gives_the_header(tmp_path: Path) -> None:
    ((_, entry),) = entries(tmp_path, "claude").items()
    (tmp_path / "token").write_text("the-token")
    said = subprocess.run(
        ["sh", "-c", str(entry["headersHelper"])],
        env={"PATH": "/usr/bin:/bin", "VALETKEY_RUN_TOKEN_FILE": str(tmp_path / "token")},
        capture_output=True,
        check=True,
    )
    assert json.loads(said.stdout) == {"Authorization": "Bearer the-token"}


def test_the_link_of_cursor_takes_the_place_of_no_file_of_the_project(tmp_path: Path) -> None:
    done = warm_command("connect", "cursor", "--gateway", "--json", folder=tmp_path)
    start = json.loads(done.stdout)["start"]
    script = re.search(r"'(.*) && exec", start)
    assert script is not None

    def link(config: str) -> int:
        environ = {"PATH": "/usr/bin:/bin", "VALETKEY_MCP_CONFIG": config}
        return subprocess.run(
            ["sh", "-c", script[1]], env=environ, cwd=tmp_path, check=False
        ).returncode

    mcp = tmp_path / ".cursor" / "mcp.json"
    assert link("/gone/with/the/last/run") == 0
    (tmp_path / "run.json").write_text("{}")
    assert link(str(tmp_path / "run.json")) == 0, "a link that leads nowhere is replaced"
    assert mcp.read_text() == "{}"
    mcp.unlink()
    mcp.write_text("the project's own")
    assert link(str(tmp_path / "run.json")) != 0
    assert mcp.read_text() == "the project's own"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["codex", "--gateway"], "usage"),
        (["claude", "--gateway", "--grant", "notes"], "usage"),
        (["cursor", "--gateway", "--", "uvx", "x"], "usage"),
        (["vscode"], "usage"),
        (["claude", "--server", "billing"], "usage"),
        (["claude", "--static", BROKER], "usage"),
        (["claude", "--gateway", "--server", "a/b"], "tool-server-name"),
        (["claude", "--gateway", "--static", "http://elsewhere.example"], "broker-url-insecure"),
        (["claude", "--gateway", "--static", "elsewhere"], "broker-url-invalid"),
    ],
)
def test_what_can_not_be_connected_is_said(arguments: list[str], code: str, tmp_path: Path) -> None:
    done = warm_command("connect", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr
