"""A broker over HTTP that keeps the agent's side honest: real sockets, real tokens, real counts.

It follows the contract of `/v1/runs`, `/v1/credentials/{grant}` and `/oauth/token` and knows
nothing of AWS: its credentials and tokens are made up. What a test wants to go wrong it sets on
the fake.
"""

import json
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl

from tests.fakes.gateway_http import FakeGateway

ACTOR_TOKEN = "actor-token-of-the-orchestrator"
EXPIRES_AT = "2126-11-21T09:00:00Z"
"""Of every run: what is told of a run that is over is told by its state."""
SUBJECT_TOKEN = "subject-token-of-alice-not-a-jwt"
EXPIRES_AT = "2099-11-21T09:00:00Z"  # a run that is over is not one to serve


@dataclass
class FakeRun:
    """A run as the fake keeps it; every token in `tokens` opens it."""

    id: str
    grants: list[str]
    tokens: list[str]
    state: str = "open"


@dataclass
class Fault:
    """What the fake answers in place of the truth."""

    status: int = 503
    body: bytes = b'{"code": "broker-down", "title": "the broker is down", "status": 503}'
    media_type: str = "application/problem+json"


@dataclass
class FakeBroker:
    """A broker on a loopback port; use it as a context manager."""

    grants: dict[str, dict[str, str | None]] = field(
        default_factory=lambda: {"tenant-data": {"region": "eu-west-1", "endpoint_url": None}}
    )
    tools: dict[str, dict[str, object]] = field(default_factory=dict)
    token_seconds: int = 300
    life_seconds: float = 3600.0
    first_life_seconds: float | None = None
    delay_seconds: float = 0.0
    fault: Fault | None = None
    public_url: str | None = None
    gateway: FakeGateway | None = None
    servers: tuple[str, ...] = ("billing",)
    port: int = 0
    runs: dict[str, FakeRun] = field(default_factory=dict)
    hand_outs: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    seen_authorizations: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self.port), _Request)
        self._server.broker = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening: connections are refused from now on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open_run(self, *grants: str) -> FakeRun:
        """Open a run from the inside, for tests that join one."""
        run_id = f"r-{secrets.token_hex(8)}"
        token = f"vkr_{run_id}_{secrets.token_urlsafe(32)}"
        run = FakeRun(run_id, list(grants) or [*self.grants, *self.tools], [token])
        self.runs[run_id] = run
        return run

    def revoke_all(self) -> None:
        for run in self.runs.values():
            run.state = "revoked"

    def run_of(self, token: str) -> FakeRun | None:
        for run in self.runs.values():
            if token in run.tokens:
                return run
        return None

    def grants_of(self, run: FakeRun) -> list[dict[str, object]]:
        public = self.public_url or self.url
        return [
            {"name": name, "credentials_url": f"{public}/v1/credentials/{name}"}
            | dict[str, object](self.grants[name])
            for name in run.grants
            if name in self.grants
        ]

    def tools_of(self, run: FakeRun) -> list[dict[str, object]]:
        return [{"name": name} | self.tools[name] for name in run.grants if name in self.tools]

    def mcp_url_of(self) -> str | None:
        return None if self.gateway is None else f"{self.public_url or self.url}/mcp"

    def issue(self, run: FakeRun, audience: str) -> dict[str, object] | None:
        """Return the answer to an exchange, None for what the run may not have."""
        has_role = audience in run.grants and self.grants.get(audience, {}).get("web_identity_role")
        if not has_role and audience not in (tool["name"] for tool in self.tools_of(run)):
            return None
        self.tokens[audience] += 1
        return {
            "access_token": f"token-of-{audience}-{self.tokens[audience]}",
            "issued_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_type": "N_A" if has_role else "Bearer",
            "expires_in": self.token_seconds,
        }

    def credentials(self, grant: str) -> dict[str, str]:
        self.hand_outs[grant] += 1
        is_first = self.hand_outs[grant] == 1 and self.first_life_seconds is not None
        life = self.first_life_seconds if is_first else self.life_seconds
        expires = datetime.fromtimestamp(time.time() + (life or 0.0), UTC)
        return {
            "AccessKeyId": f"ASIAFAKE{self.hand_outs[grant]:012d}",
            "SecretAccessKey": f"secret-of-{grant}-{self.hand_outs[grant]}",
            "Token": f"session-of-{grant}-{self.hand_outs[grant]}",
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "RoleArn": "arn:aws:iam::111122223333:role/AgentTenantData",
            "AccountId": "111122223333",
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    broker: FakeBroker

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of some tests."""


class _Request(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        broker = self.server.broker
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        if broker.gateway is not None and self.path.startswith("/mcp"):
            broker.gateway.serve(self, sent)
            return
        is_form = self.headers.get("Content-Type") == "application/x-www-form-urlencoded"
        body = dict(parse_qsl(sent.decode())) if is_form else json.loads(sent or b"{}")
        authorization = self.headers.get("Authorization") or ""
        broker.requests.append((self.command, self.path, body))
        broker.seen_authorizations.append(authorization)
        time.sleep(broker.delay_seconds)
        if broker.fault is not None:
            self._send(broker.fault.status, broker.fault.body, broker.fault.media_type)
        elif (self.command, self.path) == ("POST", "/v1/runs"):
            self._open(broker, body, authorization)
        elif (self.command, self.path) == ("POST", "/oauth/token"):
            self._exchange(broker, body)
        elif broker.gateway is not None and self.path == "/v1/decisions":
            self._decide(broker, broker.gateway, authorization)
        else:
            self._serve_run(broker, authorization)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815

    def _open(self, broker: FakeBroker, body: dict[str, object], authorization: str) -> None:
        if authorization != f"Bearer {ACTOR_TOKEN}":
            self._refuse(401, "actor-token-invalid")
            return
        if body.get("subject_token") != SUBJECT_TOKEN:
            self._refuse(403, "no-trust-rule")
            return
        asked = body.get("grants") or []
        assert isinstance(asked, list)
        if unknown := [name for name in asked if name not in {**broker.grants, **broker.tools}]:
            self._refuse(404, "grant-unknown", f"there is no grant `{unknown[0]}`")
            return
        run = broker.open_run(*asked)
        document = {
            "run": {
                "id": run.id,
                "state": "open",
                "subject": {"issuer": "https://issuer.example", "subject": "alice"},
                "actor": {"issuer": "https://cluster.example", "subject": "orchestrator"},
                "tags": {"user_id": "alice-tag-value"},
                "grants": broker.grants_of(run),
                "tokens": broker.tools_of(run),
                "token_url": f"{broker.url}/oauth/token",
                "servers": [] if broker.gateway is None else list(broker.servers),
                "policy_version": "sha256:1",
                "opened_at": "2026-11-21T08:00:00Z",
                "expires_at": EXPIRES_AT,
            },
            "run_token": run.tokens[-1],
        }
        self._send(201, json.dumps(document).encode())

    def _exchange(self, broker: FakeBroker, form: dict[str, str]) -> None:
        run = broker.run_of(form.get("subject_token", ""))
        if run is None or run.state != "open":
            self._deny("invalid_request", "run-revoked" if run else "run-token-invalid")
            return
        issued: dict[str, object] | None
        if broker.gateway is not None and form.get("resource") == broker.mcp_url_of():
            issued = broker.gateway.issue(run.id, broker.token_seconds)
        else:
            issued = broker.issue(run, form.get("audience", ""))
        if issued is None:
            self._deny("invalid_target", "audience-unknown")
        else:
            self._send(200, json.dumps(issued).encode())

    def _decide(self, broker: FakeBroker, gateway: FakeGateway, authorization: str) -> None:
        run = broker.run_of(authorization.removeprefix("Bearer "))
        if run is None or run.state != "open":
            self._refuse(401, "run-token-invalid")
        else:
            self._send(200, json.dumps(gateway.decision).encode())

    def _deny(self, error: str, code: str) -> None:
        problem = {"error": error, "error_description": "no", "code": code}
        self._send(400, json.dumps(problem).encode())

    def _serve_run(self, broker: FakeBroker, authorization: str) -> None:
        run = broker.run_of(authorization.removeprefix("Bearer "))
        if run is None:
            self._refuse(401, "run-token-invalid", "the run token is not known")
        elif run.state != "open":
            self._refuse(403, "run-revoked", f"run `{run.id}` is {run.state}", "open a new run")
        elif (self.command, self.path) == ("GET", "/v1/runs/self"):
            view = {
                "id": run.id,
                "state": run.state,
                "grants": broker.grants_of(run),
                "tokens": broker.tools_of(run),
                "token_url": f"{broker.url}/oauth/token",
                "servers": [] if broker.gateway is None else list(broker.servers),
                "mcp_url": broker.mcp_url_of(),
                "expires_at": EXPIRES_AT,
            }
            self._send(200, json.dumps(view).encode())
        elif (self.command, self.path) == ("POST", "/v1/runs/self/token"):
            run.tokens.append(f"vkr_{run.id}_{secrets.token_urlsafe(32)}")
            document = {"run_token": run.tokens[-1], "previous_valid_until": "2026-11-21T08:01:00Z"}
            self._send(200, json.dumps(document).encode())
        elif (self.command, self.path) == ("DELETE", "/v1/runs/self"):
            run.state = "ended"
            self._send(204, b"")
        elif (name := self.path.removeprefix("/v1/credentials/")) in run.grants:
            self._send(200, json.dumps(broker.credentials(name)).encode())
        else:
            self._refuse(404, "grant-unknown", "the run has no such grant")

    def _refuse(
        self, status: int, code: str, detail: str = "no", hint: str = "look at the trust rules"
    ) -> None:
        problem = {"type": "about:blank", "title": "refused", "status": status, "code": code}
        problem |= {"detail": detail, "hint": hint}
        self._send(status, json.dumps(problem).encode(), "application/problem+json")

    def _send(self, status: int, body: bytes, media_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""
