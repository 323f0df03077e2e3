"""A small real MCP server on loopback, of either revision or both, that misbehaves when told."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from valetkey.gateway.revisions import META_SERVER_INFO, META_VERSION
from valetkey.tools.server import Reach, ToolServer

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
LEGACY = "2025-11-25"
MODERN = "2026-07-28"
ECHO = {"name": "echo", "description": "says it again", "inputSchema": {"type": "object"}}


@dataclass
class Heard:
    """One HTTP request that came in."""

    method: str
    headers: dict[str, str]
    message: dict[str, Any] | None = None


@dataclass
class FakeMcp:
    """`answers` replaces what is done for a method of MCP, or for `GET` and `DELETE`."""

    revisions: tuple[str, ...] = (LEGACY,)
    tools: list[dict[str, Any]] = field(default_factory=lambda: [ECHO])
    has_sessions: bool = True
    answers: dict[str, Answer] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    url: str = ""

    def named(self, name: str = "billing", **changes: Any) -> ToolServer:
        members: dict[str, Any] = {"name": name, "reach": Reach.HTTP, "url": self.url, "seconds": 5}
        return ToolServer(**{**members, **changes})

    def said(self, method: str) -> list[Heard]:
        return [each for each in self.heard if (each.message or {}).get("method") == method]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        message: dict[str, Any] = json.loads(raw) if raw else {}
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(request.method, headers, message or None))
        what = message.get("method", request.method)
        if what in self.answers:
            return await self.answers[what](request, message)
        if request.method == "GET":
            return web.Response(status=405)
        if request.method == "DELETE":
            self.sessions.discard(headers.get("mcp-session-id", ""))
            return web.Response(status=204)
        return self._post(headers, message)

    def _post(self, headers: dict[str, str], message: dict[str, Any]) -> web.Response:
        method, meta = message.get("method"), (message.get("params") or {}).get("_meta") or {}
        if meta.get(META_VERSION) == MODERN:
            if MODERN not in self.revisions:
                return web.Response(status=400, text="what?")
            return result(message, self._modern(message))
        if LEGACY not in self.revisions:
            return web.Response(status=400)
        if method == "initialize":
            session = f"session-{len(self.heard)}"
            self.sessions.add(session)
            opened = {
                "protocolVersion": LEGACY,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "fake", "version": "1"},
            }
            return result(
                message, opened, **({"Mcp-Session-Id": session} if self.has_sessions else {})
            )
        if self.has_sessions and headers.get("mcp-session-id") not in self.sessions:
            return web.Response(status=404)
        if "id" not in message or method is None:
            return web.Response(status=202)
        return result(message, self._result(message))

    def _modern(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["method"] == "server/discover":
            info = {META_SERVER_INFO: {"name": "fake", "version": "2"}}
            return {"supportedVersions": [MODERN], "capabilities": {"tools": {}}, "_meta": info}
        return {"resultType": "complete", **self._result(message)}

    def _result(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["method"] == "tools/list":
            return {"tools": self.tools}
        return {"content": [{"type": "text", "text": json.dumps(message.get("params"))}]}


def result(message: dict[str, Any], value: object, **headers: str) -> web.Response:
    text = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": value}, indent=1)
    return web.Response(text=text, content_type="application/json", headers=headers)


def sse(*events: tuple[str | None, dict[str, Any] | None]) -> bytes:
    """Events as they go over the wire: an id each, if it has one, and a message, if it has one."""
    text = ""
    for event_id, message in events:
        text += "" if event_id is None else f"id: {event_id}\n"
        text += f"data: {'' if message is None else json.dumps(message)}\n\n"
    return text.encode()


async def stream(request: web.Request, *pieces: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
    return response


@asynccontextmanager
async def serving(fake: FakeMcp) -> AsyncIterator[FakeMcp]:
    app = web.Application()
    app.router.add_route("*", "/mcp", fake.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
        yield fake
    finally:
        await runner.cleanup()
