"""An MCP client in a run: it reads the file that clients are configured by, and calls a tool."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url: str, headers: dict[str, str]) -> None:
    """Print the tools' names and the first text of a call's result."""
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        names = [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool(sys.argv[1], json.loads(sys.argv[2]))
    print(json.dumps({"tools": names, "text": getattr(result.content[0], "text", None)}))


(server,) = json.loads(Path(os.environ["VALETKEY_MCP_CONFIG"]).read_text())["mcpServers"].values()
asyncio.run(main(server["url"], server["headers"]))
