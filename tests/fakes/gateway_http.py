"""A tool gateway over HTTP, a part of the fake broker: it counts, it streams, it goes wrong.

It follows the contract of `/mcp` as far as who passes it on must know it: its tokens, what it was
sent, answers as JSON and as events. What a test wants to see it sets on the fake.
"""

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler


@dataclass
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: Message
    body: bytes

    @property
    def token(self) -> str | None:
        shown = self.headers.get("Authorization")
        return None if shown is None else shown.removeprefix("Bearer ")


Answer = Callable[[BaseHTTPRequestHandler, Seen], None]


def result_of(request: BaseHTTPRequestHandler, seen: Seen) -> None:
    """Answer with what was asked, as JSON; 202 for what has no id."""
    message = json.loads(seen.body or b"{}")
    if "id" not in message:
        send(request, 202, b"")
        return
    result = {"jsonrpc": "2.0", "id": message["id"], "result": {"method": message["method"]}}
    send(request, 200, json.dumps(result).encode(), ("MCP-Session-Id", "session-1"))


@dataclass
class FakeGateway:
    """Takes the tokens in `tokens` that are not in `refused`."""

    answer: Answer = result_of
    decision: dict[str, object] = field(
        default_factory=lambda: {"decision": "allow", "code": "allowed", "reason": "", "rules": []}
    )
    tokens: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    seen: list[Seen] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    """A client went away in the middle of a stream."""

    def issue(self, run_id: str, seconds: int) -> dict[str, object]:
        self.tokens.append(f"gateway-token-{len(self.tokens) + 1}-of-{run_id}")
        return {
            "access_token": self.tokens[-1],
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_in": seconds,
        }

    def serve(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        seen = Seen(request.command, request.path, request.headers, body)
        self.seen.append(seen)
        if seen.token not in self.tokens or seen.token in self.refused:
            challenge = 'Bearer resource_metadata="https://public.example/.well-known/x"'
            send(request, 401, b'{"code": "gateway-token"}', ("WWW-Authenticate", challenge))
            return
        self.answer(request, seen)


def send(
    request: BaseHTTPRequestHandler, status: int, body: bytes, *fields: tuple[str, str]
) -> None:
    """Answer whole."""
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    for name, value in fields:
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def stream(request: BaseHTTPRequestHandler, events: Iterable[str], *, ends: bool = True) -> None:
    """Answer by events, each in a chunk of its own; `ends` False breaks the connection off."""
    request.send_response(200)
    request.send_header("Content-Type", "text/event-stream")
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    for event in events:
        text = f"event: message\ndata: {event}\n\n".encode()
        request.wfile.write(b"%x\r\n%b\r\n" % (len(text), text))
    if ends:
        request.wfile.write(b"0\r\n\r\n")
    else:
        request.close_connection = True
