"""The two programs that do what `credential_process` promises, as a test starts them.

VALETKEY_STATIC_PROGRAM names another static one in place of what `make native` built: one that
was built with a sanitizer, to see the same tests through it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from valetkey.sandbox import credential_process
from valetkey.sandbox.program import STATIC_PROGRAM

PYTHON = (sys.executable, "-I", "-S", str(credential_process.__file__))
STATIC = Path(os.environ.get("VALETKEY_STATIC_PROGRAM") or STATIC_PROGRAM)
needs_static = pytest.mark.skipif(
    not STATIC.exists(), reason="there is no static program here: `make native` builds it"
)


@dataclass(frozen=True, slots=True)
class Done:
    """What a program left behind, its output as bytes."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def code(self) -> str:
        """The error's code on standard error; empty where there is none."""
        first_line = self.stderr.partition(b"\n")[0]
        return first_line.rpartition(b"[")[2].rstrip(b"]").decode()


def start_program(
    words: Sequence[str], arguments: Sequence[str | bytes], environ: Mapping[str, str | bytes]
) -> Done:
    """Start the program to its end, with exactly `environ`."""
    done = subprocess.run(
        [*words, *arguments], capture_output=True, env=environ, timeout=30, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)
