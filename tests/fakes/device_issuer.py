"""An issuer with the device flow (RFC 8628): what its person does is set, all else is protocol."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.issuer import FakeIssuer, signing_key

CLIENT = "cli"
DEVICE_CODE = "device-code-of-a-test"


@dataclass
class DeviceIssuer:
    """Answers the token endpoint with `errors` in turn, then with tokens of `sub`.

    `discovery`, `device` and `tokens` change members of the documents; None leaves one out. `asked`
    is every form that came, by path.
    """

    fake: FakeIssuer = field(
        default_factory=lambda: FakeIssuer(keys=[signing_key("device-issuer-1")])
    )
    sub: str = "operator"
    errors: list[str] = field(default_factory=list)
    discovery: dict[str, object] = field(default_factory=dict)
    device: dict[str, object] = field(default_factory=dict)
    tokens: dict[str, object] = field(default_factory=dict)
    claims: dict[str, object] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.fake.url

    def polls(self) -> int:
        return sum(path == "/token" for path, _ in self.asked)

    def id_token(self) -> str:
        now = int(time.time())
        times = {"iat": now - 1, "exp": now + 600}
        claims = {"sub": self.sub, "aud": CLIENT, **times, **self.claims}
        return self.fake.sign(self.fake.claims(**claims)).reveal()

    async def describe(self, request: web.Request) -> web.Response:
        members = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "device_authorization_endpoint": f"{self.url}/device",
            "token_endpoint": f"{self.url}/token",
        }
        return _json({**members, **self.discovery})

    async def keys(self, request: web.Request) -> web.Response:
        return web.Response(body=self.fake.jwks())

    async def begin(self, request: web.Request) -> web.Response:
        self.asked.append(("/device", _form(await request.post())))
        members = {
            "device_code": DEVICE_CODE,
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.url}/sign-in",
            "verification_uri_complete": f"{self.url}/sign-in?user_code=WDJB-MJHT",
            "expires_in": 600,
        }
        status = 400 if "error" in self.device else 200
        return _json({**members, **self.device}, status=status)

    async def token(self, request: web.Request) -> web.Response:
        self.asked.append(("/token", _form(await request.post())))
        if self.errors:
            error = self.errors.pop(0)
            if error.isdigit():
                return web.Response(status=int(error), text="<html>")
            return _json({"error": error}, status=400)
        members = {"token_type": "Bearer", "access_token": "opaque", "id_token": self.id_token()}
        return _json({**members, **self.tokens})


def _form(fields: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(fields).items()}  # type: ignore[call-overload]


def _json(members: dict[str, object], *, status: int = 200) -> web.Response:
    present = {name: value for name, value in members.items() if value is not None}
    return web.json_response(present, status=status)


@asynccontextmanager
async def device_issuer() -> AsyncIterator[DeviceIssuer]:
    """One on a free loopback port."""
    made = DeviceIssuer()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.describe)
    app.router.add_get("/keys", made.keys)
    app.router.add_post("/device", made.begin)
    app.router.add_post("/token", made.token)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
