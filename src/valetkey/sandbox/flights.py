"""Work in a thread of its own whose outcome anybody may wait for, and what a fork does to it.

A fork copies one thread: a lock that another one held stays locked in the child for ever, and what
another one was doing never ends there. So a child gets new locks before it runs a line of its own,
and a flight of before the fork is lost to it: whoever wants its outcome starts another.
"""

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
_LONGEST_SECONDS = 120.0  # a flight that is older was never started, or hangs


class Guard:
    """A lock for short looks at what threads share. Never hold it over I/O.

    It may be entered again by the thread that holds it: a signal may come in between.
    """

    def __init__(self) -> None:
        self.forks = 0
        self.renew()

    def renew(self) -> None:
        """Take a new lock, held by nobody."""
        self._lock = threading.RLock()

    def after_fork(self) -> None:
        """Start over in a child, where only one thread is left."""
        self.forks += 1
        self.renew()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


guard = Guard()
os.register_at_fork(after_in_child=guard.after_fork)


class Flight(Generic[T]):
    """One piece of work, done once, for all who wait for it; it outlives those who do."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._forks = guard.forks
        self._began = time.monotonic()
        self._landed = threading.Event()
        self._values: list[T] = []
        self._error: ValetkeyError | None = None

    @property
    def is_lost(self) -> bool:
        """Say whether it will not land here any more."""
        return self._forks != guard.forks or time.monotonic() - self._began > _LONGEST_SECONDS

    def fly(self) -> None:
        """Do the work and let all know. Raises nothing."""
        try:
            self._values.append(self._work())
        except ValetkeyError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait get a no
            self._error = defect(error)
        finally:
            self._landed.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it has landed; say whether it has."""
        return self._landed.wait(seconds)

    def outcome(self) -> T:
        """Return what the work returned, or raise its error; `broker-slow` before it landed."""
        if self._values:
            return self._values[0]
        raise told_again(self._error or slow())


def in_thread(work: Callable[[], None]) -> None:
    """Start `work` in a thread that holds up no exit; at the very end, where none starts, do it."""
    try:
        threading.Thread(target=work, name="valetkey-draw", daemon=True).start()
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
