"""What a client sends: a good request, then what a seeded chance makes of it.

A request is made as values first and spelled as text later, so that what JSON values can't say
(a member twice, `1e2`, half a surrogate) is there too.
"""

import base64
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.fuzz_gateway.bends import (
    BENDS,
    LEGACY,
    MARK,
    MODERN,
    OTHERS,
    Draft,
    bend_headers,
    bend_text,
)
from tests.fuzz_gateway.oddities import BODIES, HEADERS, TEXTS, spell

SERVERS = ("modern", "legacy")
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "fuzz", "version": "1"},
}
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to the gateway. `body` is None where the method has none."""

    method: str
    path: str
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


def request(pick: Random, tokens: dict[str, str], sessions: dict[str, str]) -> Request:
    """Make one request. Four of ten are good; the others are bent once or several times."""
    draft = _good(pick, sessions)
    bends = 0 if pick.random() < 0.4 else pick.choice((1, 1, 1, 2, 2, 3, 5))
    text: bytes | None = None
    extra: list[tuple[bytes, bytes]] = []
    for _ in range(bends):
        bend = pick.choice(BENDS)
        if bend is bend_text:
            text = _bent_text(pick, text if text is not None else _spelled(pick, draft))
        elif bend is bend_headers:
            extra.append(pick.choice(HEADERS))
        else:
            bend(pick, draft)
    body = text if text is not None else _spelled(pick, draft)
    headers = [(name.encode(), _latin(value)) for name, value in draft.headers.items()]
    if draft.token in tokens:
        headers.append((b"authorization", f"Bearer {tokens[draft.token]}".encode()))
    headers += [(b"x-anything", MARK.encode()), (b"cookie", f"a={MARK}".encode()), *extra]
    return Request(draft.http, draft.path, headers, body if draft.http == "POST" else b"")


def initialize(path: str, tokens: dict[str, str]) -> Request:
    """Return the good request that begins a session of 2025-11-25 at `path`."""
    params = {
        "protocolVersion": LEGACY,
        "capabilities": {},
        "clientInfo": {"name": "fuzz", "version": "1"},
    }
    message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    headers = [(name.encode(), value.encode()) for name, value in _common().items()]
    headers.append((b"authorization", f"Bearer {tokens['good']}".encode()))
    return Request("POST", path, headers, json.dumps(message).encode())


def _common() -> dict[str, str]:
    return {
        "host": "gateway.example",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
    }


def _good(pick: Random, sessions: dict[str, str]) -> Draft:
    server = pick.choice(SERVERS)
    own = pick.random() < 0.3
    method, params = _asked(pick, f"{server}___" if not own else "")
    path = f"/mcp/{server}" if own else "/mcp"
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": pick.randrange(1000), "method": method}
    if pick.random() < 0.6:
        headers = {**_common(), "mcp-protocol-version": MODERN, "mcp-method": method}
        if method in _NAMED:
            headers["mcp-name"] = _in_header(str(params[_NAMED[method]]))
        if params.get("name", "").endswith("note"):
            headers["mcp-param-order"] = _in_header(params["arguments"]["order"])
        return Draft(path, {**message, "params": {**params, "_meta": dict(_META)}}, headers)
    headers = {**_common(), "mcp-protocol-version": LEGACY}
    if path in sessions:
        headers["mcp-session-id"] = sessions[path]
    return Draft(path, {**message, "params": params}, headers)


def _in_header(text: str) -> str:
    """Spell a value as 2026-07-28 wants it in a header."""
    is_plain = all(" " <= each <= "~" for each in text) and text == text.strip()
    if is_plain and not text.startswith("=?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _asked(pick: Random, before: str) -> tuple[str, dict[str, Any]]:
    kind = pick.random()
    if kind < 0.75:
        tool = pick.choice(_TOOLS)
        return "tools/call", {"name": before + tool, "arguments": _arguments(pick, tool)}
    if kind < 0.82:
        return "prompts/get", {"name": f"{before}greet", "arguments": {"who": pick.choice(TEXTS)}}
    if kind < 0.9 and not before:  # a server's resources are at its own path
        uri = pick.choice(("file:///a", "file:///b", "../etc/passwd", "", "file:///\u00e9"))
        return "resources/read", {"uri": uri}
    return pick.choice(OTHERS), {}


_TOOLS = (*("refund",) * 6, *("note",) * 3, "closed", "hidden", "none-such")


def _arguments(pick: Random, tool: str) -> dict[str, Any]:
    made: dict[str, Any] = {"order": pick.choice(TEXTS)}
    if tool != "refund":
        return made
    made["amount"] = pick.choice((1, 5, 50, 99, 100, 5000, -1, 0))
    if pick.random() < 0.2:
        made["share"] = pick.choice((0.5, 0.25, 1, 12345.6789, 0.12345))
    if pick.random() < 0.2:
        made["lines"] = [{"text": pick.choice(TEXTS)} for _ in range(pick.randrange(3))]
    if pick.random() < 0.1:
        made[pick.choice(list(made))] = pick.choice((2**53, 2**63, 1e20, None, "", 0.1))
    return made


def _spelled(pick: Random, draft: Draft) -> bytes:
    return spell(pick, draft.message)


def _bent_text(pick: Random, text: bytes) -> bytes:
    return pick.choice(BODIES)(pick, text)


def _latin(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
