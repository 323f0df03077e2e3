"""Signals reach the command exactly once, with a terminal and without."""

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker
from tests.sandbox.runner import COMMAND

# Writes `ready`, then each signal's number as it comes, and ends a moment after the first.
LISTENER = """
import os, signal, sys, time
path = sys.argv[1]
def note(number, frame):
    with open(path, "a") as file:
        file.write(f"{number}\\n")
for name in sys.argv[2:]:
    signal.signal(getattr(signal, name), note)
with open(path, "a") as file:
    file.write(f"ready {os.getpid()} {os.getpgrp()}\\n")
until = time.monotonic() + 20
while time.monotonic() < until and len(open(path).readlines()) < 2:
    time.sleep(0.02)
time.sleep(0.4)
sys.exit(5)
"""


class Listening:
    """A `valetkey run` whose command notes its signals in `log`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self.log = process, log
        until = time.monotonic() + 20
        while time.monotonic() < until and not (log.exists() and "\n" in log.read_text()):
            time.sleep(0.02)
        _, self.child, self.group = log.read_text().splitlines()[0].split()

    def noted(self) -> list[int]:
        assert self.process.wait(timeout=30) == 5
        return [int(line) for line in self.log.read_text().splitlines()[1:]]


@contextmanager
def listening(
    broker: FakeBroker,
    options: dict[str, str],
    log: Path,
    *,
    terminal: bool,
) -> Iterator[tuple[Listening, int]]:
    """Give the running command, and the terminal's master side (-1 without a terminal)."""
    names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"]
    words = [word for pair in options.items() for word in pair]
    command = [*COMMAND, "run", "--quiet", "--broker", broker.url, *words, "--"]
    command += [sys.executable, "-c", LISTENER, str(log), *names]
    master, slave = os.openpty() if terminal else (-1, subprocess.DEVNULL)

    def take_terminal() -> None:
        if terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave if terminal else None,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - the fake broker waits meanwhile
    )
    try:
        yield Listening(process, log), master
    finally:
        process.kill()
        process.wait()
        for descriptor in (master, slave):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "signals"


@pytest.mark.parametrize(("key", "number"), [(b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT)])
def test_a_key_at_the_terminal_reaches_the_command_once(
    broker: FakeBroker, identity_files: dict[str, str], log: Path, key: bytes, number: int
) -> None:
    with listening(broker, identity_files, log, terminal=True) as (command, master):
        os.write(master, key)
        assert command.noted() == [number]
    assert [run.state for run in broker.runs.values()] == ["ended"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_for_valetkey_alone_is_passed_on_at_a_terminal(
    broker: FakeBroker, identity_files: dict[str, str], log: Path, number: int
) -> None:
    with listening(broker, identity_files, log, terminal=True) as (command, _):
        os.kill(command.process.pid, number)
        assert command.noted() == [number]


def test_a_resize_reaches_the_command_once(
    broker: FakeBroker, identity_files: dict[str, str], log: Path
) -> None:
    with listening(broker, identity_files, log, terminal=True) as (command, master):
        fcntl.ioctl(master, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\x00\x00\x00\x00")
        assert command.noted() == [signal.SIGWINCH]


def test_at_a_terminal_the_command_shares_the_job(
    broker: FakeBroker, identity_files: dict[str, str], log: Path
) -> None:
    with listening(broker, identity_files, log, terminal=True) as (command, _):
        assert int(command.group) == os.getpgid(command.process.pid)
        os.kill(command.process.pid, signal.SIGTERM)
        command.noted()


def test_suspending_the_job_stops_both_and_continuing_resumes_both(
    broker: FakeBroker, identity_files: dict[str, str], log: Path
) -> None:
    with listening(broker, identity_files, log, terminal=True) as (command, _):
        # The session's leader is an orphaned group, which a terminal's SIGTSTP does not stop;
        # SIGSTOP to the group is what a shell sees of a stopped job.
        os.killpg(int(command.group), signal.SIGSTOP)
        for pid in (command.process.pid, int(command.child)):
            assert _state_of(pid) == "T"
        os.killpg(int(command.group), signal.SIGCONT)
        assert command.noted() == [signal.SIGCONT]


def _state_of(pid: int) -> str:
    until = time.monotonic() + 5
    state = ""
    while time.monotonic() < until and state != "T":
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        time.sleep(0.02)
    return state


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
        signal.SIGCONT,
    ],
)
def test_without_a_terminal_every_signal_is_passed_on(
    broker: FakeBroker, identity_files: dict[str, str], log: Path, number: int
) -> None:
    with listening(broker, identity_files, log, terminal=False) as (command, _):
        os.kill(command.process.pid, number)
        assert command.noted() == [number]


def test_a_signal_to_valetkeys_whole_group_reaches_the_command_once(
    broker: FakeBroker, identity_files: dict[str, str], log: Path
) -> None:
    with listening(broker, identity_files, log, terminal=False) as (command, _):
        os.killpg(os.getpgid(command.process.pid), signal.SIGTERM)
        assert command.noted() == [signal.SIGTERM]
    assert [run.state for run in broker.runs.values()] == ["ended"]


def test_the_command_starts_with_no_signal_held_back(
    broker: FakeBroker, identity_files: dict[str, str]
) -> None:
    words = [word for pair in identity_files.items() for word in pair]
    done = subprocess.run(
        [*COMMAND, "run", "--broker", broker.url, *words, "grep", "SigBlk", "/proc/self/status"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout.split()[1], 16) == 0


def ended(lines: str) -> tuple[int, str]:
    """Run the lines in a process of one thread, as ours is then; return exit code and output."""
    program = (
        "import os, signal\n"
        "from valetkey.sandbox.process_signals import signals_as_exit, signals_deferred\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program + lines],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_command_leaves_by_an_exit_that_takes_back(number: int) -> None:
    lines = f"""
with signals_as_exit():
    try:
        os.kill(os.getpid(), {int(number)})
        print("went on")
    finally:
        print("taken back")
"""
    assert ended(lines) == (128 + number, "taken back\n")


def test_a_signal_that_is_ignored_stays_so() -> None:
    """As under nohup."""
    lines = """
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with signals_as_exit():
    os.kill(os.getpid(), signal.SIGHUP)
print("went on")
"""
    assert ended(lines) == (0, "went on\n")


def test_a_deferred_signal_comes_after_what_must_not_be_broken_off() -> None:
    """A run that is being opened is known to us before we leave, and so it is ended."""
    lines = """
with signals_as_exit():
    with signals_deferred(are_kept=True):
        os.kill(os.getpid(), signal.SIGTERM)
        print("opened")
    print("went on")
"""
    assert ended(lines) == (128 + signal.SIGTERM, "opened\n")


def test_a_signal_while_a_run_is_ended_is_thrown_away() -> None:
    lines = """
with signals_as_exit():
    with signals_deferred(are_kept=False):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    print("went on")
"""
    assert ended(lines) == (0, "went on\n")
