"""What is built, for which machines, and what a wheel then carries."""

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatch_build import StaticProgram
from native.build import ROOT, TARGETS, build, host_target
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

needs_compiler = pytest.mark.skipif(
    importlib.util.find_spec("ziglang") is None,
    reason="no compiler here: `make native` installs it",
)
MEMBER = "valetkey/sandbox/credential-process"
MOST_BYTES = 40_960


def wheel_of(folder: Path, **more: str) -> Path:
    """Build a wheel as `make wheels` does."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, **more},
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_an_unknown_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="plan9"):
        build("plan9-mips", tmp_path / "x")


@needs_compiler
def test_what_does_not_compile_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.c").write_text("int main(")
    monkeypatch.setattr("native.build.SOURCES", tmp_path)
    monkeypatch.setattr("native.build.SCRATCH", tmp_path / "scratch")
    with pytest.raises(SystemExit, match="does not compile"):
        build(host_target(), tmp_path / "out" / "x")
    assert not list((tmp_path / "scratch").iterdir())
    assert not list((tmp_path / "out").iterdir())


def test_the_compiler_is_asked_for_where_a_wheel_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = object.__new__(StaticProgram)  # of a build it needs nothing to say this
    monkeypatch.delenv("VALETKEY_TARGET", raising=False)
    assert hook.dependencies() == []
    monkeypatch.setenv("VALETKEY_TARGET", "linux-aarch64")
    (compiler,) = hook.dependencies()
    assert compiler in (ROOT / "requirements" / "native.in").read_text().split()


@pytest.mark.slow
def test_the_wheel_for_every_platform_holds_no_program(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, VALETKEY_TARGET="")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert MEMBER not in archive.namelist()
        assert "valetkey/sandbox/credential_process.py" in archive.namelist()


@needs_compiler
@pytest.mark.slow
def test_the_wheel_of_this_machine_holds_a_small_program_with_its_x_bit(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, VALETKEY_TARGET=host_target())
    with zipfile.ZipFile(wheel) as archive:
        member = archive.getinfo(MEMBER)
    assert (member.external_attr >> 16) & 0o777 == 0o755
    assert member.file_size <= MOST_BYTES
    assert parse_wheel_filename(wheel.name)[3] & set(sys_tags())


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_names_the_platforms_of_its_wheel(target: str) -> None:
    machine = target.partition("-")[2]
    platforms = TARGETS[target].wheel_platform.split(".")
    assert all(platform.endswith(f"_{machine}") for platform in platforms)
    assert TARGETS[target].is_linux == ("linux" in target)
