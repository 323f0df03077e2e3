"""Credentials that renew themselves, asked for by many threads at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.drawn_world import REVOKED, Here
from valetkey.sandbox import run_credentials
from valetkey.sandbox.flights import Guard, in_thread


def test_nobody_waits_for_a_slow_broker_while_valid_ones_are_held() -> None:
    """Invariant 12, lesson 21: no lock is held over the draw."""
    here = Here(launch=in_thread)
    here.draw.gate = threading.Event()
    here.pass_by(2700)
    started = time.monotonic()
    assert [here.key() for _ in range(100)] == ["ASIA1"] * 100
    assert time.monotonic() - started < 5
    here.draw.gate.set()


def test_in_their_last_minute_a_caller_waits_a_little_and_no_longer() -> None:
    here = Here(launch=in_thread)
    here.draw.gate = threading.Event()
    here.pass_by(3590)
    started = time.monotonic()
    assert here.key() == "ASIA1"
    assert 1.0 < time.monotonic() - started < 4.0
    here.draw.gate.set()


@pytest.mark.parametrize("seconds", [2700, 3600])
def test_20_threads_make_one_draw(seconds: float) -> None:
    """Invariant 11: one refresh in flight, and all who wait get what it brought."""
    here = Here(launch=in_thread)
    here.draw.gate = threading.Event()
    here.pass_by(seconds)
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(here.key) for _ in range(20)]
        assert here.draw.began.wait(5)
        time.sleep(0.1)
        here.draw.gate.set()
        keys = {each.result(10) for each in waiting}
    assert here.draw.count == 2
    assert keys <= ({"ASIA1", "ASIA2"} if seconds < 3600 else {"ASIA2"})


def test_who_comes_just_as_a_draw_has_landed_makes_no_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Here()
    here.pass_by(2700)

    class Landing(Guard):
        """Lets a draw land between a look at what is held and the lock."""

        is_first = True

        def __getattribute__(self, name: str) -> object:
            if name == "lock" and self.is_first:
                self.is_first = False
                here.credentials.begin()
            return super().__getattribute__(name)

    monkeypatch.setattr(run_credentials, "guard", Landing())
    assert here.key() == "ASIA2"
    assert here.draw.count == 2


def test_20_threads_that_get_no_credentials_all_hear_why() -> None:
    here = Here(launch=in_thread)
    here.draw.failure = REVOKED
    here.pass_by(3600)
    with ThreadPoolExecutor(20) as pool:
        codes = [each.result(10) for each in [pool.submit(here.code) for _ in range(20)]]
    assert codes == ["run-revoked"] * 20
    assert here.draw.count == 2
