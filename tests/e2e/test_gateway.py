"""The tool gateway as a process: what it lets through, over restarts, revocations and new policies.

The server of tools runs in the test's own process and notes each call that reaches it: what it saw
is what counts.
"""

import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import bare, run
from tests.mcp.rig import ALL, GATEWAY, GatewayRun, Rig, table
from valetkey.demo.billing import REFUND, REVISION, BillingServer
from valetkey.demo.gateway_client import GatewayClient
from valetkey.demo.issuer import DemoIssuer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway")]
TOOL = "billing___refund"
SMALL = {"order": "A-17", "amount": 5}
FORBID = f'{ALL}forbid(principal, action, resource == AgentCore::Gateway::"{GATEWAY}");\n'
AGENT = Path(__file__).with_name("mcp_agent.py")


@pytest.fixture
def billing() -> Iterator[BillingServer]:
    with BillingServer() as started:
        yield started


@pytest.fixture
def rig(tmp_path: Path, issuer: DemoIssuer, billing: BillingServer) -> Rig:
    made = Rig(tmp_path, issuer, [table("billing", url=billing.url)])
    made.pin("billing", REFUND)
    return made


def listening(opened: GatewayRun) -> tuple[str, dict[str, str]]:
    """Body and headers of the request whose answer has no end of its own (2026-07-28)."""
    method = "subscriptions/listen"
    about = {
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"notifications": {"toolsListChanged": True}, "_meta": about}
    headers = {
        "Authorization": f"Bearer {opened.gateway_token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": REVISION,
        "Mcp-Method": method,
    }
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}), headers


def client(rig: Rig, opened: GatewayRun) -> GatewayClient:
    return GatewayClient(rig.mcp, opened.gateway_token)


def test_a_run_keeps_its_tool_policy_over_a_restart(rig: Rig, billing: BillingServer) -> None:
    with rig.serving() as server:
        before = rig.open()
        rig.permit(FORBID)
        server.restart()
        assert client(rig, before).call(TOOL, SMALL) == "ok"
        after = rig.open()
        assert client(rig, after).call(TOOL, SMALL) == "tool-unknown"  # nobody may see it any more
    assert billing.refunds == [SMALL]


def test_open_streams_do_not_hold_up_the_end(rig: Rig) -> None:
    with rig.serving() as server:
        opened = rig.open()
        connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=30)
        connection.request("POST", "/mcp", *listening(opened))
        stream = connection.getresponse()
        assert b"acknowledged" in stream.read1()
        assert server.end() == 0
        assert not stream.read()
        connection.close()
        assert "exceeded" not in server.log  # uvicorn's word for its grace being over


def test_an_emergency_forbid_reaches_open_runs_without_a_restart(
    rig: Rig, billing: BillingServer
) -> None:
    with rig.serving():
        opened = rig.open()
        assert client(rig, opened).call(TOOL, SMALL) == "ok"
        rig.permit(FORBID)
        activate = ["policy", "activate", "--running", "rebind", "--because", "an emergency"]
        done = rig.valetkey(*activate, "--config", str(rig.config))
        assert done.returncode == 0, done.stderr
        assert client(rig, opened).call(TOOL, SMALL) != "ok"
    assert billing.refunds == [SMALL]


def test_valetkey_run_leads_an_unmodified_client_to_the_tools_until_it_is_revoked(
    rig: Rig, billing: BillingServer
) -> None:
    """Of the gateway, the child knows an address on its loopback and a token for that alone."""
    with rig.serving():
        opened = rig.open()
        token = rig.token_file("run.token", opened.token)
        join = ["--broker", rig.url, "--run-token-file", str(token), "--quiet"]
        agent = [sys.executable, str(AGENT), TOOL, json.dumps(SMALL)]
        command = (sys.executable, "-m", "valetkey", "run", *join, "--", *agent)
        done = run(*command, env=bare(rig.folder))
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said == {"tools": [TOOL], "text": "refunded 5 euros of order A-17"}
        rig.revoke(opened)
        assert client(rig, opened).call(TOOL, SMALL) != "ok"
    assert billing.refunds == [SMALL]
