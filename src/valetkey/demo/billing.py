"""A server of tools for the demo: it refunds orders, for whoever asks. It decides nothing itself.

It speaks MCP 2026-07-28 over Streamable HTTP on loopback, and notes each refund that reached it.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

REVISION = "2026-07-28"
_METHOD_NOT_FOUND = -32601
REFUND: dict[str, Any] = {
    "name": "refund",
    "description": "Give the customer of an order some money back.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "order": {"type": "string", "description": "the order's number"},
            "amount": {"type": "integer", "minimum": 1, "description": "in whole euros"},
        },
        "required": ["order", "amount"],
    },
}
_SERVER = {"io.modelcontextprotocol/serverInfo": {"name": "billing", "version": "1"}}
_UNKEPT = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "_meta": _SERVER}


class BillingServer:
    """`refunds` are the arguments of each call that arrived, in order."""

    def __init__(self) -> None:
        self.refunds: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._responder())
        self.url = f"http://127.0.0.1:{self._server.server_port}/mcp"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _result(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        """Return what it has to say to a request; None: it knows no such method."""
        match method:
            case "server/discover":
                can = {"supportedVersions": [REVISION], "capabilities": {"tools": {}}}
                return {**_UNKEPT, **can}
            case "tools/list":
                return {**_UNKEPT, "tools": [REFUND]}
            case "tools/call":
                given = params["arguments"]
                self.refunds.append(given)
                words = f"refunded {given['amount']} euros of order {given['order']}"
                content = [{"type": "text", "text": words}]
                return {"resultType": "complete", "content": content, "isError": False}
            case _:
                return None

    def _responder(self) -> type[BaseHTTPRequestHandler]:
        billing = self

        class Responder(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                asked = json.loads(self.rfile.read(size))
                result = billing._result(asked["method"], asked.get("params", {}))
                said: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.get("id")}
                if result is None:
                    said["error"] = {"code": _METHOD_NOT_FOUND, "message": "no such method"}
                else:
                    said["result"] = result
                body = json.dumps(said).encode()
                self.send_response(404 if result is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the demo tells the story."""

        return Responder
