"""Inside a child of `valetkey run`, valetkey itself finds the run: no option, no run token."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker
from tests.sandbox.conftest import bare_environment
from tests.sandbox.runner import COMMAND

VALETKEY = shlex.join(COMMAND)
SESSION = (
    "import valetkey; s = valetkey.aws_session('tenant-data');"
    " print(s.get_credentials().access_key, s.region_name)"
)


def inside(broker: FakeBroker, *command: str, **identity: str) -> str:
    """Run a command inside a run that is opened for it; return what it printed."""
    options = [word for pair in identity.items() for word in pair]
    done = subprocess.run(
        [*COMMAND, "run", "--broker", broker.url, *options, "--quiet", "--", *command],
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_variables_lead_to_the_sidecar(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    child = json.loads(inside(broker, sys.executable, "-c", program, **identity_files))
    address = child["VALETKEY_BROKER"]
    assert address != broker.url
    assert child["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith(f"{address}/v1/credentials/")
    assert child["VALETKEY_RUN_TOKEN_FILE"] == child["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]


@pytest.mark.parametrize(
    "command",
    [
        (*COMMAND, "credential-process", "tenant-data"),
        (sys.executable, "-c", SESSION),
        (*COMMAND, "run", "--quiet", "--", sys.executable, "-c", SESSION),
        ("sh", "-c", f'eval "$({VALETKEY} env)"; {VALETKEY} credential-process tenant-data'),
    ],
    ids=["credential-process", "aws_session", "a run in the run", "env"],
)
def test_what_asks_for_credentials_gets_the_runs(
    broker: FakeBroker, identity_files: dict[str, str], command: tuple[str, ...]
) -> None:
    assert "ASIAFAKE000000000001" in inside(broker, *command, **identity_files)
    (opened,) = broker.runs.values()
    assert opened.state == "ended"
    assert broker.hand_outs["tenant-data"] == 1


@pytest.mark.parametrize(
    "command",
    [
        f"{VALETKEY} credentials",
        f'eval "$({VALETKEY} env)"; {VALETKEY} credential-process --url '
        '"$AWS_CONTAINER_CREDENTIALS_FULL_URI"',
        f"{VALETKEY} run --quiet -- {VALETKEY} credentials",
    ],
    ids=["credentials", "env", "a run in the run"],
)
def test_who_names_no_grant_gets_the_one_that_the_command_was_started_with(
    broker: FakeBroker, run_token_file: Path, command: str
) -> None:
    """And not the run's first, which may reach more."""
    broker.grants["readonly"] = {"region": "eu-west-1", "endpoint_url": None}
    (run,) = broker.runs.values()
    run.grants.append("readonly")
    joined = {"--run-token-file": str(run_token_file), "--grant": "readonly"}
    assert "secret-of-readonly" in inside(broker, "sh", "-c", command, **joined)
    assert broker.hand_outs["tenant-data"] == 0


def test_the_run_that_is_joined_inside_is_not_ended_inside(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    nested = f"{VALETKEY} run --quiet --end -- true; {VALETKEY} credential-process tenant-data"
    assert "ASIAFAKE000000000001" in inside(broker, "sh", "-c", nested, **identity_files)
