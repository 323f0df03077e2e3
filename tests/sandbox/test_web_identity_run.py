"""`valetkey run --deliver web-identity`, `valetkey token` and runs of tools alone, as processes."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker
from tests.sandbox.conftest import bare_environment, write_private
from tests.sandbox.runner import COMMAND
from valetkey.cli.token import token as token_command
from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError

ROLE = "arn:aws:iam::111122223333:role/AgentTenantData"
SEE = """
import json, os, pathlib
path = pathlib.Path(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"])
print(json.dumps([dict(os.environ), oct(path.stat().st_mode & 0o777), path.read_text()]))
"""


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    region: dict[str, str | None] = {"region": "eu-west-1", "endpoint_url": None}
    with FakeBroker() as broker:
        broker.grants = {"tenant-data": region | {"web_identity_role": ROLE}, "other": region}
        broker.tools = {"billing": {"audience": "https://billing.internal", "scopes": ["read"]}}
        yield broker


def run(
    broker: FakeBroker, identity: dict[str, str], *words: str, **more: str
) -> subprocess.CompletedProcess[str]:
    options = [word for pair in identity.items() for word in pair]
    return subprocess.run(
        [*COMMAND, "run", "--broker", broker.url, *options, *words],
        env=bare_environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_finds_one_role_by_web_identity_and_no_other_way(
    broker: FakeBroker, identity_files: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    words = ("--deliver", "web-identity", "--grant", "tenant-data", "--", sys.executable, "-c", SEE)
    done = run(broker, identity_files, *words, TMPDIR=str(folder), AWS_ROLE_ARN="arn:of:another")
    environment, mode, token = json.loads(done.stdout)
    (opened,) = broker.runs.values()
    assert (mode, token) == ("0o600", "token-of-tenant-data-1")
    assert environment["AWS_ROLE_ARN"] == ROLE
    assert environment["AWS_ROLE_SESSION_NAME"] == f"vk-{opened.id}"
    assert not [name for name in environment if name.startswith("AWS_CONTAINER_")]
    assert list(folder.iterdir()) == [], "nothing is left of it"
    assert f"the command holds a token for {ROLE}" in done.stderr
    assert "session name, session policy and duration" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--grant", "other"), "web-identity-not-granted"),
        (("--grant", "billing"), "web-identity-not-granted"),
    ],
)
def test_a_grant_that_gives_no_token_starts_nothing_and_leaves_no_run_open(
    broker: FakeBroker,
    identity_files: dict[str, str],
    tmp_path: Path,
    words: tuple[str, ...],
    code: str,
) -> None:
    started = tmp_path / "started"
    done = run(broker, identity_files, *words, "--deliver", "web-identity", "touch", str(started))
    assert (done.returncode, broker.tokens) == (1, {})
    assert f"[{code}]" in done.stderr
    assert not started.exists()
    assert [each.state for each in broker.runs.values()] == ["ended"]


def test_a_run_of_tools_alone_draws_tokens_inside_and_has_no_way_to_aws(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    script = f"{shlex.join(COMMAND)} token billing; env | grep -c AWS_CONTAINER_"
    done = run(broker, identity_files, "--grant", "billing", "--quiet", "--", "sh", "-c", script)
    assert done.stdout == "token-of-billing-1\n0\n", done.stderr
    sidecars = [body["subject_token"] for _, path, body in broker.requests if "oauth" in path]
    (opened,) = broker.runs.values()
    assert sidecars == [opened.tokens[0]], "the run token was put in behind the child's back"


def run_file(broker: FakeBroker, folder: Path) -> str:
    return str(write_private(folder / "run-token", broker.open_run().tokens[0]))


def test_a_token_is_printed_for_programs(
    broker: FakeBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token_command(
        "billing", run_token_file=run_file(broker, tmp_path), broker=broker.url, as_json=True
    )
    printed = json.loads(capsys.readouterr().out)
    assert printed.keys() == {"token", "expires_at"}
    assert printed["token"] == "token-of-billing-1"


def test_a_grant_without_a_token_is_the_brokers_no(broker: FakeBroker, tmp_path: Path) -> None:
    with pytest.raises(BrokerRefusedError) as caught:
        token_command("other", run_token_file=run_file(broker, tmp_path), broker=broker.url)
    assert caught.value.code == "audience-unknown"


def test_a_token_is_not_shown_on_a_terminal(
    broker: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(ValetkeyError) as caught:
        token_command("billing", run_token_file=run_file(broker, tmp_path), broker=broker.url)
    assert (caught.value.code, broker.tokens) == ("token-on-terminal", {})


def keeping(broker: FakeBroker, folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a command that keeps a token in a file; return when it is there."""
    path = folder / "kept"
    words = ["--broker", broker.url, "--run-token-file", run_file(broker, folder)]
    process = subprocess.Popen(
        [*COMMAND, "token", "tenant-data", *words, "--file", str(path)],
        env=bare_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while not path.exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    assert path.stat().st_mode & 0o777 == 0o600
    return process, path


def test_a_file_is_kept_renewed_until_a_signal_and_then_gone(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.token_seconds = 2
    process, path = keeping(broker, tmp_path)
    until = time.monotonic() + 30
    while path.read_text() == "token-of-tenant-data-1" and time.monotonic() < until:
        time.sleep(0.02)
    assert broker.tokens["tenant-data"] > 1
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert not path.exists()


def test_a_revoked_run_takes_the_kept_file_away(broker: FakeBroker, tmp_path: Path) -> None:
    broker.token_seconds = 2
    process, path = keeping(broker, tmp_path)
    broker.revoke_all()
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "[run-revoked]" in told
    assert not path.exists()
