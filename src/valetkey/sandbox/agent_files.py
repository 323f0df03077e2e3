"""What a coding agent's own configuration must say for a run's credentials to reach its commands.

Pure: it returns text for files that belong to other programs and are never written by us. Nothing
in it is secret: a grant's name and the way to our program.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

# AWS Labs' own, which speaks MCP on its standard streams and takes boto3's credentials.
AWS_MCP_SERVER = ("uvx", "awslabs.aws-api-mcp-server@latest")

# Codex drops names with KEY, SECRET or TOKEN in them where its filter is on. That takes the paths
# by which a run is found (…_TOKEN_FILE) and every VALETKEY_… variable with it, so the filter goes
# off and these, which spare a run's variables, do its work.
_CODEX_EXCLUDES = ("*_KEY*", "*APIKEY*", "*SECRET*", "*TOKEN")


class CodingAgent(Enum):
    """A coding agent that `valetkey connect` knows."""

    claude = "claude"
    cursor = "cursor"
    codex = "codex"
    vscode = "vscode"


@dataclass(frozen=True, slots=True)
class AgentSetup:
    """How an agent is started in a run, and the one file that prepares it.

    `path` is where `text` belongs, whole or merged into what is there; `start` is a shell line.
    """

    path: str
    text: str
    start: str
    notes: tuple[str, ...]


def claude_setup(grant: str, region: str | None, *, program: Sequence[str]) -> AgentSetup:
    """Return Claude Code's settings (JSON): credentials for Bedrock, and what every command needs.

    `program` is how our command line is started, absolute.
    """
    environment = {"AWS_PAGER": ""}
    if region is not None:
        environment |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    export = shlex.join([*program, "credentials", grant, "--format", "claude"])
    return AgentSetup(
        "~/.claude/settings.json, or .claude/settings.local.json of one project",
        json_text({"awsCredentialExport": export, "env": environment}),
        start=_start(grant, "claude"),
        notes=(
            "the commands that Claude Code runs have the run's credentials with or without this"
            " file; it asks awsCredentialExport only where its model is on Amazon Bedrock"
            " (CLAUDE_CODE_USE_BEDROCK=1), and then the grant's role must allow Bedrock",
            "where its own /sandbox is on, commands may not reach the run's loopback address: list"
            ' "aws" under sandbox.excludedCommands',
        ),
    )


def codex_setup(grant: str) -> AgentSetup:
    """Return the tables for Codex's config (TOML): a run's variables and the network, let through.

    Only tables, no key before them: they may be appended to a file that has neither.
    """
    excludes = ", ".join(f'"{pattern}"' for pattern in _CODEX_EXCLUDES)
    text = f"""\
[shell_environment_policy]
inherit = "all"
# Its own filter would take AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and VALETKEY_RUN_TOKEN_FILE away,
# which are paths. The patterns below keep what is secret from its commands instead.
ignore_default_excludes = true
exclude = [{excludes}]

[sandbox_workspace_write]
# The run's credentials come from 127.0.0.1, and AWS is on the network.
network_access = true
"""
    return AgentSetup(
        "~/.codex/config.toml, or .codex/config.toml of a project that Codex trusts",
        text,
        start=_start(grant, "codex", "--sandbox", "workspace-write"),
        notes=(
            "network_access opens the network to all that Codex runs in its workspace-write sandbox"
            "; in its read-only one nothing reaches AWS",
            "where the file has one of these tables already, put the keys into it",
        ),
    )


def cursor_setup(grant: str, *, program: Sequence[str], server: Sequence[str]) -> AgentSetup:
    """Return Cursor's MCP configuration (JSON): `server`, an MCP server's command, in a run.

    `program` is how our command line is started, absolute: an editor that was not started from a
    shell has another PATH.
    """
    first, *rest = program
    arguments = [*rest, "run", "--grant", grant, "--quiet", "--", *server]
    entry = {"type": "stdio", "command": first, "args": arguments}
    return AgentSetup(
        ".cursor/mcp.json of a project, or ~/.cursor/mcp.json for all",
        json_text({"mcpServers": {grant: entry}}),
        start=_start(grant, "cursor", "--new-window", "--wait", "."),
        notes=(
            "the server has its run however Cursor is started; for Cursor's terminal and agent,"
            " quit Cursor and start it as above: the run lasts as long as the window (--wait)",
            "its agent runs commands in a sandbox without network unless it is told otherwise:"
            " allow `aws` to run outside of it when it asks",
            f"in a terminal: {_start(grant, 'cursor-agent')}",
        ),
    )


def _start(grant: str, *command: str) -> str:
    return shlex.join(["valetkey", "run", "--grant", grant, "--", *command])


def json_text(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"
