"""`valetkey hook`: a coding agent's question before it uses a tool, and how it is told to ask."""

import json
import shlex
from enum import Enum
from typing import Annotated

import typer


class HookedAgent(Enum):
    """A coding agent that asks."""

    claude = "claude"
    cursor = "cursor"


_CURSOR_EVENTS = ("beforeShellExecution", "beforeMCPExecution", "beforeReadFile")
_SECONDS = 15
"""What the agent gives it: more than the hook takes, so that the hook's own no arrives."""


def hook(
    agent: Annotated[
        HookedAgent, typer.Argument(help="The coding agent that asks.")
    ] = HookedAgent.claude,
    *,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The server of the configuration that has the agent's own tools; `claude-code` or"
            " `cursor` if unset.",
        ),
    ] = None,
    defer: Annotated[
        bool,
        typer.Option(
            "--defer",
            help="Leave what is allowed to the agent's own permission rules: say nothing of it.",
        ),
    ] = False,
    broker: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_BROKER",
            help="The broker's address; inside `valetkey run` it is known.",
        ),
    ] = None,
    run_token_file: Annotated[
        str | None,
        typer.Option(
            envvar="VALETKEY_RUN_TOKEN_FILE",
            help="The file with the run's token; inside `valetkey run` it is known.",
        ),
    ] = None,
    print_config: Annotated[
        bool,
        typer.Option("--print-config", help="Print what the agent's settings need to ask."),
    ] = False,
) -> None:
    """Answer a coding agent that asks whether it may use a tool, by the run's policies.

    For Claude Code's PreToolUse and Cursor's before… hooks: reads the call on standard input and
    prints the agent's own form of allow, deny or ask. Whatever goes wrong denies: exit code 2,
    within ten seconds. It is guidance inside the sandbox, not a boundary: an agent that does not
    ask is not stopped. The gateway, and AWS's own policies, are the boundary.
    """
    words = [agent.value]
    if server is not None:
        words += ["--server", server]
    if defer:
        words.append("--defer")
    if print_config:
        print(_config(agent, words))
        return
    # `cli.main` hands this command to `sandbox.hook` before it imports typer: agents start it for
    # every call. This one is here for the list of commands and its help.
    from valetkey.sandbox.hook import main

    if broker:
        words += ["--broker", broker]
    if run_token_file:
        words += ["--run-token-file", run_token_file]
    raise typer.Exit(main(words))


def _config(agent: HookedAgent, words: list[str]) -> str:
    """Return the settings (JSON). A hook that can't be started, or is killed, blocks as well."""
    from valetkey.cli.connect import program

    command = f"{shlex.join([*program(), 'hook', *words])} || exit 2"
    if agent is HookedAgent.claude:
        entry = {"type": "command", "command": command, "timeout": _SECONDS}
        matched = {"matcher": "*", "hooks": [entry]}
        return json.dumps({"hooks": {"PreToolUse": [matched]}}, indent=2)
    hooks = {event: [{"command": command, "failClosed": True}] for event in _CURSOR_EVENTS}
    return json.dumps({"version": 1, "hooks": hooks}, indent=2)
