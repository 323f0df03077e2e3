"""The real AWS CLI as somebody in the world."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.localaws.world import World

PROGRAM = Path(sys.executable).with_name("aws")


class Cli:
    """Runs commands with these keys; no file or variable of this machine's account is read."""

    def __init__(self, world: World, keys: Mapping[str, Any]) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ENDPOINT_URL": world.aws.endpoint,
            "AWS_DEFAULT_REGION": world.aws.region,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys.get("SessionToken", ""),
            "AWS_MAX_ATTEMPTS": "1",
        }

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command and return what it printed."""
        return subprocess.run(
            [sys.executable, str(PROGRAM), *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
