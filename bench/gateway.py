"""Tool calls per second through the gateway, beside the server itself and fastmcp's proxy.

Each call of ours checks the gateway token, validates the arguments, decides by Cedar at 10 and at
1,000 policies, and is durable in the audit log before anything goes on; fastmcp's proxy does none
of it. One core for the gateway or the proxy, one for load and server, the same run. It needs Linux
and `wrk` (a Debian package). `python -m bench.gateway [--seconds 5] [--quick] [--json]`
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from rich.console import Console
from rich.table import Table

from bench import credentials as over_http
from bench.issuer import cpu_seconds
from bench.stub_mcp import CALLED, REVISION, TOOLS, tools
from valetkey.demo.issuer import AUDIENCE, DemoIssuer
from valetkey.tools import ToolDefinition
from valetkey.tools.lock import write_lock

GATEWAY = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/tools"
SERVER = "billing"
POLICY_COUNTS = (10, 1000)
CALLERS = 8
"""What fastmcp's proxy answers within a second; it needs about 70 ms of a core for each."""
OF_THE_TOOL = 10
"""Policies that name the called tool, however many there are (design §8)."""
GOAL_US = 300.0
POLICY = """\
permit(
    principal is AgentCore::OAuthUser,
    action == AgentCore::Action::"{tool}",
    resource == AgentCore::Gateway::"{gateway}"
)
when {{
    principal.hasTag("department") && principal.getTag("department") == "{department}" &&
    context.input.amount < {limit}
}};
"""
MORE = """
[issuer]
url = "http://127.0.0.1:{port}"
key_encryption = "file:issuer.secret"
[tools]
gateway = "{gateway}"
policies = "policies-{count}/"
claims = ["department"]
[[tools.servers]]
name = "{server}"
url = "{upstream}"
"""


