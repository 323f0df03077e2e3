"""`valetkey env`: variables for a container, nothing secret among them."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker, FakeRun
from tests.sandbox.conftest import bare_environment, write_private
from tests.sandbox.runner import COMMAND

PRINT = "import boto3; c = boto3.Session().get_credentials(); print(c.method, c.access_key)"


def env(broker: FakeBroker, token_file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "env", "--broker", broker.url, "--run-token-file", str(token_file), *options],
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_shell_lines_lead_boto3_to_the_broker_past_ambient_keys(
    broker: FakeBroker, joined: FakeRun, tmp_path: Path
) -> None:
    folder = tmp_path / "it's a folder; $(false)"
    folder.mkdir()
    token_file = write_private(folder / "run-token", joined.tokens[0])
    lines = env(broker, token_file).stdout
    done = subprocess.run(
        ["sh", "-ec", f"{lines}\nexec {shlex.quote(sys.executable)} -c {shlex.quote(PRINT)}"],
        env=bare_environment(
            AWS_ACCESS_KEY_ID="AKIAAMBIENT", AWS_SECRET_ACCESS_KEY="x", AWS_PROFILE="nope"
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "container-role ASIAFAKE000000000001\n", done.stderr


def test_json_and_docker_hold_the_same_variables(broker: FakeBroker, run_token_file: Path) -> None:
    variables = json.loads(env(broker, run_token_file, "--format", "json").stdout)
    lines = env(broker, run_token_file, "--format", "docker").stdout.splitlines()
    assert dict(line.split("=", 1) for line in lines) == variables
    assert variables == {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{broker.url}/v1/credentials/tenant-data",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(run_token_file),
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "BOTO_CONFIG": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "VALETKEY_BROKER": broker.url,
        "VALETKEY_RUN_TOKEN_FILE": str(run_token_file),
    }


def test_our_own_commands_are_led_to_where_the_container_sees_the_broker(
    broker: FakeBroker, run_token_file: Path
) -> None:
    broker.public_url = "https://valetkey.example.com/base"
    variables = json.loads(env(broker, run_token_file, "--format", "json").stdout)
    assert variables["VALETKEY_BROKER"] == "https://valetkey.example.com/base"


@pytest.mark.parametrize("form", ["shell", "docker", "json"])
def test_the_run_token_is_in_none_of_them(
    broker: FakeBroker, joined: FakeRun, run_token_file: Path, form: str
) -> None:
    done = env(broker, run_token_file, "--format", form)
    assert done.returncode == 0
    assert joined.tokens[0] not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "public_url", ["http://broker.internal:8700", "http://host.docker.internal:8700"]
)
def test_an_address_that_sdks_refuse_is_refused_here_with_the_way_out(
    broker: FakeBroker, run_token_file: Path, public_url: str
) -> None:
    broker.public_url = public_url
    done = env(broker, run_token_file)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[credentials-url-unusable]" in done.stderr
    assert "valetkey run" in done.stderr


def test_a_revoked_run_is_a_denial(broker: FakeBroker, run_token_file: Path) -> None:
    broker.revoke_all()
    done = env(broker, run_token_file)
    assert (done.returncode, done.stdout) == (2, "")
    assert "[run-revoked]" in done.stderr


def test_a_local_aws_is_named_to_the_container(tmp_path: Path) -> None:
    grants: dict[str, dict[str, str | None]] = {
        "a": {"region": "eu-west-1", "endpoint_url": None},
        "b": {"region": None, "endpoint_url": "http://127.0.0.1:4566"},
    }
    with FakeBroker(grants=grants) as broker:
        token_file = write_private(tmp_path / "t", broker.open_run().tokens[0])
        done = env(broker, token_file, "--grant", "b", "--format", "json")
    variables = json.loads(done.stdout)
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert "AWS_REGION" not in variables


def test_by_web_identity_they_lead_to_the_kept_token_and_nowhere_else(
    broker: FakeBroker, joined: FakeRun, run_token_file: Path
) -> None:
    role = "arn:aws:iam::111122223333:role/AgentTenantData"
    broker.grants["tenant-data"]["web_identity_role"] = role
    option = ("--web-identity-token-file", "/var/run/valetkey/token")
    lines = env(broker, run_token_file, *option).stdout.splitlines()
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in lines[0]
    exported = dict(line.removeprefix("export ").split("=", 1) for line in lines[1:])
    assert not [name for name in exported if name.startswith("AWS_CONTAINER_")]
    assert exported["AWS_WEB_IDENTITY_TOKEN_FILE"] == "/var/run/valetkey/token"
    assert exported["AWS_ROLE_ARN"] == role
    assert exported["AWS_ROLE_SESSION_NAME"] == f"vk-{joined.id}"


def test_a_grant_that_gives_no_token_has_no_such_variables(
    broker: FakeBroker, run_token_file: Path
) -> None:
    done = env(broker, run_token_file, "--web-identity-token-file", "/x")
    assert (done.returncode, done.stdout) == (1, "")
    assert "[web-identity-not-granted]" in done.stderr
