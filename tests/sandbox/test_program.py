"""Which program an SDK is told to start."""

import subprocess
import sys
from pathlib import Path

from tests.native.programs import needs_static
from valetkey.sandbox.program import STATIC_PROGRAM, built_from, program_words
from valetkey.version import VERSION

STARTS = f"#!/bin/sh\necho {VERSION} of-some-sources\n"


def write_program(path: Path, text: str, *, mode: int) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def write_sources(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.c").write_text(text)
    return folder


def test_a_static_program_that_starts_here_is_taken(tmp_path: Path) -> None:
    program = write_program(tmp_path / "p", STARTS, mode=0o755)
    assert program_words(program, tmp_path / "no-sources") == (str(program),)


def test_a_static_program_of_another_version_is_left_alone(tmp_path: Path) -> None:
    for version in ("9.9.9", f"{VERSION}.1", ""):
        program = write_program(tmp_path / "p", STARTS.replace(VERSION, version), mode=0o755)
        assert program_words(program, tmp_path / "no-sources")[0] == sys.executable


def test_a_checkouts_program_is_left_alone_once_its_sources_have_changed(tmp_path: Path) -> None:
    sources = write_sources(tmp_path / "native", a="int a;", b="int b;")
    said = f"#!/bin/sh\necho {built_from(sources)}"
    program = write_program(tmp_path / "p", said, mode=0o755)
    assert program_words(program, sources) == (str(program),)
    for texts in ({"a": "int z;"}, {"a": "int a;", "c": ""}):
        write_sources(sources, **texts)
        assert program_words(program, sources)[0] == sys.executable


def test_what_moves_from_one_source_to_another_is_a_change(tmp_path: Path) -> None:
    before = built_from(write_sources(tmp_path / "native", a="xy", b="z"))
    assert built_from(write_sources(tmp_path / "native", a="x", b="yz")) != before


def test_without_one_that_starts_it_is_pythons(tmp_path: Path) -> None:
    for program in (
        tmp_path / "absent",
        tmp_path,
        write_program(tmp_path / "no-x-bit", STARTS, mode=0o644),
        write_program(tmp_path / "of-another-machine", "\x7fELF nonsense", mode=0o755),
        write_program(tmp_path / "broken", f"{STARTS}exit 3\n", mode=0o755),
        write_program(tmp_path / "without-its-interpreter", "#!/absent\n", mode=0o755),
    ):
        words = program_words(program, tmp_path / "no-sources")
        assert words[:3] == (sys.executable, "-I", "-S")
        done = subprocess.run([*words, "--help"], capture_output=True, check=True)
        assert b"credential-process GRANT" in done.stdout


@needs_static
def test_what_was_built_here_starts_here() -> None:
    if STATIC_PROGRAM.exists():
        assert program_words() == (str(STATIC_PROGRAM),)
