"""A broker that listens, for commands of people who operate it: real HTTP in this process."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

import typer
import uvicorn

from tests.fakes.device_issuer import CLIENT
from tests.fakes.platform import Platform, platform
from valetkey.broker.readiness import Readiness
from valetkey.errors import ValetkeyError
from valetkey.identity import ClaimCheck, Issuer, IssuerUrl, Power, TrustRule
from valetkey.web.app import make_app
from valetkey.web.jwks import JwksSource
from valetkey.web.login import LoginPlace


@dataclass
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass
class Operating:
    """A broker at `url` whose operators sign in at an issuer, and a home folder for commands."""

    url: str
    here: Platform
    home: Path
    err: StringIO = field(default_factory=StringIO)
    """What the last command says on standard error, while it does."""

    async def run(self, *arguments: str) -> Said:
        """Run a command in a thread, as its process would run it."""
        return await asyncio.to_thread(self._run, arguments)

    def _run(self, arguments: tuple[str, ...]) -> Said:
        from valetkey.cli.commands import app
        from valetkey.cli.output import print_error

        out, code = StringIO(), 0
        self.err = err = StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = app([*arguments], prog_name="valetkey", standalone_mode=False) or 0
            except typer.Exit as stop:
                code = stop.exit_code
            except ValetkeyError as error:
                print_error(error)
                code = 1
        return Said(code, out.getvalue(), err.getvalue())

    def sessions(self) -> list[dict[str, Any]]:
        folder = self.home / "sessions"
        return [json.loads(path.read_text()) for path in sorted(folder.glob("*"))]


POWERS = {"revoker": Power.REVOKE, "reader": Power.READ_AUDIT, "admin": Power.ADMINISTER}


@asynccontextmanager
async def operating(
    folder: Path, *, issuer_url: str, client_id: str = CLIENT, token: str = "id_token"
) -> AsyncIterator[Operating]:
    """Serve a broker whose `[login]` names an issuer; powers go by the subject's name."""
    issuer = Issuer("staff", IssuerUrl(issuer_url), (client_id,), ("ES256",))
    rules = tuple(
        TrustRule(f"staff-{name}", "staff", {"sub": ClaimCheck.of(name)}, power)
        for name, power in POWERS.items()
    )
    async with platform(folder) as made, JwksSource(asyncio.get_running_loop().time) as keys:
        made.clock.now = time.time()
        made.broker = replace(
            made.broker,
            issuers=(*made.broker.issuers, issuer),
            rules=(*made.broker.rules, *rules),
        )
        made.broker = replace(made.broker, keys=_Both(made.broker.keys, keys, issuer_url))
        place = LoginPlace(issuer.url, client_id, ("openid",), token)
        readiness = Readiness(made.sts, made.store, broker=made.broker)
        app = make_app(made.broker, readiness, public_url="http://x", version="0", login=place)
        config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Operating(f"http://127.0.0.1:{port}", made, folder / "home")
        finally:
            await server.shutdown()


@dataclass
class _Both:
    """Keys of the platform's fakes, and over HTTP those of the issuer that people sign in at."""

    fakes: Any
    http: JwksSource
    url: str

    async def keys(self, issuer: Issuer, kid: str | None) -> Any:
        source = self.http if issuer.url == self.url else self.fakes
        return await source.keys(issuer, kid)
