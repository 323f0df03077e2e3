"""What a coding agent's own configuration must say for a run's tools to be there.

Pure: it returns text for files that belong to other programs and are never written by us. Nothing
in it is secret. Inside a run the tools are at its loopback address, which changes from run to run:
the text names variables and files that `valetkey run` sets. Elsewhere a static header is left to
paste a token into.
"""

from typing import Final

from valetkey.sandbox.address import parse_address
from valetkey.sandbox.agent_files import AgentSetup, CodingAgent, json_text
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.mcp_config import ENTRY
from valetkey.sandbox.text import is_grant_name

_PLACEHOLDER: Final = "PASTE-THE-TOKEN-HERE"
_INSIDE: Final = (
    "the address and its token are of one run: the run's own file, VALETKEY_MCP_CONFIG, has both"
    " and is gone with the run",
    "in a run without tool servers there is no such file; `valetkey run --require-gateway` refuses"
    " to start in one",
)
_STATIC: Final = (
    "the token is `valetkey token --gateway` of a run that is open, for who holds its run token; it"
    " lives as long as `token_duration` of the broker's `[tools]` says (a quarter of an hour unless"
    " told, an hour at most) and never longer than the run: paste a new one then, or start the"
    " agent by `valetkey run`, which renews it",
    "who holds the token calls tools as the run: keep the file out of version control",
)


def gateway_setup(agent: CodingAgent, *, server: str | None, static: str | None) -> AgentSetup:
    """Return how `agent` finds the tools of a run, or of its one `server`.

    `static` is the broker's public address, for an agent outside of `valetkey run`. Raises `usage`
    for an agent without such a configuration, `tool-server-name` and what `parse_address` does.
    """
    if server is not None and not is_grant_name(server):
        raise SandboxError("tool-server-name", "no tool server is called so")
    if static is not None:
        parse_address(static)
        return _STATIC_SETUPS[_known(agent)](_below(static.rstrip("/") + "/mcp", server))
    return _SETUPS[_known(agent)](server)


def _known(agent: CodingAgent) -> CodingAgent:
    if agent not in _SETUPS:
        raise SandboxError(
            "usage",
            f"what {agent.value} needs for a gateway is not known here",
            hint="its MCP settings want an address and a bearer token: inside `valetkey run` they"
            " are VALETKEY_MCP_URL and the content of VALETKEY_RUN_TOKEN_FILE",
        )
    return agent


def _below(url: str, server: str | None) -> str:
    return url if server is None else f"{url}/{server}"


def _entry_name(server: str | None) -> str:
    return ENTRY if server is None else server


def _claude(server: str | None) -> AgentSetup:
    """Claude Code expands variables in `url`, and asks `headersHelper` whenever it connects."""
    helper = """printf '{"Authorization": "Bearer %s"}' "$(cat "$VALETKEY_RUN_TOKEN_FILE")\""""
    entry = {
        "type": "http",
        "url": _below("${VALETKEY_MCP_URL}", server),
        "headersHelper": helper,
    }
    whole = (
        "without any file: valetkey run -- sh -c"
        " 'exec claude --mcp-config \"$VALETKEY_MCP_CONFIG\"'"
    )
    return AgentSetup(
        ".mcp.json of a project",
        json_text({"mcpServers": {_entry_name(server): entry}}),
        start="valetkey run -- claude",
        notes=_INSIDE if server is not None else (whole, *_INSIDE),
    )


