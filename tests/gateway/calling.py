"""Calls of the gateway as clients of both revisions make them, without a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.platform import Platform, grant, platform
from tests.fakes.tools import BOUND, GATEWAY_URI
from tests.gateway.answered import Answered
from tests.gateway.fake_upstreams import FakeServers
from valetkey.gateway.app import GatewayApp
from valetkey.gateway.revisions import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_VERSION,
    Revision,
)
from valetkey.secret import Secret
from valetkey.tools import BundleSource

PUBLIC = "https://valetkey.example"
PAGE = "https://pages.example"
MODERN = Revision.MODERN.value
LEGACY = Revision.LEGACY.value
META = {
    META_VERSION: MODERN,
    META_CLIENT_CAPABILITIES: {},
    META_CLIENT_INFO: {"name": "test", "version": "1"},
}
Headers = Sequence[tuple[str, str]]


@dataclass
class Gate:
    """A gateway with its fakes. `token` is Alice's of finance."""

    made: Platform
    servers: FakeServers
    app: GatewayApp
    token: Secret
    run_id: str

    async def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Headers = (),
        token: Secret | None = None,
        bearer: bool = True,
        hangs: bool = False,
        query: bytes = b"",
    ) -> Answered:
        """Send one HTTP request. `hangs`: come back when the answer begins, not when it is over."""
        sent = [(n.lower().encode(), v.encode("latin-1")) for n, v in headers]
        if not any(name == b"host" for name, _ in sent):
            sent.append((b"host", b"valetkey.example"))
        if bearer:
            shown = (token or self.token).reveal()
            sent.append((b"authorization", f"Bearer {shown}".encode()))
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "query_string": query,
            "headers": sent,
            "server": ("127.0.0.1", 8700),
        }
        answer = Answered()
        answer.task = asyncio.create_task(self._serve(scope, body, answer))
        if hangs:
            await asyncio.wait(
                {answer.task, asyncio.create_task(answer.started.wait())},
                return_when=asyncio.FIRST_COMPLETED,
            )
        else:
            await answer.task
        return answer

    async def _serve(self, scope: dict[str, Any], body: bytes, answer: Answered) -> None:
        parts = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if parts:
                return parts.pop()
            await answer.hang_up.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            async with answer.grown:
                if message["type"] == "http.response.start":
                    assert not answer.status, "two answers to one request"
                    answer.status = message["status"]
                    answer.headers = {n.decode(): v.decode() for n, v in message["headers"]}
                    answer.started.set()
                else:
                    assert not answer.is_over, "more after the end"
                    answer.body += message.get("body", b"")
                    answer.is_over = not message.get("more_body", False)
                answer.grown.notify_all()

        await self.app(scope, receive, send)
        assert answer.status, "ASGI wants an answer, also where nobody reads it"

    async def legacy(
        self,
        method: str,
        params: object | None = None,
        *,
        session: str | None = None,
        path: str = "/mcp",
        message_id: object = 1,
        headers: Headers = (),
        **more: Any,
    ) -> Answered:
        """Ask as a client of 2025-11-25 does; without an id it is a notification."""
        message: dict[str, object] = {"jsonrpc": "2.0", "method": method}
        if message_id is not None:
            message["id"] = message_id
        if params is not None:
            message["params"] = params
        return await self.say(message, session=session, path=path, headers=headers, **more)

    async def say(
        self,
        message: object,
        *,
        session: str | None = None,
        path: str = "/mcp",
        headers: Headers = (),
        **more: Any,
    ) -> Answered:
        """Post a message, as a client of 2025-11-25."""
        sent = [*JSON_HEADERS, *headers]
        if session is not None:
            sent += [("mcp-session-id", session), ("mcp-protocol-version", LEGACY)]
        return await self.send("POST", path, json.dumps(message).encode(), headers=sent, **more)

    async def begin(
        self, path: str = "/mcp", *, capabilities: object | None = None, **more: Any
    ) -> str:
        """Initialize; the session's id."""
        answer = await self.legacy("initialize", hello(capabilities), path=path, **more)
        assert answer.status == 200, answer
        return answer.headers["mcp-session-id"]

    async def modern(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        path: str = "/mcp",
        message_id: object = 1,
        meta: dict[str, Any] | None = None,
        headers: Headers | None = None,
        extra: Headers = (),
        **more: Any,
    ) -> Answered:
        """Ask as a client of 2026-07-28 does; `headers` replaces the ones that repeat the body."""
        params = {**(params or {}), "_meta": META if meta is None else meta}
        message = {"jsonrpc": "2.0", "id": message_id, "method": method, "params": params}
        repeated = modern_headers(method, params) if headers is None else headers
        sent = [*JSON_HEADERS, *repeated, *extra]
        return await self.send("POST", path, json.dumps(message).encode(), headers=sent, **more)

    async def another(self, sub: str = "bob", **claims: object) -> Secret:
        """A gateway token of another run."""
        opened = await self.made.open(sub, subject_token=self.made.subject(sub, **claims))
        return await self.made.gateway_token(opened.token)

    async def decisions(self) -> list[dict[str, Any]]:
        """What is on record of calls."""
        return [r for r in await self.made.audit() if r["kind"] in {"tool-decided", "mcp-passed"}]


ASKS = {"sampling": {}, "elicitation": {}, "roots": {"listChanged": True}}
JSON_HEADERS = (
    ("content-type", "application/json"),
    ("accept", "application/json, text/event-stream"),
)


def hello(capabilities: object | None = None, version: str = LEGACY) -> dict[str, object]:
    return {
        "protocolVersion": version,
        "capabilities": capabilities or {},
        "clientInfo": {"name": "test", "version": "1"},
    }


def modern_headers(method: str, params: dict[str, Any]) -> list[tuple[str, str]]:
    found = [("mcp-protocol-version", MODERN), ("mcp-method", method)]
    if method in {"tools/call", "prompts/get"}:
        found.append(("mcp-name", params["name"]))
    if method == "resources/read":
        found.append(("mcp-name", params["uri"]))
    return found


REFUND = {"name": "billing___refund", "arguments": {"order": "o-1", "amount": 500}}


@asynccontextmanager
async def gate(
    folder: Path, *, tools: BundleSource = BOUND, servers: FakeServers | None = None
) -> AsyncIterator[Gate]:
    """A gateway over fake servers, with a run of Alice, who is of finance."""
    async with platform(folder, grants=(grant(),), tools=tools) as made:
        claims = {"department": "finance"}
        opened = await made.open("alice", subject_token=made.subject("alice", **claims))
        token = await made.gateway_token(opened.token)
        fakes = servers or FakeServers()
        app = GatewayApp(
            made.broker,
            fakes,
            public_url=PUBLIC,
            audience=GATEWAY_URI,
            origins=(PAGE,),
            rest=_rest,
        )
        yield Gate(made, fakes, app, token, opened.run.id)


async def _rest(scope: Any, receive: Any, send: Any) -> None:
    del scope, receive
    start = {"type": "http.response.start", "status": 299, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": b"{}"})
