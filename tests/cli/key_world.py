"""A folder with a configured issuer, and `valetkey keys` in this process."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.aws.kms_world import FakeKms
from tests.aws.serving import listening
from tests.fakes.own_issuer import SECRET
from valetkey.cli.commands import app
from valetkey.store import LogReader

URL = "https://id.example.com"


@dataclass
class Folder:
    path: Path
    capsys: pytest.CaptureFixture[str]

    def configure(self, *, head: str = "", **issuer: str) -> None:
        """Write the configuration; `issuer` are lines of `[issuer]`, none: there is no issuer."""
        secret = self.path / "issuer.secret"
        secret.write_text(SECRET.reveal())
        secret.chmod(0o600)
        lines = [f'{key} = "{value}"' for key, value in issuer.items()]
        table = "\n".join(["[issuer]", *lines]) if lines else ""
        (self.path / "valetkey.toml").write_text(f"{head}\n{table}\n")

    def keys(self, *arguments: str) -> str:
        """Give a command and return what it prints; its error is raised."""
        command, *rest = arguments
        line = ["keys", command, "--config", str(self.path / "valetkey.toml"), *rest]
        app(line, standalone_mode=False)
        return self.capsys.readouterr().out

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.keys("list", "--json"))
        return found

    def phases(self) -> dict[str, str]:
        return {key["kid"]: key["phase"] for key in self.listed()}

    def audit(self) -> list[dict[str, Any]]:
        with LogReader(self.path / "valetkey.db") as log:
            return [json.loads(stored.leaf) for stored in log.leaves()]

    def published(self, below: str = "") -> list[str]:
        path = self.path / "site" / below / ".well-known" / "jwks.json"
        return [key["kid"] for key in json.loads(path.read_bytes())["keys"]]


@contextmanager
def kms_in_a_thread(kms: FakeKms) -> Iterator[str]:
    """Serve a KMS for commands, which have event loops of their own."""
    loop = asyncio.new_event_loop()
    ready, over = threading.Event(), asyncio.Event()
    where: list[str] = []

    async def serve() -> None:
        served = web.Application()
        served.router.add_post("/", kms.answer)
        async with listening(served) as url:
            where.append(url)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield where[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