def _cursor(server: str | None) -> AgentSetup:
    """Cursor expands `${env:…}`, and no file: the run's own file takes the place of its own.

    That file has the whole gateway: for one server alone the token is pasted.
    """
    entry = {
        "url": _below("${env:VALETKEY_MCP_URL}", server),
        "headers": {"Authorization": f"Bearer {_PLACEHOLDER}"},
    }
    text = json_text({"mcpServers": {_entry_name(server): entry}})
    if server is not None:
        return AgentSetup(
            ".cursor/mcp.json of a project",
            text,
            start="valetkey run -- cursor --new-window --wait .",
            notes=(
                f"in place of {_PLACEHOLDER} put the output of"
                ' cat "$VALETKEY_RUN_TOKEN_FILE" for each run',
                *_INSIDE,
            ),
        )
    return AgentSetup(
        ".cursor/mcp.json of a project",
        text,
        start="valetkey run -- sh -c"
        " 'mkdir -p .cursor && [ ! -e .cursor/mcp.json ]"
        ' && ln -sf "$VALETKEY_MCP_CONFIG" .cursor/mcp.json'
        " && exec cursor --new-window --wait .'",
        notes=(
            "started so, a link to the run's own file is all of .cursor/mcp.json and nothing is to"
            " be pasted; where the project has such a file, Cursor does not start so: put the text"
            ' into it, with the output of cat "$VALETKEY_RUN_TOKEN_FILE" for each run',
            *_INSIDE,
        ),
    )


def _vscode(server: str | None) -> AgentSetup:
    """VS Code expands `${env:…}` and asks for inputs, which it keeps in its secret storage."""
    return _vscode_setup(
        _below("${env:VALETKEY_MCP_URL}", server),
        server,
        description="The content of the run's VALETKEY_RUN_TOKEN_FILE",
        start="valetkey run -- code --new-window --wait .",
        notes=(
            "VS Code asks for the token once for each run: paste the output of"
            ' cat "$VALETKEY_RUN_TOKEN_FILE" in its terminal',
            "a window that is open already keeps its own environment: quit VS Code first",
            *_INSIDE,
        ),
    )


def _vscode_setup(
    url: str, server: str | None, *, description: str, start: str, notes: tuple[str, ...]
) -> AgentSetup:
    header = "Bearer ${input:valetkey-token}"
    asked = {
        "type": "promptString",
        "id": "valetkey-token",
        "description": description,
        "password": True,
    }
    entry = {"type": "http", "url": url, "headers": {"Authorization": header}}
    return AgentSetup(
        ".vscode/mcp.json of a project",
        json_text({"servers": {_entry_name(server): entry}, "inputs": [asked]}),
        start=start,
        notes=notes,
    )


def _claude_static(url: str) -> AgentSetup:
    helper = """printf '{"Authorization": "Bearer %s"}' "$(valetkey token --gateway)\""""
    entry = {"type": "http", "url": url, "headersHelper": helper}
    return AgentSetup(
        ".mcp.json of a project, or ~/.claude.json",
        json_text({"mcpServers": {_name_in(url): entry}}),
        start="VALETKEY_BROKER=… VALETKEY_RUN_TOKEN_FILE=… claude",
        notes=("Claude Code asks the helper again whenever it connects", *_STATIC),
    )


def _cursor_static(url: str) -> AgentSetup:
    headers = {"Authorization": f"Bearer {_PLACEHOLDER}"}
    return AgentSetup(
        ".cursor/mcp.json of a project, or ~/.cursor/mcp.json for all",
        json_text({"mcpServers": {_name_in(url): {"url": url, "headers": headers}}}),
        start="cursor .",
        notes=_STATIC,
    )


def _vscode_static(url: str) -> AgentSetup:
    return _vscode_setup(
        url,
        None if url.endswith("/mcp") else _name_in(url),
        description="What `valetkey token --gateway` prints",
        start="code .",
        notes=_STATIC,
    )


def _name_in(url: str) -> str:
    last = url.rpartition("/")[2]
    return ENTRY if last == "mcp" else last


_SETUPS: Final = {
    CodingAgent.claude: _claude,
    CodingAgent.cursor: _cursor,
    CodingAgent.vscode: _vscode,
}
_STATIC_SETUPS: Final = {
    CodingAgent.claude: _claude_static,
    CodingAgent.cursor: _cursor_static,
    CodingAgent.vscode: _vscode_static,
}
