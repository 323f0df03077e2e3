"""Work in a thread of its own whose outcome anybody may wait for, and what a fork does to it.

A fork copies one thread: a lock that another one held stays locked in the child for ever, and what
another one was doing never ends there. So a child gets new locks before it runs a line of its own,
and a flight of before the fork is lost to it: whoever wants its outcome starts another.
"""

import _thread
import os
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerUnavailableError

T = TypeVar("T")

HOPE_SECONDS = 45.0
"""How long somebody who has nothing waits: a description and three draws at a slow broker."""
_LONGEST_SECONDS = 120.0  # a flight that is older hangs
_START_SECONDS = 1.0  # a thread starts in less


class Guard:
    """A lock for short looks at what threads share: `with guard.lock`. Never hold it over I/O.

    It may be entered again by the thread that holds it: a signal may come in between. It is
    entered as it is, not through a method of ours, in which a signal's exception could leave it
    locked for ever.
    """

    def __init__(self) -> None:
        self.forks = 0
        self.lock = threading.RLock()

    def after_fork(self) -> None:
        """Start over in a child, where only one thread is left, with a lock that nobody holds."""
        self.forks += 1
        self.lock = threading.RLock()


guard = Guard()
os.register_at_fork(after_in_child=guard.after_fork)


class Flight(Generic[T]):
    """One piece of work, done once, for all who wait for it; it outlives those who do.

    A signal's exception (Ctrl-C in a notebook, a worker's time limit) may come between making it
    and starting its thread, and within that: then whoever waits next starts it.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._forks = guard.forks
        self._made_at = time.monotonic()
        self._claim = threading.Lock()
        self._has_landed = False
        self._waiters: list[_thread.LockType] = []
        self._values: list[T] = []
        self._error: ValetkeyError | None = None

    @property
    def is_lost(self) -> bool:
        """Say whether it will not land here any more."""
        patience = _LONGEST_SECONDS if self._claim.locked() else _START_SECONDS
        return self._forks != guard.forks or time.monotonic() - self._made_at > patience

    def fly(self) -> None:
        """Do the work, unless it is being done or was, and let all know. Raises nothing."""
        if not self._claim.acquire(blocking=False):
            return
        try:
            self._values.append(self._work())
        except ValetkeyError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait get a no
            self._error = defect(error)
        finally:
            self._has_landed = True
            for waiter in tuple(self._waiters):
                waiter.release()

    def wait(self, seconds: float) -> bool:
        """Wait until it has landed, and start it where nobody has; say whether it has landed."""
        if seconds <= _START_SECONDS:
            return self._await(seconds)
        if self._await(_START_SECONDS):
            return True
        if not self._claim.locked():
            in_thread(self.fly)
        return self._await(seconds - _START_SECONDS)

    def _await(self, seconds: float) -> bool:
        # A lock for each: an exception amid the `wait` of an Event could leave it locked for all.
        waiter = _thread.allocate_lock()
        waiter.acquire()
        self._waiters.append(waiter)
        return self._has_landed or waiter.acquire(timeout=max(0.0, seconds))

    def outcome(self) -> T:
        """Return what the work returned, or raise its error; `broker-slow` before it landed."""
        if self._values:
            return self._values[0]
        raise told_again(self._error or slow())


def in_thread(work: Callable[[], None]) -> None:
    """Start `work` in a thread that holds up no exit; at the very end, where none starts, do it.

    Not by `threading.Thread`: its `start` is many steps, and a signal's exception among them leaves
    a thread that does nothing, and a KeyError in place of that exception.
    """
    try:
        _thread.start_new_thread(work, ())
    except RuntimeError:
        work()


def told_again(error: ValetkeyError) -> ValetkeyError:
    """Return a copy to raise: an error that many threads raise would gather all their frames."""
    return type(error)(error.code, error.message, hint=error.hint, detail=error.detail)


def slow() -> BrokerUnavailableError:
    """Return the error of whoever waited in vain."""
    return BrokerUnavailableError(
        "broker-slow",
        "there is no answer yet",
        hint="ask again; if it stays, look at the broker's /readyz",
    )


def defect(error: Exception) -> BrokerUnavailableError:
    """Return the error that an exception of nobody's intention becomes."""
    return BrokerUnavailableError(
        "internal-error",
        f"drawing credentials failed in valetkey itself ({type(error).__name__})",
        hint="this is a defect in valetkey: please report it",
    )
