"""A folder with a configured tool gateway, and `valetkey tools` in this process."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.own_issuer import SECRET
from tests.fakes.tools import BOUND, GATEWAY, POLICIES
from tests.gateway.mcp_server import FakeMcp, serving
from valetkey.cli.commands import app
from valetkey.errors import ValetkeyError
from valetkey.tools import ToolDefinition
from valetkey.tools.lock import read_lock, write_lock

CONFIG = f"""
[issuer]
url = "https://id.example.com"
key_encryption = "file:issuer.secret"
[[issuers]]
name = "people"
url = "https://people.example.com"
audiences = ["valetkey"]
algorithms = ["ES256"]
[[trust]]
name = "end-users"
issuer = "people"
claims = {{ token_use = "id" }}
may = "be-worked-for"
[tags]
user_id = "{{subject.sub}}"
[tools]
gateway = "{GATEWAY}"
claims = ["department"]
[[tools.servers]]
name = "billing"
{{billing}}
[[tools.servers]]
name = "search"
{{search}}
"""

EARLIER = json.dumps(
    {
        "format": 2,
        "grants": {},
        "tools": {
            "servers": {"billing": {}, "search": {}},
            "tags": ["department", "user_id", "run", "actor", "issuer"],
        },
    }
)
"""What is stored of an earlier policy version: the tags that its runs were asked for."""


@dataclass
class World:
    path: Path
    capsys: pytest.CaptureFixture[str]

    def configure(self, *, billing: str = "", search: str = "", more: str = "") -> None:
        """Write the configuration; a server is reached by the line that is given, else by none."""
        secret = self.path / "issuer.secret"
        secret.write_text(SECRET.reveal())
        secret.chmod(0o600)
        text = CONFIG.replace("{billing}", billing).replace("{search}", search)
        (self.path / "valetkey.toml").write_text(text.replace("[tools]\n", f"[tools]\n{more}\n"))
        (self.path / "policies").mkdir(exist_ok=True)

    def policies(self, text: str = POLICIES, folder: str = "policies") -> Path:
        (self.path / folder).mkdir(exist_ok=True)
        (self.path / folder / "tools.cedar").write_text(text)
        return self.path / folder

    def pin(self, *tools: ToolDefinition) -> None:
        (self.path / "tools.lock").write_text(write_lock(tools or BOUND.tools))

    def pinned(self) -> dict[str, ToolDefinition]:
        text = (self.path / "tools.lock").read_text()
        return {tool.public_name: tool for tool in read_lock(text)}

    def put(self, name: str, value: object) -> Path:
        path = self.path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    def give(self, *arguments: str) -> int:
        """Give a command with this configuration; its error is raised, its exit code returned."""
        line = [*arguments, "--config", str(self.path / "valetkey.toml")]
        return int(app(line, standalone_mode=False) or 0)

    def said(self) -> str:
        return self.capsys.readouterr().out

    def code_of(self, *arguments: str) -> str:
        with pytest.raises(ValetkeyError) as caught:
            self.give(*arguments)
        assert caught.value.message
        return caught.value.code

    def answer(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        self.said()
        self.give(*arguments, "--json")
        return json.loads(self.said())


def world(path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    """Servers that are reached by nobody, their tools pinned, and policies."""
    made = World(path, capsys)
    made.configure()
    made.policies()
    made.pin()
    return made


@contextmanager
def in_a_thread(fake: FakeMcp) -> Iterator[str]:
    """Serve MCP for commands, which have event loops of their own; gives the server's URL."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with serving(fake):
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield fake.url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
