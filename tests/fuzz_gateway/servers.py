"""Two servers of tools that log what reaches them, and ask of each message: was it decided?

One speaks 2026-07-28, the other 2025-11-25 with sessions. They are real HTTP servers on loopback,
so the gateway's whole way to a server is in between.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fuzz_gateway.bends import LEGACY, MODERN
from valetkey.store import SqliteStore
from valetkey.tools.exact_json import digest

TEXT: dict[str, Any] = {"type": "string"}
IN_HEADER: dict[str, Any] = {"type": "string", "x-mcp-header": "Order"}
REFUND: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {"type": "string"},
        "amount": {"type": "integer"},
        "share": {"type": "number"},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"text": TEXT}}},
        "rest": {},
    },
    "required": ["amount"],
}
NOTHING: dict[str, Any] = {"type": "object"}
TOOLS: list[dict[str, Any]] = [
    {"name": "refund", "inputSchema": REFUND},
    {"name": "note", "inputSchema": {"type": "object", "properties": {"order": IN_HEADER}}},
    {"name": "closed", "inputSchema": NOTHING},
    {"name": "hidden", "inputSchema": NOTHING, "execution": {"taskSupport": "required"}},
]
UNDECIDED = frozenset(
    {
        "initialize",
        "notifications/initialized",
        "notifications/cancelled",
        "server/discover",
        "tools/list",
        "ping",
        "logging/setLevel",
        "subscriptions/listen",
    }
)
"""What says nothing of what a caller wants of a server: the gateway asks it by itself, too."""
_SURFACES = {"prompts/get": "name", "resources/read": "uri", "resources/subscribe": "uri"}
_CACHED = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
_CAPABILITIES: dict[str, Any] = {
    "tools": {},
    "prompts": {},
    "resources": {"subscribe": True},
    "completions": {},
    "logging": {},
}


@dataclass
class Witness:
    """Reads the audit log as it grows: each allowing record is good for one message.

    `reached` counts the messages by method, `wrongs` says what should not have been.
    """

    store: SqliteStore
    secrets: tuple[str, ...]
    reached: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    _allowed: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _read: int = -1

    async def saw(self, server: str, body: bytes, headers: Any) -> Any:
        """Judge a message that has arrived; return it parsed."""
        shown = body.decode("utf-8", "replace") + repr(list(headers.items()))
        if any(secret in shown for secret in self.secrets):
            self.wrongs.append(f"{server} was shown what is the caller's alone: {shown[:500]}")
        message = json.loads(body, object_pairs_hook=_once)
        method = message.get("method")
        self.reached[str(method)] += 1
        if method is not None and method not in UNDECIDED:
            await self.read_on()
            key = _key(server, method, message.get("params", {}))
            if not self._allowed[key]:
                self.wrongs.append(f"undecided at {server}: {body.decode()[:500]}")
            self._allowed[key] -= 1
        return message

    async def read_on(self) -> None:
        """Read the records that are new."""
        while leaves := await self.store.leaves(after=self._read):
            for stored in leaves:
                self._note(json.loads(stored.leaf))
                self._read = stored.index

    def _note(self, leaf: dict[str, Any]) -> None:
        if leaf["kind"] == "tool-decided":
            self.decided[f"{leaf['decision']}: {leaf['code']}"] += 1
            if leaf["decision"] == "allow":
                self._allowed["tools/call", leaf["server"], leaf["tool"], leaf["digest"]] += 1
        elif leaf["kind"] == "mcp-passed":
            self.decided[f"{leaf['decision']}: {leaf['code']}"] += 1
            if leaf["decision"] == "allow":
                self._allowed[leaf["method"], leaf["server"], leaf.get("about", "")] += 1


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a member twice reached a server: {pairs}")
    return found


def _key(server: str, method: str, params: dict[str, Any]) -> tuple[str, ...]:
    if method == "tools/call":
        return method, server, params["name"], digest(params.get("arguments", {}))
    if method == "completion/complete":
        ref = params["ref"]
        return method, server, ref.get("name") or ref["uri"]
    about = params.get(_SURFACES.get(method, ""), "")
    return method, server, about


@asynccontextmanager
async def servers(witness: Witness) -> AsyncIterator[dict[str, str]]:
    """Serve both while the block lasts; yield their URLs."""
    app = web.Application()
    app.router.add_post("/modern", _Server(witness, "modern").answer)
    app.router.add_post("/legacy", _Server(witness, "legacy").answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        yield {name: f"http://127.0.0.1:{port}/{name}" for name in ("modern", "legacy")}
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class _Server:
    witness: Witness
    name: str

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            message = await self.witness.saw(self.name, body, request.headers)
        except (ValueError, KeyError) as error:
            self.witness.wrongs.append(f"{self.name} can't read {body[:500]!r}: {error}")
            return web.Response(status=400)
        if "id" not in message or "method" not in message:
            return web.Response(status=202)
        result = self._result(message["method"], message.get("params", {}))
        said: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        if result is None:
            said["error"] = {"code": -32601, "message": "Method not found"}
            is_modern = self.name == "modern"
            return web.json_response(said, status=404 if is_modern else 200)
        headers = {"Mcp-Session-Id": "s1"} if message["method"] == "initialize" else {}
        return web.json_response({**said, "result": result}, headers=headers)

    def _result(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        about = {"name": self.name, "version": "1"}
        match method, self.name:
            case "initialize", "legacy":
                return {
                    "protocolVersion": LEGACY,
                    "capabilities": _CAPABILITIES,
                    "serverInfo": about,
                }
            case "server/discover", "modern":
                return {**_CACHED, "supportedVersions": [MODERN], "capabilities": _CAPABILITIES}
            case "ping" | "logging/setLevel" | "resources/subscribe", "legacy":
                return {}
        found = _results(method, params)
        return None if found is None else {**_CACHED, **found}


def _results(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    match method:
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call":
            return {"content": [{"type": "text", "text": "done"}]}
        case "prompts/list":
            return {"prompts": [{"name": "greet"}]}
        case "prompts/get":
            return {"messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}]}
        case "resources/list":
            return {"resources": []}
        case "resources/templates/list":
            return {"resourceTemplates": []}
        case "resources/read":
            return {"contents": [{"uri": params.get("uri", ""), "text": "of it"}]}
        case "completion/complete":
            return {"completion": {"values": []}}
        case _:
            return None
