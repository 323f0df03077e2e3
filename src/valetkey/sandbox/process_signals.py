"""Signals between a terminal, `valetkey run` and its child: each reaches the child exactly once.

With a controlling terminal the child stays in our process group: the terminal signals the whole
group itself (Ctrl-C, Ctrl-Z, a resize, a hang-up), pipelines and job control work as without us,
and only what another process sent to us alone is passed on. Without a terminal the child leads a
group of its own, so that a signal to our group does not reach it twice: all of them are passed on.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_FORWARDED = {
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
}
# With a terminal these stop and continue us along with the child, as the shell expects.
_FORWARDED_WITHOUT_TERMINAL = {signal.SIGTSTP, signal.SIGCONT}
_ENDING = (signal.SIGTERM, signal.SIGHUP)
_FROM_TERMINAL = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH}


def has_terminal() -> bool:
    """Say whether this process has a controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


@contextmanager
def signals_held(*, with_terminal: bool) -> Iterator[set[signal.Signals]]:
    """Hold back the signals that `next_signal` takes; give the mask that a child must restore.

    Enter it before any thread is started: a thread with another mask would take the signals.
    What is still pending at the end is thrown away: it was for a child that is gone.
    """
    watched = _FORWARDED | {signal.SIGCHLD}
    if not with_terminal:
        watched |= _FORWARDED_WITHOUT_TERMINAL
    # An ignored SIGCHLD, inherited from some supervisors, would take the exit code from us.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        yield {signal.Signals(number) for number in before}
    finally:
        while pending := signal.sigpending() & watched:
            signal.sigwait(pending)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def signals_as_exit() -> Iterator[None]:
    """Let SIGTERM and SIGHUP leave by SystemExit, as Ctrl-C does by KeyboardInterrupt.

    So what was begun is taken back. A signal that is ignored or handled already stays so.
    """
    taken = [n for n in _ENDING if signal.getsignal(n) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def signals_deferred(*, are_kept: bool) -> Iterator[None]:
    """Let nothing that ends us come between, for a moment; it comes then, or is thrown away."""
    ending = {signal.SIGINT, *_ENDING}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        yield
    finally:
        while not are_kept and (pending := signal.sigpending() & ending):
            signal.sigwait(pending)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def next_signal(*, with_terminal: bool) -> signal.Signals | None:
    """Wait for the next held signal; return it if the child must be sent it, None otherwise."""
    watched = _FORWARDED | {signal.SIGCHLD}
    if not with_terminal:
        watched |= _FORWARDED_WITHOUT_TERMINAL
    if sys.platform == "darwin":  # no sigwaitinfo there: the terminal's signals count as its own
        number = signal.Signals(signal.sigwait(watched))
        is_from_terminal = number in _FROM_TERMINAL
    else:
        info = signal.sigwaitinfo(watched)
        number = signal.Signals(info.si_signo)
        is_from_terminal = info.si_code > 0  # SI_KERNEL; what a process sends is 0 or below
    if number == signal.SIGCHLD:
        return None
    if number == signal.SIGHUP and os.getsid(0) == os.getpid():
        return number  # the terminal is gone, and its kernel tells the session's leader alone
    return None if with_terminal and is_from_terminal else number
