"""The three deliveries with the clients that people use: boto3 and the AWS CLI, both unmodified.

Hand-outs are counted at the broker, because a credential that works can still be drawn at every
call (lesson 20).
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker, FakeRun
from tests.native.programs import PYTHON, STATIC, needs_static
from tests.sandbox.conftest import bare_environment, write_private
from tests.sandbox.runner import COMMAND
from valetkey.sandbox.environment import Delivery, delivery_variables
from valetkey.sandbox.run_grant import RunGrant
from valetkey.sandbox.sdk_files import config_text, process_command

AWS = str(Path(sys.executable).parent / "aws")
# Signs without sending: what an SDK does before each request, its refreshes included.
SIGN = """
import sys, boto3
session = boto3.Session(profile_name=sys.argv[2] if len(sys.argv) > 2 else None)
client = session.client("dynamodb", region_name="eu-west-1")
for _ in range(int(sys.argv[1])):
    client.generate_presigned_url("list_tables")
credentials = session.get_credentials()
print(credentials.method, credentials.get_frozen_credentials().access_key)
"""


def run_in(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


_STATIC = pytest.param("static-program", marks=needs_static)


@pytest.fixture(params=["container", "credential-process", _STATIC, "run"])
def sign(
    request: pytest.FixtureRequest,
    broker: FakeBroker,
    run_token_file: Path,
    tmp_path: Path,
) -> "Delivered":
    return Delivered(request.param, broker, run_token_file, tmp_path)


class Delivered:
    """One way of delivery, as a way to start commands in it."""

    def __init__(self, way: str, broker: FakeBroker, run_token_file: Path, folder: Path) -> None:
        self.way, self.broker = way, broker
        self.run_token_file, self.folder = run_token_file, folder
        is_process = way in ("credential-process", "static-program")
        self.method = "custom-process" if is_process else "container-role"

    def __call__(self, *command: str) -> subprocess.CompletedProcess[str]:
        if self.way == "run":
            options = ["--broker", self.broker.url, "--run-token-file", str(self.run_token_file)]
            return run_in(bare_environment(), *COMMAND, "run", *options, "--", *command)
        if self.way == "container":
            return run_in(bare_environment() | self._container(), *command)
        return run_in(bare_environment() | self._process(), *command)

    def _container(self) -> dict[str, str]:
        return delivery_variables(
            Delivery(
                f"{self.broker.url}/v1/credentials/tenant-data",
                str(self.run_token_file),
                config_file="/dev/null",
                credentials_file="/dev/null",
                region="eu-west-1",
            )
        )

    def _process(self) -> dict[str, str]:
        grant = RunGrant("tenant-data", "eu-west-1", endpoint_url=None, credentials_url="x")
        command = process_command(
            [str(STATIC)] if self.way == "static-program" else PYTHON,
            url=f"{self.broker.url}/v1/credentials/tenant-data",
            token_file=str(self.run_token_file),
        )
        text = config_text([grant], grant, commands={"tenant-data": command})
        path = write_private(self.folder / "config", text)
        return {"AWS_CONFIG_FILE": str(path), "AWS_PROFILE": "tenant-data"}


def test_a_hundred_signatures_on_fresh_credentials_are_one_hand_out(
    sign: Delivered, broker: FakeBroker
) -> None:
    done = sign(sys.executable, "-c", SIGN, "100")
    assert done.stdout.split() == [sign.method, "ASIAFAKE000000000001"], done.stderr
    assert broker.hand_outs == {"tenant-data": 1}


def test_a_signature_in_the_refresh_window_is_one_more(sign: Delivered, broker: FakeBroker) -> None:
    broker.first_life_seconds = 14 * 60  # within the SDKs' advisory window of 15 min
    done = sign(sys.executable, "-c", SIGN, "100")
    assert done.stdout.split() == [sign.method, "ASIAFAKE000000000002"], done.stderr
    assert broker.hand_outs == {"tenant-data": 2}


def test_the_aws_cli_takes_them(sign: Delivered, broker: FakeBroker) -> None:
    done = sign(AWS, "configure", "list")
    assert "0001" in done.stdout, done.stderr
    assert sign.method in done.stdout
    assert broker.hand_outs == {"tenant-data": 1}


def test_the_aws_cli_signs_with_them(sign: Delivered) -> None:
    done = sign(AWS, "s3", "presign", "s3://bucket/key", "--region", "eu-west-1")
    assert "ASIAFAKE000000000001" in done.stdout, done.stderr


def test_a_revoked_run_gets_nothing_and_the_program_learns_why(
    sign: Delivered, broker: FakeBroker, joined: FakeRun
) -> None:
    if sign.way == "run":  # revoked while the command runs
        script = "import urllib.request as u, sys; u.urlopen(sys.argv[1], b'').read()\n" + SIGN
        with FakeRevocation(broker) as url:
            script = script.replace("sys.argv[1]", repr(url), 1)
            done = sign(sys.executable, "-c", script, "1")
    else:
        broker.revoke_all()
        done = sign(sys.executable, "-c", SIGN, "1")
    assert done.returncode == 1
    assert "run-revoked" in done.stderr
    assert "open a new run" in done.stderr
    assert broker.hand_outs == {}


class FakeRevocation:
    """A URL that revokes all runs of a broker when it is posted to."""

    def __init__(self, broker: FakeBroker) -> None:
        from http.server import BaseHTTPRequestHandler, HTTPServer
        from threading import Thread

        class Request(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                broker.revoke_all()
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Request)
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,))

    def __enter__(self) -> str:
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_ambient_credentials_do_not_win_inside_run(
    broker: FakeBroker, run_token_file: Path, tmp_path: Path
) -> None:
    (tmp_path / ".aws").mkdir()
    for name in (".aws/credentials", ".aws/config", ".boto"):
        section = "[Credentials]" if name == ".boto" else "[default]"
        (tmp_path / name).write_text(
            f"{section}\naws_access_key_id = AKIAAMBIENT\naws_secret_access_key = ambient\n"
        )
    ambient = bare_environment(
        HOME=str(tmp_path),
        AWS_ACCESS_KEY_ID="AKIAAMBIENT",
        AWS_SECRET_ACCESS_KEY="ambient",
        AWS_PROFILE="default",
        AWS_CONFIG_FILE=str(tmp_path / ".aws/config"),
        BOTO_CONFIG=str(tmp_path / ".boto"),
    )
    options = ["--broker", broker.url, "--run-token-file", str(run_token_file)]
    done = run_in(ambient, *COMMAND, "run", *options, "--", sys.executable, "-c", SIGN, "1")
    assert done.stdout.split() == ["container-role", "ASIAFAKE000000000001"], done.stderr
    assert ".aws/credentials by itself" in done.stderr


def test_another_grant_is_drawn_by_its_profile(tmp_path: Path) -> None:
    grants: dict[str, dict[str, str | None]] = {
        "tenant-data": {"region": "eu-west-1", "endpoint_url": None},
        "reports": {"region": "us-east-1", "endpoint_url": "http://127.0.0.1:4566"},
    }
    script = (
        "import boto3, json; s = boto3.Session(profile_name='reports'); c = s.client('dynamodb');"
        "print(json.dumps([s.get_credentials().method, s.region_name, c.meta.endpoint_url,"
        " boto3.Session().region_name]))"
    )
    with FakeBroker(grants=grants) as broker:
        token_file = write_private(tmp_path / "t", broker.open_run().tokens[0])
        options = ["--broker", broker.url, "--run-token-file", str(token_file), "--quiet"]
        done = run_in(
            bare_environment(), *COMMAND, "run", *options, "--", sys.executable, "-c", script
        )
    assert json.loads(done.stdout or "null") == [
        "custom-process",
        "us-east-1",
        "http://127.0.0.1:4566",
        "eu-west-1",
    ], done.stderr
    assert broker.hand_outs == {"reports": 1}
