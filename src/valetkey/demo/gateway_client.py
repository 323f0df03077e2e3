"""An agent's side of the demo's third part: plain HTTP, as any MCP client speaks 2026-07-28."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from valetkey.demo.billing import REVISION
from valetkey.demo.processes import DemoError

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a kind of token
_META = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "valetkey-demo", "version": "1"},
}
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class GatewayClient:
    """Asks the gateway at `url` with a run's gateway token."""

    url: str
    token: str

    def tools(self) -> list[str]:
        """Return the names of the tools that the gateway shows. Raises DemoError."""
        said = self._ask("tools/list", {})
        if "result" not in said:
            raise DemoError(f"the gateway lists no tools: {said.get('error', said)}")
        return [tool["name"] for tool in said["result"]["tools"]]

    def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """Call a tool; return `ok`, the code of the refusal, or what the gateway said instead."""
        said = self._ask("tools/call", {"name": tool, "arguments": arguments}, name=tool)
        if "result" in said:
            return "failed" if said["result"].get("isError") else "ok"
        error = said.get("error", {})
        return str((error.get("data") or {}).get("code") or error.get("message", said))

    def _ask(self, method: str, params: dict[str, Any], *, name: str | None = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": REVISION,
            "Mcp-Method": method,
            **({} if name is None else {"Mcp-Name": name}),
        }
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": _META}}
        return _posted(self.url, json.dumps(asked), headers)


def open_client(broker: str, *, actor: str, subject: str) -> GatewayClient:
    """Open a run at `broker` with these tokens, and get it a token for the gateway.

    Raises DemoError when the broker refuses.
    """
    headers = {"Authorization": f"Bearer {actor}", "Content-Type": "application/json"}
    run = _posted(f"{broker}/v1/runs", json.dumps({"subject_token": subject}), headers)
    if "run_token" not in run:
        raise DemoError(f"no run was opened: {run}")
    asked = {
        "grant_type": _EXCHANGE,
        "subject_token": run["run_token"],
        "subject_token_type": _ACCESS_TOKEN,
        "resource": f"{broker}/mcp",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    given = _posted(f"{broker}/oauth/token", urlencode(asked), headers)
    if "access_token" not in given:
        raise DemoError(f"no token for the gateway: {given}")
    return GatewayClient(f"{broker}/mcp", given["access_token"])


def _posted(url: str, body: str, headers: dict[str, str]) -> Any:
    """Post and return the JSON document that comes back, whatever its status."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=_SECONDS)
    try:
        connection.request("POST", where.path, body, headers)
        return json.loads(connection.getresponse().read())
    except (OSError, ValueError) as error:
        raise DemoError(f"`{url}` gave no answer: {error}") from None
    finally:
        connection.close()
