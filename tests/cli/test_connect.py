"""`valetkey connect`: configuration on standard output, what to do with it on standard error."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.cli.entry import warm_command
from valetkey.settings.grant_file import write_grant
from valetkey.settings.shape import GrantTable

AGENTS = ("claude", "cursor", "codex")
ROLE = "arn:aws:iam::111122223333:role/Data"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one grant, which has everything that a grant may have."""
    store(tmp_path, "notes")
    return tmp_path


def store(home: Path, name: str) -> None:
    table = GrantTable(
        name=name,
        role=ROLE,
        region="eu-west-1",
        external_id="only-between-us-two",
        profile="their-profile",
        tags={"user_id": "their-number"},
    )
    write_grant(home / ".valetkey", table, replace=True)


def parsed(agent: str, text: str) -> dict[str, object]:
    return tomllib.loads(text) if agent == "codex" else dict(json.loads(text))


@pytest.mark.parametrize("agent", AGENTS)
def test_standard_output_is_the_configuration_and_nothing_else(agent: str, home: Path) -> None:
    done = warm_command("connect", agent, folder=home)
    assert done.returncode == 0, done.stderr
    assert parsed(agent, done.stdout)


@pytest.mark.parametrize("agent", AGENTS)
def test_where_it_belongs_and_how_to_start_is_said(agent: str, home: Path) -> None:
    said = warm_command("connect", agent, "--grant", "notes", folder=home).stderr
    assert f"~/.{agent}/" in said
    assert f"start it with: valetkey run --grant notes -- {agent}" in said


@pytest.mark.parametrize("agent", AGENTS)
def test_nothing_of_the_grant_but_its_name_and_region_is_told(agent: str, home: Path) -> None:
    done = warm_command("connect", agent, folder=home)
    for private in (ROLE, "only-between-us-two", "their-profile", "their-number"):
        assert private not in done.stdout + done.stderr


@pytest.mark.parametrize("agent", AGENTS)
def test_no_file_is_written(agent: str, home: Path) -> None:
    before = sorted(home.rglob("*"))
    assert warm_command("connect", agent, folder=home).returncode == 0
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("agent", AGENTS)
def test_programs_get_the_same_as_json(agent: str, home: Path) -> None:
    text = warm_command("connect", agent, folder=home).stdout
    document = json.loads(warm_command("connect", agent, "--json", folder=home).stdout)
    assert document["text"] == text
    assert (document["agent"], document["grant"]) == (agent, "notes")
    assert document["start"].startswith("valetkey run --grant notes -- ")


def test_the_program_is_found_without_a_path(home: Path) -> None:
    written = json.loads(warm_command("connect", "cursor", folder=home).stdout)
    entry = written["mcpServers"]["notes"]
    start = [entry["command"], *entry["args"][: entry["args"].index("run")]]
    assert Path(start[0]).is_absolute()
    done = subprocess.run(
        [*start, "--version"], env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("valetkey ")


def test_an_mcp_server_that_is_on_the_path_is_written_in_full(home: Path) -> None:
    written = json.loads(warm_command("connect", "cursor", "--", "env", "-0", folder=home).stdout)
    command_line = written["mcpServers"]["notes"]["args"]
    server = command_line[command_line.index("--") + 1 :]
    assert Path(server[0]).is_absolute() and Path(server[0]).name == "env"
    assert server[1:] == ["-0"]


def test_a_grant_must_be_named_where_there_are_several(home: Path) -> None:
    store(home, "traces")
    done = warm_command("connect", "claude", folder=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[grant-missing]" in done.stderr and "notes, traces" in done.stderr


def test_a_grant_that_is_not_there_is_refused_with_those_that_are(home: Path) -> None:
    done = warm_command("connect", "codex", "--grant", "nodes", folder=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[grant-unknown]" in done.stderr and "notes" in done.stderr


def test_without_a_grant_the_way_to_one_is_shown(tmp_path: Path) -> None:
    done = warm_command("connect", "cursor", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "valetkey grant aws NAME --role ARN" in done.stderr


def test_a_server_is_taken_for_cursor_alone(home: Path) -> None:
    done = warm_command("connect", "claude", "--", "uvx", "some-server", folder=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[usage]" in done.stderr


def test_an_agent_that_is_not_known_is_a_mistake_in_the_command_line(home: Path) -> None:
    done = warm_command("connect", "emacs", folder=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "claude" in done.stderr
