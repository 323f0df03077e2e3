"""A signal's exception may come anywhere: Ctrl-C in a notebook, a worker's time limit.

Here it comes at each call and each return of the sandbox's own functions, one after the other.
"""

import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.sandbox.drawn_world import Here
from tests.sandbox.test_run_access import FakeBroker, held
from valetkey.sandbox import flights
from valetkey.sandbox.flights import guard, in_thread
from valetkey.sandbox.runs_in_use import RunsInUse


class SignalError(Exception):
    """What a signal's handler raises."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "_START_SECONDS", 0.05)


def is_interrupted(work: Callable[[], object], *, after: int) -> bool:
    """Do `work`, interrupted at its event `after` in this thread; say whether it had so many."""
    left = after

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if "valetkey/sandbox" not in frame.f_code.co_filename:
            return None
        frame.f_trace_lines = False
        left -= 1
        if left < 0:
            raise SignalError
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except SignalError:
        return True
    finally:
        sys.settrace(before)
    return False


def is_free() -> bool:
    """Say whether another thread can enter the guard."""
    entered = threading.Event()

    def enter() -> None:
        with guard.lock:
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    return entered.wait(2)


def test_a_renewal_that_is_interrupted_anywhere_spoils_nothing() -> None:
    for after in range(1000):
        here = Here(launch=in_thread)
        here.pass_by(3600)
        goes_on = is_interrupted(here.credentials.current, after=after)
        assert is_free(), after
        began = time.monotonic()
        assert here.key() in {"ASIA2", "ASIA3"}
        assert time.monotonic() - began < 2, after
        if not goes_on:
            assert after > 10
            return
    pytest.fail("it never came to its end")


def test_a_first_call_that_is_interrupted_anywhere_spoils_nothing() -> None:
    for after in range(1000):
        broker = FakeBroker()
        runs = RunsInUse(lambda _, broker=broker: broker, clock=lambda: 1_800_000_000.0)  # type: ignore[misc]

        def share(runs: RunsInUse = runs) -> object:
            return runs.share("http://127.0.0.1:1", held(), grant="tenant-data")

        goes_on = is_interrupted(share, after=after)
        assert is_free(), after
        began = time.monotonic()
        assert share() is share()
        assert time.monotonic() - began < 2, after
        if not goes_on:
            assert after > 10
            return
    pytest.fail("it never came to its end")
