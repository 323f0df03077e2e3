"""A wall clock for a world of processes: hours pass in a moment, for all of them at once.

On Linux, with a C compiler; the tests that need it are skipped elsewhere.
"""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_suffix(".c")


class MovedClock:
    """The clock of every process that has `env` in its environment."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if sys.platform != "linux" or compiler is None:
            pytest.skip("moving the clock needs Linux and a C compiler")
        library, self._file = folder / "moved_clock.so", folder / "moved"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"],
            check=True,
            timeout=60,
        )
        self._seconds = 0
        self._file.write_bytes(struct.pack("=q", 0))
        self.env = {"LD_PRELOAD": str(library), "MOVED_CLOCK_FILE": str(self._file)}

    def forward(self, *, hours: float = 0, minutes: float = 0) -> None:
        """Let time pass, at once."""
        self._seconds += round(hours * 3600 + minutes * 60)
        with self._file.open("r+b") as file:  # in place: the processes have mapped it
            file.write(struct.pack("=q", self._seconds))
