"""The demo's processes: each started as a person would, each ended by its own process id."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

VALETKEY = (sys.executable, "-m", "valetkey")
END_SECONDS = 5
COMMAND_SECONDS = 30


class DemoError(Exception):
    """A process of the demo did not do what it is there for; the message says which."""


def environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without any AWS setting of the person who runs the demo."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(("AWS_", "VALETKEY_"))}
    return {**kept, "HOME": str(folder), "PYTHONUNBUFFERED": "1", **extra}


class Server:
    """A process whose first line of output is JSON, for the length of a block."""

    def __init__(
        self, arguments: Sequence[str], *, folder: Path, extra: Mapping[str, str] | None = None
    ) -> None:
        self._log = (folder / f"{arguments[0]}.log").open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*VALETKEY, *arguments],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment(folder, extra or {}),
        )
        self.name = arguments[0]
        self.said: dict[str, Any] = {}

    def __enter__(self) -> Self:
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        line = self._process.stdout.readline()
        if not line:
            self._end()
            why = Path(self._log.name).read_text(errors="replace").strip()
            raise DemoError(f"`valetkey {self.name}` did not start: {why}")
        self.said = json.loads(line)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()


def valetkey(*arguments: str, folder: Path) -> str:
    """Run a command of ours to its end and return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*VALETKEY, *arguments],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        env=environment(folder, {}),
        check=False,
    )
    if done.returncode != 0:
        raise DemoError(f"`valetkey {' '.join(arguments[:2])}` failed: {done.stderr.strip()}")
    return done.stdout
