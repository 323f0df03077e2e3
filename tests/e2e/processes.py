"""Processes of ours, started as a person would start them and ended by their own process id."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

VALETKEY = (sys.executable, "-m", "valetkey")
AWS_CLI = str(Path(sys.executable).with_name("aws"))
READY_SECONDS = 30
END_SECONDS = 15
_AMBIENT = ("AWS_", "VALETKEY_", "BOTO")


def bare(home: Path, **extra: str) -> dict[str, str]:
    """Return our environment without anything ambient of AWS or valetkey, at home in `home`."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(_AMBIENT)}
    return (
        kept
        | {"HOME": str(home), "PYTHONUNBUFFERED": "1", "AWS_EC2_METADATA_DISABLED": "true"}
        | extra
    )


def run(
    *command: str, env: Mapping[str, str], stdin: str | None = None, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its exit code is the caller's to judge."""
    return subprocess.run(
        command,
        env=dict(env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


class Server:
    """`valetkey COMMAND --json` as a process: `said` is its first line, `log` its stderr."""

    def __init__(self, *arguments: str, log: Path, env: Mapping[str, str]) -> None:
        self.log_path = log
        self._arguments = arguments
        self._env = dict(env)
        self.said: dict[str, Any] = {}
        self._start()

    def _start(self) -> None:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*VALETKEY, *self._arguments], stdout=subprocess.PIPE, stderr=log, env=self._env
            )
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            self.end()
            raise AssertionError(f"{self._arguments[0]} did not start: {self.log}")
        self.said = json.loads(line)

    @property
    def log(self) -> str:
        """What the process has said to its operator so far."""
        return self.log_path.read_text(errors="replace")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process and return its exit code (minus the signal, as subprocess has it)."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return self.process.returncode

    def restart(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the process with a signal and start it again as it was."""
        self.end(number)
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
