"""The child of `valetkey run`: started with a given environment, waited for, signalled.

On Linux the child gets SIGTERM when this process dies without a word (SIGKILL), because then its
sidecar is gone; and no process of our own uid may read this process's memory or environment.
Elsewhere neither exists: the child goes on without credentials.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.process_signals import next_signal
from valetkey.sandbox.text import plain

COMMAND_NOT_FOUND = 127  # the shells' own numbers
COMMAND_NOT_EXECUTABLE = 126
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_DUMPABLE = 4


def start_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    mask: set[signal.Signals],
    with_terminal: bool,
) -> subprocess.Popen[bytes]:
    """Start `command` with exactly `environment` and the signal mask `mask`.

    Call it before any thread exists: the child runs a little of our code before its own.
    Raises `command-not-found` or `command-not-executable`.
    """
    try:
        return subprocess.Popen(  # noqa: S603 - the caller's own command, never a shell's text
            command,
            env=dict(environment),
            process_group=None if with_terminal else 0,
            preexec_fn=_before_exec(mask),  # noqa: PLW1509 - no thread exists yet
        )
    except FileNotFoundError:
        raise SandboxError(
            "command-not-found",
            f"there is no command `{plain(command[0])}`",
            hint="is it on the PATH, and its interpreter too?",
        ) from None
    except OSError as error:
        raise SandboxError(
            "command-not-executable",
            f"`{plain(command[0])}` cannot be executed: {plain(error.strerror or '')}",
            hint="is it a program, and is its x bit set?",
        ) from None


def await_child(child: subprocess.Popen[bytes], *, with_terminal: bool) -> int:
    """Pass signals on until the child ends; return its exit code, 128 + n for signal n."""
    while (code := child.poll()) is None:
        number = next_signal(with_terminal=with_terminal)
        if number is not None:
            _send(child, number, to_group=not with_terminal)
    return 128 - code if code < 0 else code


def hide_memory() -> None:
    """Close our `/proc` entries and memory to other processes of our uid, where the system can.

    Linux: PR_SET_DUMPABLE. It does not hold against root or CAP_SYS_PTRACE.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _before_exec(mask: set[signal.Signals]) -> Callable[[], None]:
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
            if os.getppid() != parent:  # it died before it could be watched
                os._exit(128 + signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    return prepare


def _send(child: subprocess.Popen[bytes], number: signal.Signals, *, to_group: bool) -> None:
    try:
        if to_group:
            os.killpg(child.pid, number)
        else:
            child.send_signal(number)
    except ProcessLookupError:
        pass  # it ended just now
    except PermissionError:
        pass  # it became another uid's: not ours to signal
