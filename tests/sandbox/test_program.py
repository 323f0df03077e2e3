"""Which program an SDK is told to start."""

import subprocess
import sys
from pathlib import Path

from tests.native.programs import needs_static
from valetkey.sandbox.program import STATIC_PROGRAM, program_words


def write_program(path: Path, text: str, *, mode: int) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_static_program_that_starts_here_is_taken(tmp_path: Path) -> None:
    program = write_program(tmp_path / "p", "#!/bin/sh\nexit 0\n", mode=0o755)
    assert program_words(program) == (str(program),)


def test_without_one_that_starts_it_is_pythons(tmp_path: Path) -> None:
    for program in (
        tmp_path / "absent",
        tmp_path,
        write_program(tmp_path / "no-x-bit", "#!/bin/sh\nexit 0\n", mode=0o644),
        write_program(tmp_path / "of-another-machine", "\x7fELF nonsense", mode=0o755),
        write_program(tmp_path / "broken", "#!/bin/sh\nexit 3\n", mode=0o755),
        write_program(tmp_path / "without-its-interpreter", "#!/absent\n", mode=0o755),
    ):
        words = program_words(program)
        assert words[:3] == (sys.executable, "-I", "-S")
        done = subprocess.run([*words, "--help"], capture_output=True, check=True)
        assert b"credential-process GRANT" in done.stdout


@needs_static
def test_what_was_built_here_starts_here() -> None:
    if STATIC_PROGRAM.exists():
        assert program_words() == (str(STATIC_PROGRAM),)
