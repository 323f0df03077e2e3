"""Build the static `credential-process` for one target: `python native/build.py [--target NAME]`.

The compiler is zig's clang, which brings the C libraries of all targets along. What it does not
do: packing. `hatch_build.py` puts the program into a wheel.
"""

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))  # a wheel is built where valetkey is not installed

from valetkey.sandbox.program import built_from  # noqa: E402

SOURCES = ROOT / "native"
SCRATCH = ROOT / "build" / "native"
PROGRAM = ROOT / "src" / "valetkey" / "sandbox" / "credential-process"

_WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-Wformat=2", "-Wvla"]
# No _FORTIFY_SOURCE: musl's headers have nothing that it would turn on.
_HARDENED = ["-fstack-protector-strong", "-fPIE", "-ftrivial-auto-var-init=zero"]
_SMALL = ["-Oz", "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables"]
_LINUX = ["-static", "-pie", "-Wl,--gc-sections", "-Wl,-z,relro,-z,now,-z,noexecstack"]
# An array at the end of a struct is as long as it says: else its bounds are not looked at.
_CHECKED = ["-fsanitize=undefined", "-fsanitize-trap=undefined", "-fstrict-flex-arrays=3"]


@dataclass(frozen=True, slots=True)
class Target:
    """A machine that the program is built for, and the platform tag of its wheel."""

    triple: str
    wheel_platform: str

    @property
    def is_linux(self) -> bool:
        """Whether it is Linux: a static program of musl, for every distribution."""
        return "linux" in self.triple


# A static program needs no C library: the tags name the oldest that pip knows of for both.
TARGETS = {
    "linux-x86_64": Target(
        "x86_64-linux-musl",
        "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    ),
    "linux-aarch64": Target(
        "aarch64-linux-musl",
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    ),
    "macos-x86_64": Target("x86_64-macos.11.0", "macosx_11_0_x86_64"),
    "macos-arm64": Target("aarch64-macos.11.0", "macosx_11_0_arm64"),
}


def host_target() -> str:
    """Return the name of this machine's target. Raises SystemExit where it has none."""
    system = {"Linux": "linux", "Darwin": "macos"}.get(platform.system(), platform.system())
    name = f"{system}-{platform.machine()}"
    if name not in TARGETS:
        raise SystemExit(f"there is no target for {name}: {', '.join(TARGETS)}")
    return name


def build(name: str, out: Path, *, is_checked: bool = False) -> Path:
    """Compile the program for the target `name` into `out`, executable; return `out`.

    With `is_checked` it crashes at the first undefined behaviour. Raises SystemExit
    for an unknown target, without a compiler, and where it does not compile.
    """
    if name not in TARGETS:
        raise SystemExit(f"`{name}` is not a target: {', '.join(TARGETS)}")
    if importlib.util.find_spec("ziglang") is None:
        raise SystemExit("there is no compiler: install requirements/native.txt")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=SCRATCH) as scratch:  # two builds at once do not meet
        unfinished = Path(scratch, out.name)
        _compile(TARGETS[name], unfinished, is_checked=is_checked)
        unfinished.chmod(0o755)
        return unfinished.replace(out)


def _compile(target: Target, out: Path, *, is_checked: bool) -> None:
    """Compile for `target` into `out`, whose folder takes what is written on the way."""
    words = f'#define BUILT_FROM "{built_from(SOURCES).strip()}"\n'
    (out.parent / "built.h").write_text(words, encoding="ascii")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target.triple, "-std=c11"]
    command += _flags(target, is_checked=is_checked)
    command += [f"-I{out.parent}", *sorted(map(str, SOURCES.glob("*.c"))), "-o", str(out)]
    cache = str(ROOT / "build" / "zig")
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": cache, "ZIG_GLOBAL_CACHE_DIR": cache}
    if subprocess.run(command, check=False, env=environment).returncode:  # noqa: S603 - our words
        raise SystemExit("it does not compile")  # the compiler has said why


def _flags(target: Target, *, is_checked: bool) -> list[str]:
    standard = "-D_POSIX_C_SOURCE=200809L" if target.is_linux else "-D_DARWIN_C_SOURCE"
    flags = [standard, *_WARNINGS, *_HARDENED, *_SMALL, "-s"]
    if target.is_linux:
        flags += _LINUX
    return [*flags, *_CHECKED] if is_checked else flags


def main(arguments: Sequence[str]) -> None:
    """Build what the command line names and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=TARGETS, help="this machine's unless told")
    parser.add_argument(
        "--out", type=Path, default=PROGRAM, help="beside the Python one unless told"
    )
    parser.add_argument("--checked", action="store_true", help="crash at undefined behaviour")
    options = parser.parse_args(arguments)
    out = build(options.target or host_target(), options.out, is_checked=options.checked)
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
