"""`valetkey run` gives SDKs the static program where there is one."""

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.broker_http import FakeBroker
from tests.native.programs import needs_static
from tests.sandbox.conftest import bare_environment
from tests.sandbox.runner import COMMAND
from valetkey.sandbox.program import STATIC_PROGRAM

DRAW = """
import configparser, os, subprocess
config = configparser.RawConfigParser()
config.read(os.environ["AWS_CONFIG_FILE"])
line = config["profile tenant-data"]["credential_process"]
print(line.split()[0])
print(subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout)
"""


@needs_static
def test_a_profile_of_the_run_starts_the_static_program(
    broker: FakeBroker, run_token_file: Path
) -> None:
    options = ["--broker", broker.url, "--run-token-file", str(run_token_file)]
    done = subprocess.run(
        [*COMMAND, "run", *options, "--", sys.executable, "-c", DRAW],
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    program, _, document = done.stdout.partition("\n")
    assert program == str(STATIC_PROGRAM), done.stderr
    assert json.loads(document)["AccessKeyId"].startswith("ASIA")
    assert broker.hand_outs == {"tenant-data": 1}
