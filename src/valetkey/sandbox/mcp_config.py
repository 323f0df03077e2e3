"""The file that tells a run's MCP clients where its tools are: Claude Code's and Cursor's form."""

import json
from typing import Final

from valetkey.secret import Secret

ENTRY: Final = "valetkey"
"""What the whole gateway is called in a client's configuration."""


def mcp_config(url: str, token: Secret) -> str:
    """Return the file's text. It holds the token in the clear: it is for its owner alone."""
    entry = {
        "type": "http",
        "url": url,
        "headers": {"Authorization": f"Bearer {token.reveal()}"},
    }
    return json.dumps({"mcpServers": {ENTRY: entry}}, indent=2) + "\n"
