"""`valetkey run` of a run with tool servers: what its command finds, and when it is not started."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.entry import warm_command
from tests.fakes.broker_http import FakeBroker
from tests.fakes.gateway_http import FakeGateway, send
from tests.sandbox.conftest import bare_environment, write_private
from tests.sandbox.runner import COMMAND
from valetkey.cli.token import token as token_command
from valetkey.errors import ValetkeyError
from valetkey.sandbox.mcp_config import mcp_config
from valetkey.secret import Secret

# What an MCP client does with the file, from inside of the run.
CLIENT = """
import json, os, stat, sys, urllib.request
path = os.environ["VALETKEY_MCP_CONFIG"]
assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path
entry = json.load(open(path))["mcpServers"]["valetkey"]
assert entry["url"] == os.environ["VALETKEY_MCP_URL"] and entry["type"] == "http"
token = entry["headers"]["Authorization"].removeprefix("Bearer ")
assert not any(token in value for value in os.environ.values())
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
headers = entry["headers"] | {"Content-Type": "application/json"}
request = urllib.request.Request(entry["url"], body, headers)
print(path, urllib.request.urlopen(request).read().decode())
"""
VARIABLES = "import os; print(sorted(n for n in os.environ if n.startswith('VALETKEY_')))"
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def broker(gateway: FakeGateway) -> Iterator[FakeBroker]:
    with FakeBroker(gateway=gateway) as broker:
        yield broker


def run(broker: FakeBroker, files: dict[str, str], *words: str) -> Done:
    options = [word for pair in files.items() for word in pair]
    return subprocess.run(
        [*COMMAND, "run", "--broker", broker.url, *options, *words],
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_client_that_reads_the_file_reaches_its_tools_and_nothing_is_left(
    broker: FakeBroker, gateway: FakeGateway, identity_files: dict[str, str]
) -> None:
    done = run(broker, identity_files, "--", sys.executable, "-c", CLIENT)
    assert done.returncode == 0, done.stderr
    path, _, answer = done.stdout.partition(" ")
    assert json.loads(answer)["result"] == {"method": "tools/list"}
    assert not Path(path).exists()
    methods = [json.loads(seen.body)["method"] for seen in gateway.seen]
    assert methods == ["server/discover", "tools/list"]
    assert "for tenant-data, billing until" in done.stderr


def test_a_run_in_the_run_reaches_the_tools_as_well(
    broker: FakeBroker, gateway: FakeGateway, identity_files: dict[str, str]
) -> None:
    inner = [*COMMAND, "run", "--", sys.executable, "-c", CLIENT]
    done = run(broker, identity_files, "--", *inner)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.partition(" ")[2])["result"] == {"method": "tools/list"}
    assert [seen.token for seen in gateway.seen] == gateway.tokens * 3


def test_without_its_gateway_the_command_does_not_start(
    broker: FakeBroker, gateway: FakeGateway, identity_files: dict[str, str], tmp_path: Path
) -> None:
    """Lesson 37: an agent whose tools are not there would go on without them."""
    gateway.answer = lambda request, _: send(request, 503, b"")
    started = tmp_path / "started"
    done = run(broker, identity_files, "--", "touch", str(started))
    assert (done.returncode, started.exists()) == (1, False)
    assert "[gateway-unreachable]" in done.stderr
    assert [each.state for each in broker.runs.values()] == ["ended"]


def test_a_command_can_be_started_without_tools_on_purpose(
    broker: FakeBroker, gateway: FakeGateway, identity_files: dict[str, str]
) -> None:
    done = run(broker, identity_files, "--no-gateway", "--", sys.executable, "-c", VARIABLES)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['VALETKEY_BROKER', 'VALETKEY_RUN_TOKEN_FILE']\n"
    assert gateway.seen == []


def test_a_command_that_needs_tools_does_not_start_in_a_run_without(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    broker.gateway = None
    done = run(broker, identity_files, "--require-gateway", "--", "true")
    assert done.returncode == 1
    assert "[gateway-not-granted]" in done.stderr
    assert [each.state for each in broker.runs.values()] == ["ended"]


def test_the_file_is_what_claude_code_and_cursor_read() -> None:
    assert json.loads(mcp_config("http://127.0.0.1:1/mcp", Secret("t"))) == {
        "mcpServers": {
            "valetkey": {
                "type": "http",
                "url": "http://127.0.0.1:1/mcp",
                "headers": {"Authorization": "Bearer t"},
            }
        }
    }


def test_without_a_broker_there_are_no_tools_to_require(tmp_path: Path) -> None:
    done = warm_command(
        "run", "--grant", "notes", "--require-gateway", "--", "true", folder=tmp_path
    )
    assert done.returncode == 1
    assert "[usage]" in done.stderr and "gateway" in done.stderr


@pytest.fixture
def joined(broker: FakeBroker, tmp_path: Path) -> Path:
    """The token file of a run that is open."""
    return write_private(tmp_path / "run-token", broker.open_run().tokens[0])


def test_a_token_for_the_gateway_is_printed_for_who_has_no_sidecar(
    broker: FakeBroker, gateway: FakeGateway, joined: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token_command(gateway=True, run_token_file=str(joined), broker=broker.url)
    assert [capsys.readouterr().out.strip()] == gateway.tokens
    assert broker.requests[-1][2]["resource"] == f"{broker.url}/mcp"


def test_without_tool_servers_there_is_no_such_token(broker: FakeBroker, joined: Path) -> None:
    broker.gateway = None
    with pytest.raises(ValetkeyError) as refused:
        token_command(gateway=True, run_token_file=str(joined), broker=broker.url)
    assert refused.value.code == "gateway-not-granted"


@pytest.mark.parametrize(("grant", "gateway"), [(None, False), ("billing", True)])
def test_one_thing_is_asked_for(
    broker: FakeBroker, joined: Path, grant: str | None, gateway: bool
) -> None:
    with pytest.raises(ValetkeyError) as refused:
        token_command(grant, gateway=gateway, run_token_file=str(joined), broker=broker.url)
    assert refused.value.code == "usage"
