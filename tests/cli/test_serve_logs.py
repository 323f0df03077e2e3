"""The operator's log, at any level, holds no secret."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.settings.test_own_issuer import GOOD, read
from valetkey.cli.serve import _warn

SCRIPT = """
import logging
from valetkey.cli.serve import _log_to_stderr
_log_to_stderr("debug")
for name in ("valetkey.web", "botocore.parsers", "botocore.endpoint", "aiohttp.client"):
    logging.getLogger(name).debug("SecretAccessKey of " + name)
"""


def test_a_debug_log_is_ours_alone_for_botocores_holds_whole_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert "SecretAccessKey of valetkey.web" in done.stderr
    assert done.stderr.count("SecretAccessKey") == 1


@pytest.mark.parametrize(("address", "told"), [("localaws:4566", 1), ("127.0.0.1:4566", 0)])
def test_credentials_that_aws_sends_in_the_clear_are_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, address: str, told: int
) -> None:
    """A signed request tells a thief nothing, its answer does; a docker network lives with that."""
    by_keys = GOOD.replace("web-identity", "assume-role")
    aws = f'[aws]\nendpoint_url = "http://{address}"\n'
    _warn(read(tmp_path, aws + by_keys))
    assert sum("endpoint_url" in line for line in caplog.messages) == told