def call_of(name: str) -> str:
    """Return the body of the call that is measured."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    }
    arguments = {"order": "A-17", "amount": 500, "reason": "late"}
    params = {"name": name, "arguments": arguments, "_meta": meta}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})


def load(
    url: str, name: str, *, seconds: int, connections: int, token: str | None = None
) -> dict[str, float]:
    """Call again and again. Raises SystemExit when a call was refused."""
    command = ["taskset", "-c", over_http.LOAD_CORE, "wrk", "-t1", f"-c{connections}"]
    command += [f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-s", str(Path(__file__).with_name("mcp.lua"))]
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    command += [url, "--", name, call_of(name)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "REFUSED" in text or "Socket errors" in text:
        raise SystemExit(f"`{url}` refused: {text}")
    return over_http.rates(text)


def measured(
    url: str, name: str, *, pid: int, seconds: int, token: str | None = None
) -> dict[str, float]:
    """Return latency of one caller alone, and rate and CPU of a call with many of them."""
    load(url, name, seconds=1, connections=4, token=token)  # warm
    alone = load(url, name, seconds=seconds, connections=1, token=token)
    before = cpu_seconds(pid)
    many = load(url, name, seconds=seconds, connections=CALLERS, token=token)
    used = cpu_seconds(pid) - before
    return {
        "per_second": many["per_second"],
        "cpu_us": used / (many["per_second"] * seconds) * 1e6,
        "p50_ms": alone["p50_ms"],
        "p99_ms": alone["p99_ms"],
    }


def write_world(folder: Path, upstream: str, issuer: DemoIssuer, *, count: int, port: int) -> Path:
    """Write a configuration with `count` policies, ten of them of the tool that is called."""
    policies = folder / f"policies-{count}"
    policies.mkdir()
    others = [f"tool-{number}" for number in range(1, TOOLS)]
    text = ""
    for number in range(count):
        tool = CALLED if number < OF_THE_TOOL else others[number % len(others)]
        department = "finance" if number == 0 else f"department-{number}"
        text += POLICY.format(
            tool=f"{SERVER}___{tool}", gateway=GATEWAY, department=department, limit=1000 + number
        )
    (policies / "all.cedar").write_text(text)
    lock = write_lock([ToolDefinition(SERVER, tool["name"], tool) for tool in tools()])
    (folder / "tools.lock").write_text(lock)
    secret = folder / "issuer.secret"
    secret.touch(mode=0o600)
    secret.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    config = folder / f"valetkey-{count}.toml"
    head = over_http.CONFIG.format(sts="http://127.0.0.1:9", issuer=issuer.url, audience=AUDIENCE)
    head = head.replace("127.0.0.1:0", f"127.0.0.1:{port}").replace(
        "[aws]", f'store = "sqlite:///bench-{count}.db"\n[aws]'
    )
    more = MORE.format(port=port, gateway=GATEWAY, count=count, server=SERVER, upstream=upstream)
    config.write_text(head + more)
    return config


@contextlib.contextmanager
def gateway(config: Path) -> Iterator[tuple[str, int]]:
    """Start a real `valetkey serve`."""
    command = [sys.executable, "-m", "valetkey", "serve", "--json", "--config", str(config)]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environ |= {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench"}
    core = over_http.SERVER_CORE
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with over_http.process(command, core, env=environ, **streams) as started:
        assert started.stdout is not None
        said = json.loads(started.stdout.readline())
        yield said["url"], said["pid"]


def gateway_token(url: str, issuer: DemoIssuer) -> str:
    """Open a run for somebody of finance; return its token for the gateway."""
    subject = issuer.sign("alice", {"kind": "person", "department": "finance"})
    opener = {"Authorization": f"Bearer {issuer.sign('opener')}"}
    run = posted(f"{url}/v1/runs", json.dumps({"subject_token": subject}), opener)
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": run["run_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "resource": f"{url}/mcp",
    }
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    token: str = posted(f"{url}/oauth/token", urlencode(form), kind)["access_token"]
    return token


def posted(url: str, body: str, headers: dict[str, str]) -> Any:
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    connection.request("POST", where.path, body, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f"`{url}`: {answer.status} {said.decode()}")
    return json.loads(said)


def measure(seconds: int) -> dict[str, dict[str, float]]:
    """Measure the server itself, the gateway before it, and fastmcp's proxy before it."""
    found: dict[str, dict[str, float]] = {}
    port = over_http.free_port()
    stub = [sys.executable, "-m", "bench.stub_mcp", str(port)]
    upstream = f"http://127.0.0.1:{port}/mcp"
    with (
        tempfile.TemporaryDirectory() as name,
        DemoIssuer() as issuer,
        over_http.process(stub, over_http.LOAD_CORE) as server,
    ):
        over_http.wait_for(port)
        found["the server itself"] = measured(upstream, CALLED, pid=server.pid, seconds=seconds)
        for count in POLICY_COUNTS:
            own = over_http.free_port()
            config = write_world(Path(name), upstream, issuer, count=count, port=own)
            with gateway(config) as (url, pid):
                token = gateway_token(url, issuer)
                row = measured(
                    f"{url}/mcp", f"{SERVER}___{CALLED}", pid=pid, seconds=seconds, token=token
                )
                found[f"valetkey, {count:,} policies"] = row
        own = over_http.free_port()
        proxy = [sys.executable, "-m", "bench.fastmcp_proxy", upstream, str(own)]
        with over_http.process(proxy, over_http.SERVER_CORE, stderr=subprocess.DEVNULL) as started:
            over_http.wait_for(own)
            found["fastmcp's proxy, no checks"] = measured(
                f"http://127.0.0.1:{own}/mcp", CALLED, pid=started.pid, seconds=max(seconds, 4)
            )
    return found


def show(found: dict[str, dict[str, float]]) -> None:
    """Print the rates, and what each adds to the server itself."""
    table = Table("tools/call", "per second", "CPU a call", "added p50", "added p99")
    direct = next(iter(found.values()))
    for what, row in found.items():
        added = [
            "" if row is direct else f"{row[key] - direct[key]:.2f} ms"
            for key in ("p50_ms", "p99_ms")
        ]
        table.add_row(what, f"{row['per_second']:,.0f}", f"{row['cpu_us']:,.0f} µs", *added)
    console = Console()
    console.print(table)
    console.print(
        f"rate and CPU with {CALLERS} callers, latency with one; the goal is "
        f"{GOAL_US:.0f} µs of CPU a call"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one second each")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    if missing:
        raise SystemExit(f"install {', '.join(missing)} first (Debian packages of these names)")
    found = measure(1 if options.quick else options.seconds)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


if __name__ == "__main__":
    main()
