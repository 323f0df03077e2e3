"""Configuration for coding agents: it parses, and it lets a run's variables reach their commands.

The agents themselves are not here: what they do with the text is written after their own pages.
"""

import json
import shlex
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from valetkey.sandbox.agent_files import (
    AgentSetup,
    claude_setup,
    codex_setup,
    cursor_setup,
)
from valetkey.sandbox.environment import Delivery, child_environment

PROGRAM = ("/opt/agent tools/bin/valetkey",)
SERVER = ("/usr/bin/uvx", "some-server@latest", "--flag=a b")
DELIVERY = Delivery(
    credentials_url="http://127.0.0.1:4321/v1/credentials/tenant-data",
    token_file="/tmp/valetkey-x/token",
    config_file="/tmp/valetkey-x/config",
    credentials_file="/tmp/valetkey-x/credentials",
    region="eu-west-1",
    broker_url="http://127.0.0.1:4321",
)
SECRETS = ("OPENAI_API_KEY", "GITHUB_TOKEN", "MY_SECRET", "AZURE_APIKEY", "my_secret_key_2")
CODEX_FILTER = ("*KEY*", "*SECRET*", "*TOKEN*")


def of_codex(policy: Mapping[str, Any], inherited: Mapping[str, str]) -> dict[str, str]:
    """Return what Codex's shells get: inherit, its own filter, exclude, set, include_only.

    Codex configuration reference, `shell_environment_policy`; patterns ignore case.
    """

    def matches(name: str, patterns: tuple[str, ...] | list[str]) -> bool:
        return any(fnmatchcase(name.upper(), pattern.upper()) for pattern in patterns)

    assert policy["inherit"] == "all"  # `core` and `none` have no AWS variable in them
    left = dict(inherited)
    if not policy["ignore_default_excludes"]:
        left = {name: value for name, value in left.items() if not matches(name, CODEX_FILTER)}
    left = {n: v for n, v in left.items() if not matches(n, policy.get("exclude", []))}
    return {**left, **policy.get("set", {})}


def of_a_run() -> dict[str, str]:
    inherited = {"PATH": "/usr/bin"} | dict.fromkeys(SECRETS, "not for its commands")
    return child_environment(inherited, DELIVERY, secrets=())


def test_codex_shells_get_every_variable_of_the_run() -> None:
    policy = tomllib.loads(codex_setup("tenant-data").text)["shell_environment_policy"]
    run = of_a_run()
    assert of_codex(policy, run) == {n: v for n, v in run.items() if n not in SECRETS}


def test_codex_own_filter_would_take_the_run_away() -> None:
    """What the test above stands on, and why our text says what it says."""
    run = of_a_run()
    left = of_codex({"inherit": "all", "ignore_default_excludes": False}, run)
    assert set(run) - set(left) - set(SECRETS) == {
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "VALETKEY_BROKER",
        "VALETKEY_RUN_TOKEN_FILE",
    }


def test_codex_commands_may_reach_the_network() -> None:
    document = tomllib.loads(codex_setup("tenant-data").text)
    assert document["sandbox_workspace_write"] == {"network_access": True}


def test_codex_tables_may_be_appended_to_what_is_there() -> None:
    before = 'model = "x"\n\n[history]\npersistence = "none"\n'
    document = tomllib.loads(before + codex_setup("tenant-data").text)
    assert document["history"] == {"persistence": "none"}
    assert set(document) == {"model", "history", "shell_environment_policy"} | {
        "sandbox_workspace_write"
    }


def test_claude_code_asks_for_credentials_by_a_shell_line() -> None:
    document = json.loads(claude_setup("tenant-data", "eu-west-1", program=PROGRAM).text)
    assert shlex.split(document["awsCredentialExport"]) == [
        *PROGRAM,
        "credentials",
        "tenant-data",
        "--format",
        "claude",
    ]
    assert document["env"] == {
        "AWS_PAGER": "",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def test_no_region_is_made_up() -> None:
    document = json.loads(claude_setup("tenant-data", None, program=PROGRAM).text)
    assert document["env"] == {"AWS_PAGER": ""}


def test_cursor_starts_the_server_in_a_run() -> None:
    document = json.loads(cursor_setup("tenant-data", program=PROGRAM, server=SERVER).text)
    entry = document["mcpServers"]["tenant-data"]
    assert entry["type"] == "stdio"
    assert [entry["command"], *entry["args"]] == [
        *PROGRAM,
        "run",
        "--grant",
        "tenant-data",
        "--quiet",
        "--",
        *SERVER,
    ]


@pytest.mark.parametrize(
    ("setup", "command"),
    [
        (claude_setup("data", None, program=PROGRAM), ["claude"]),
        (codex_setup("data"), ["codex", "--sandbox", "workspace-write"]),
        (
            cursor_setup("data", program=PROGRAM, server=SERVER),
            ["cursor", "--new-window", "--wait", "."],
        ),
    ],
    ids=["claude", "codex", "cursor"],
)
def test_an_agent_is_started_in_a_run(setup: AgentSetup, command: list[str]) -> None:
    assert shlex.split(setup.start) == ["valetkey", "run", "--grant", "data", "--", *command]
