"""What `credential_process` shows, and on outputs that take nothing, in both programs."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker
from tests.native.programs import start_program
from tests.sandbox.conftest import bare_environment

needs_full_device = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no device that is always full"
)


@contextmanager
def closed_pipe() -> Iterator[int]:
    """Give an end to write to, with nobody at the other one."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@contextmanager
def full_device() -> Iterator[int]:
    """Give a device that takes nothing."""
    with Path("/dev/full").open("wb") as device:
        yield device.fileno()


@pytest.mark.parametrize(
    "output", [closed_pipe, pytest.param(full_device, marks=needs_full_device)]
)
@pytest.mark.parametrize("arguments", [["--help"], ["tenant-data"]])
def test_an_output_that_takes_nothing_is_a_failure(
    program: tuple[str, ...],
    broker: FakeBroker,
    run_token_file: Path,
    arguments: list[str],
    output: Callable[[], AbstractContextManager[int]],
) -> None:
    with output() as descriptor:
        done = subprocess.run(
            [*program, *arguments, "--broker", broker.url, "--token-file", str(run_token_file)],
            stdout=descriptor,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"valetkey: standard output takes nothing [output-refused]\n"


@pytest.fixture
def shell(
    program: tuple[str, ...], broker: FakeBroker, run_token_file: Path
) -> Callable[..., tuple[int, bytes, bytes]]:
    """Draw in a shell with redirections; return the exit code and both outputs."""

    def shell(redirected: str, *more: str) -> tuple[int, bytes, bytes]:
        words = [*program, "tenant-data", "--token-file", str(run_token_file), *more]
        script = ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh"]
        done = start_program([*script, *words], [], bare_environment(VALETKEY_BROKER=broker.url))
        return done.exit_code, done.stdout, done.stderr

    return shell


def test_a_closed_standard_output_is_a_failure_like_any_other(
    shell: Callable[..., tuple[int, bytes, bytes]],
) -> None:
    refused = b"valetkey: standard output takes nothing [output-refused]\n"
    assert shell(">&-") == (1, b"", refused)
    assert shell(">&- <&-") == (1, b"", refused)
    assert shell(">&-", "--help") == (1, b"", refused)


@pytest.mark.parametrize("errors", ["2>&-", pytest.param("2>/dev/full", marks=needs_full_device)])
def test_a_standard_error_that_takes_nothing_changes_no_exit_code(
    shell: Callable[..., tuple[int, bytes, bytes]], errors: str
) -> None:
    exit_code, drawn, told = shell(errors)
    assert (exit_code, b"SecretAccessKey" in drawn, told) == (0, True, b"")
    assert shell(errors, "x") == (1, b"", b"")
    assert shell(f">&- {errors}") == (1, b"", b"")


def test_what_is_shown_is_ascii_and_our_ellipsis(program: tuple[str, ...]) -> None:
    done = start_program(program, ["jürgen-\u4f60 \u202e\x1b" + "x" * 400], {})
    shown = done.stderr.decode()
    assert "`j?rgen-? ??x" in shown
    assert "x… [grant-name-invalid]" in shown
