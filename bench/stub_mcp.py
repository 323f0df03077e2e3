"""A server of tools as fast as Python can be one: raw ASGI, fixed answers. For benches alone.

It speaks MCP 2026-07-28: `python -m bench.stub_mcp PORT`.
"""

import json
import sys
from typing import Any

import uvicorn

REVISION = "2026-07-28"
TOOLS = 100
"""Of which one is called; policies name the others, too."""
CALLED = "refund"


def tools() -> list[dict[str, Any]]:
    """Return the definitions: all alike but for their names."""
    schema = {
        "type": "object",
        "properties": {
            "order": {"type": "string"},
            "amount": {"type": "integer"},
            "reason": {"type": "string", "enum": ["damaged", "late", "lost"]},
        },
        "required": ["order", "amount"],
    }
    names = [CALLED, *(f"tool-{number}" for number in range(1, TOOLS))]
    return [{"name": name, "description": name, "inputSchema": schema} for name in names]


_LISTED = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
_RESULTS = {
    "server/discover": {**_LISTED, "supportedVersions": [REVISION], "capabilities": {"tools": {}}},
    "tools/list": {**_LISTED, "tools": tools()},
    "tools/call": {"resultType": "complete", "content": [{"type": "text", "text": "refunded"}]},
}


def _answer(body: bytes) -> tuple[int, bytes]:
    asked = json.loads(body)
    result = _RESULTS.get(asked["method"])
    said: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.get("id")}
    if result is None:
        error = {"code": -32601, "message": "Method not found"}
        return 404, json.dumps({**said, "error": error}).encode()
    return 200, json.dumps({**said, "result": result}).encode()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer a POST of one request."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    status, said = _answer(body) if scope["method"] == "POST" else (405, b"")
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off")
