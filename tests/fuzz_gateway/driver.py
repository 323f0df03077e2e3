"""One request to an ASGI application, as a server would make it, and what came back."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.fuzz_gateway.requests import Request

STREAM_SECONDS = 0.05
"""A client that has heard nothing more for so long hangs up: streams have no end of their own."""
_MOST_SECONDS = 20.0


@dataclass
class Answered:
    """What the application said. `status` 0: nothing; `fault`: what it raised."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    fault: BaseException | None = None

    def header(self, name: bytes) -> str | None:
        """Return a header's first value."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), None)


async def ask(app: Any, request: Request) -> Answered:
    """Make the request; a stream is left after a moment of silence."""
    path, _, query = request.path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1", "replace"),
        "query_string": query.encode(),
        "root_path": "",
        "headers": request.headers,
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8700),
    }
    client = _Client(request.body)
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            await app(scope, client.receive, client.send)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is what is looked for
        client.answered.fault = fault
    return client.answered


class _Client:
    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._gone = asyncio.Event()
        self._quiet: asyncio.TimerHandle | None = None
        self.answered = Answered()

    async def receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.answered.status = message["status"]
            self.answered.headers = list(message["headers"])
        else:
            self.answered.body += message.get("body", b"")
        is_over = message["type"] == "http.response.body" and not message.get("more_body", False)
        if self._quiet is not None:
            self._quiet.cancel()
        wait = 0.0 if is_over else STREAM_SECONDS
        self._quiet = asyncio.get_running_loop().call_later(wait, self._gone.set)
