"""The command line as a process, or its entry point inside a script that changes something."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.warm import warm

VALETKEY = (sys.executable, "-m", "valetkey")


def bare(home: Path, **extra: str) -> dict[str, str]:
    """Return our environment without anything of AWS or valetkey."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(("AWS_", "VALETKEY_"))}
    return kept | {"HOME": str(home), "COLUMNS": "100"} | extra


def command(
    *arguments: str, folder: Path, stdin: str = "", seconds: float = 60, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder` to its end."""
    return subprocess.run(
        [*VALETKEY, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env=bare(folder, **extra),
        timeout=seconds,
        check=False,
    )


def warm_command(
    *arguments: str, folder: Path, stdin: str = "", seconds: float = 60, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder` to its end, in a process that need not read its code anew."""
    environ = bare(folder, **extra)
    return warm().run(*arguments, folder=folder, environ=environ, stdin=stdin, seconds=seconds)


def script(
    text: str, *arguments: str, folder: Path, seconds: float = 60, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run Python `text` with `arguments`, in `folder`, to its end."""
    return subprocess.run(
        [sys.executable, "-c", text, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=bare(folder, **extra),
        timeout=seconds,
        check=False,
    )
