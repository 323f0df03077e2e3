"""A real `valetkey serve` with real servers of tools behind it, and a run that may call them."""

import base64
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.e2e.processes import Server, bare, run
from tests.e2e.world import free_port
from valetkey.demo.issuer import AUDIENCE, DemoIssuer
from valetkey.tools import ToolDefinition
from valetkey.tools.lock import write_lock

GATEWAY = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/tools"
ALL = f"""\
permit(
    principal is AgentCore::OAuthUser,
    action,
    resource == AgentCore::Gateway::"{GATEWAY}"
);
"""
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_PROGRAM_SECONDS = 20.0


@contextmanager
def started(*command: str, env: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Run a program of ours while the block lasts; yield the JSON of its first line."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(env or os.environ))
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(_PROGRAM_SECONDS)
        process.stdout.close()


@contextmanager
def conformance_fixture() -> Iterator[str]:
    """Serve the fixture; yield its URL."""
    with started(sys.executable, "-m", "tests.mcp.fixture") as said:
        yield said["url"]


def table(name: str, **members: Any) -> str:
    """Return a `[[tools.servers]]` table."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"name": name, **members}.items()]
    return "\n".join(["[[tools.servers]]", *lines, ""])


@dataclass(frozen=True, slots=True)
class GatewayRun:
    """An open run: its token, and where a 0600 file has its gateway token."""

    id: str
    token: str
    gateway_token: str
    token_file: Path


class Rig:
    """A broker with `[tools]`. `pin` or `refresh` it before it serves."""

    def __init__(
        self,
        folder: Path,
        issuer: DemoIssuer,
        servers: Sequence[str],
        *,
        policies: str = ALL,
        more: str = "",
    ) -> None:
        self.folder, self.issuer = folder, issuer
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mcp = f"{self.url}/mcp"
        self.config = folder / "valetkey.toml"
        self.store = folder / "valetkey.db"
        (folder / "policies").mkdir()
        self.permit(policies)
        secret = folder / "issuer.secret"
        secret.touch(mode=0o600)
        secret.write_text(base64.urlsafe_b64encode(os.urandom(32)).decode())
        settings = _CONFIG.format(
            port=self.port, url=self.url, issuer=issuer.url, audience=AUDIENCE, gateway=GATEWAY
        )
        self.config.write_text("\n".join([settings + more, *servers]))

    def permit(self, policies: str) -> None:
        """Write other policies; a running broker keeps those that it has."""
        (self.folder / "policies" / "all.cedar").write_text(policies)

    def pin(self, server: str, *tools: dict[str, Any]) -> None:
        """Pin tools without asking for them."""
        definitions = [ToolDefinition(server, tool["name"], tool) for tool in tools]
        (self.folder / "tools.lock").write_text(write_lock(definitions))

    def refresh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Ask the servers what tools they have, and pin them."""
        return self.valetkey("tools", "refresh", *arguments, "--config", str(self.config))

    def valetkey(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours to its end."""
        return run(sys.executable, "-m", "valetkey", *arguments, env=bare(self.folder))

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """Serve while the block lasts."""
        log = self.folder / "serve.log"
        arguments = ("serve", "--config", str(self.config), "--json")
        with Server(*arguments, log=log, env=bare(self.folder)) as server:
            yield server

    def open(self, person: str = "alice", **claims: Any) -> GatewayRun:
        """Open a run for a person, and ask for its gateway token."""
        subject = self.issuer.sign(person, {"token_use": "id", **claims})
        opener = self.issuer.sign("service:orchestrator")
        headers = {"Authorization": f"Bearer {opener}", "Content-Type": "application/json"}
        asked = json.dumps({"subject_token": subject})
        opened = self._ask("/v1/runs", asked, headers, expected=201)
        token = opened["run_token"]
        gateway_token = self.gateway_token(token)
        run_id = opened["run"]["id"]
        path = self.token_file(f"{run_id}.gateway", gateway_token)
        return GatewayRun(run_id, token, gateway_token, path)

    def token_file(self, name: str, token: str) -> Path:
        """Lay a token down for its owner alone."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(token)
        return path

    def gateway_token(self, run_token: str) -> str:
        """Exchange a run token for one that is good at the gateway alone."""
        asked = {
            "grant_type": _EXCHANGE,
            "subject_token": run_token,
            "subject_token_type": _ACCESS_TOKEN,
            "resource": self.mcp,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        token: str = self._ask("/oauth/token", urlencode(asked), headers)["access_token"]
        return token

    def revoke(self, opened: GatewayRun) -> None:
        """Revoke a run, as an operator does."""
        operator = self.token_file("operator", self.issuer.sign("service:operator"))
        asked = ["runs", "revoke", opened.id, "--because", "test", "--broker", self.url]
        done = self.valetkey(*asked, "--token-file", str(operator))
        assert done.returncode == 0, done.stderr

    def _ask(
        self, path: str, body: str, headers: Mapping[str, str], *, expected: int = 200
    ) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == expected, (answer.status, said)
            document: dict[str, Any] = json.loads(said)
            return document
        finally:
            connection.close()


def is_up(url: str) -> bool:
    """Wait until somebody listens at `url`."""
    where = urlsplit(url)
    until = time.monotonic() + _PROGRAM_SECONDS
    while time.monotonic() < until:
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
        try:
            connection.request("GET", where.path)
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return True
        finally:
            connection.close()
    return False


_CONFIG = """\
[broker]
listen = "127.0.0.1:{port}"
public_url = "{url}"
store = "sqlite:///valetkey.db"

[issuer]
url = "{url}"
key_encryption = "file:issuer.secret"

[[issuers]]
name = "platform"
url = "{issuer}"
audiences = ["{audience}"]
algorithms = ["ES256"]

[[trust]]
name = "people"
issuer = "platform"
claims = {{ token_use = "id" }}
may = "be-worked-for"

[[trust]]
name = "orchestrator"
issuer = "platform"
claims = {{ sub = "service:orchestrator" }}
may = "open-runs"
for = ["people"]

[[trust]]
name = "operator"
issuer = "platform"
claims = {{ sub = "service:operator" }}
may = "revoke"

[tags]
user_id = "{{subject.sub}}"

[tools]
gateway = "{gateway}"
claims = ["department"]
"""
