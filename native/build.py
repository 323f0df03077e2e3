"""Build the static `credential-process` for one target: `python native/build.py [--target NAME]`.

The compiler is zig's clang, which brings the C libraries of all targets along. What it does not
do: packing. `hatch_build.py` puts the program into a wheel.
"""

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "native"
SCRATCH = ROOT / "build" / "native"
PROGRAM = ROOT / "src" / "valetkey" / "sandbox" / "credential-process"

_WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-Wformat=2", "-Wvla"]
_HARDENED = [
    "-fstack-protector-strong",
    "-D_FORTIFY_SOURCE=2",
    "-fPIE",
    "-ftrivial-auto-var-init=zero",
]
_SMALL = ["-Oz", "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables"]
_LINUX = ["-static", "-pie", "-Wl,--gc-sections", "-Wl,-z,relro,-z,now,-z,noexecstack"]
_CHECKED = ["-fsanitize=undefined", "-fsanitize-trap=undefined"]


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
    for an unknown target or without a compiler, CalledProcessError where it does not compile.
    """
    if name not in TARGETS:
        raise SystemExit(f"`{name}` is not a target: {', '.join(TARGETS)}")
    if importlib.util.find_spec("ziglang") is None:
        raise SystemExit("there is no compiler: install requirements/native.txt")
    scratch = SCRATCH / f"{name}.{os.getpid()}"  # two builds at once do not meet
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "printable.h").write_text(printable_runs(), encoding="ascii")
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = scratch / out.name
    command = [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[name].triple, "-std=c11"]
    command += _flags(TARGETS[name], is_checked=is_checked)
    command += [f"-I{scratch}", *sorted(map(str, SOURCES.glob("*.c"))), "-o", str(unfinished)]
    cache = str(ROOT / "build" / "zig")
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": cache, "ZIG_GLOBAL_CACHE_DIR": cache}
    subprocess.run(command, check=True, env=environment)  # noqa: S603 - our own words alone
    unfinished.chmod(0o755)
    finished = unfinished.replace(out)
    shutil.rmtree(scratch)
    return finished


def _flags(target: Target, *, is_checked: bool) -> list[str]:
    standard = "-D_POSIX_C_SOURCE=200809L" if target.is_linux else "-D_DARWIN_C_SOURCE"
    flags = [standard, *_WARNINGS, *_HARDENED, *_SMALL, "-s"]
    if target.is_linux:
        flags += _LINUX
    return [*flags, *_CHECKED] if is_checked else flags


def printable_runs() -> str:
    """Return the C header that says which characters Python calls printable.

    RUNS are the lengths of printable and other runs in turn from U+0000 on, seven bits a byte,
    the low ones first; a set eighth bit says that more follow.
    """
    data = list(_varints(_run_lengths()))
    lines = [", ".join(map(str, data[i : i + 20])) for i in range(0, len(data), 20)]
    return "static const unsigned char RUNS[] = {\n" + ",\n".join(lines) + "};\n"


def _run_lengths() -> Iterator[int]:
    started, printable = 0, True
    for number in range(0x110000):
        if chr(number).isprintable() != printable:
            yield number - started
            started, printable = number, not printable
    yield 0x110000 - started


def _varints(numbers: Iterator[int]) -> Iterator[int]:
    for number in numbers:
        rest = number
        while rest > 0x7F:
            yield rest & 0x7F | 0x80
            rest >>= 7
        yield rest


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
