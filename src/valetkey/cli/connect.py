"""`valetkey connect`: what to paste into a coding agent's configuration, and how to start it."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import AsJson
from valetkey.cli.run import say
from valetkey.errors import ValetkeyError
from valetkey.sandbox.agent_files import (
    AWS_MCP_SERVER,
    AgentSetup,
    CodingAgent,
    claude_setup,
    codex_setup,
    cursor_setup,
)
from valetkey.sandbox.gateway_files import gateway_setup

if TYPE_CHECKING:
    from valetkey.credentials import Grant


def connect(
    agent: Annotated[CodingAgent, typer.Argument(help="The coding agent to connect.")],
    server: Annotated[
        list[str] | None,
        typer.Argument(
            help="For Cursor: the MCP server to start in a run, after `--`; AWS's own if unset."
        ),
    ] = None,
    *,
    grant: Annotated[
        str | None,
        typer.Option(help="A grant of this machine; the only one, if there is one."),
    ] = None,
    gateway: Annotated[
        bool, typer.Option("--gateway", help="Connect it to the tools behind a broker's gateway.")
    ] = False,
    tools: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="NAME",
            help="With --gateway: one tool server alone, its tools by their own names.",
        ),
    ] = None,
    static: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="With --gateway, for an agent that is not started by `valetkey run`: the broker's"
            " public address, and a header for a token that `valetkey token --gateway` prints.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print ready-to-paste configuration for a coding agent; no file of it is touched.

    Standard output is the configuration and nothing else. Where it belongs and how to start the
    agent is said on standard error. Nothing in it is secret.
    """
    if gateway:
        if grant is not None or server:
            raise ValetkeyError(
                "usage", "a gateway's tools are a run's: they need no grant and no command here"
            )
        _print(gateway_setup(agent, server=tools, static=static), agent, None, as_json=as_json)
        return
    if tools is not None or static is not None or agent is CodingAgent.vscode:
        raise ValetkeyError(
            "usage",
            "vscode, --server and --static are for the tools behind a broker's gateway",
            hint="say --gateway",
        )
    if server and agent is not CodingAgent.cursor:
        raise ValetkeyError(
            "usage",
            f"an MCP server is wrapped for cursor alone, not for {agent.value}",
            hint="drop what stands after the agent's name",
        )
    chosen = _grant(grant)
    setup = _setup(agent, chosen, server or list(AWS_MCP_SERVER))
    _print(setup, agent, chosen.name, as_json=as_json)


def _print(setup: AgentSetup, agent: CodingAgent, grant: str | None, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_document(agent, grant, setup), indent=2))
        return
    what = "the tools of a run" if grant is None else f"the grant {grant}"
    say(f"{agent.value} with {what}: this belongs in {setup.path}")
    sys.stderr.flush()
    sys.stdout.write(setup.text)
    sys.stdout.flush()
    say(f"start it with: {setup.start}")
    for note in setup.notes:
        say(f"note: {note}")


def _setup(agent: CodingAgent, grant: "Grant", server: list[str]) -> AgentSetup:
    if agent is CodingAgent.claude:
        return claude_setup(grant.name, grant.region, program=program())
    if agent is CodingAgent.codex:
        return codex_setup(grant.name)
    found = shutil.which(server[0])
    command = [str(Path(found).absolute()) if found else server[0], *server[1:]]
    return cursor_setup(grant.name, program=program(), server=command)


def _document(agent: CodingAgent, grant: str | None, setup: AgentSetup) -> dict[str, object]:
    return {
        "agent": agent.value,
        "grant": grant,
        "path": setup.path,
        "text": setup.text,
        "start": setup.start,
        "notes": list(setup.notes),
    }


def _grant(name: str | None) -> "Grant":
    """Return this machine's grant `name`, or its only one."""
    from valetkey.cli.credentials import only_grant
    from valetkey.cli.run_here import own_grants
    from valetkey.settings.local import valetkey_home

    home = valetkey_home(os.environ)
    return own_grants([only_grant(home) if name is None else name], home)[0].grant


def program() -> list[str]:
    """Return how this very installation is started from anywhere: absolute paths.

    The name on the PATH where it is this installation's, since that outlives an upgrade.
    """
    ours = Path(sys.executable).with_name("valetkey")
    on_path = shutil.which("valetkey")
    if on_path is not None and (not ours.exists() or Path(on_path).samefile(ours)):
        return [str(Path(on_path).absolute())]
    return [str(ours)] if ours.exists() else [sys.executable, "-m", "valetkey"]
