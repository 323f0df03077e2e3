"""The operator's log, at any level, holds no secret."""

import subprocess
import sys

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
