"""Calls of the ASGI application, without a socket."""

import json
from dataclasses import dataclass
from typing import Any

from tests.fakes.platform import Platform
from valetkey.broker.readiness import Readiness
from valetkey.secret import Secret
from valetkey.web.app import make_app


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.json["code"])


@dataclass
class Api:
    platform: Platform
    app: Any
    readiness: Readiness

    async def call(
        self,
        method: str,
        path: str,
        token: Secret | str | None = None,
        *,
        body: object = None,
        raw: bytes | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> Answer:
        """`token` is sent as bearer; a str is the whole Authorization header."""
        sent = list(headers)
        if token is not None:
            value = token if isinstance(token, str) else f"Bearer {token.reveal()}"
            sent.append((b"authorization", value.encode("latin-1")))
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": sent,
            "server": ("127.0.0.1", 8700),
            "client": ("127.0.0.1", 40000),
        }
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        start = messages[0]
        return Answer(
            start["status"],
            {name.decode(): value.decode() for name, value in start["headers"]},
            b"".join(m.get("body", b"") for m in messages[1:]),
        )

    async def open(self, sub: str = "alice", **changes: object) -> Answer:
        body = {
            "subject_token": self.platform.subject(sub).reveal(),
            "attributes": {"task_id": f"task-of-{sub}"},
            **changes,
        }
        return await self.call("POST", "/v1/runs", self.platform.actor(), body=body)


def api(platform: Platform) -> Api:
    readiness = Readiness(platform.sts, platform.store, broker=platform.broker)
    app = make_app(platform.broker, readiness, public_url="http://127.0.0.1:8700", version="0.0.0")
    return Api(platform, app, readiness)
