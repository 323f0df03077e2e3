"""Credentials that renew themselves: how often they are drawn, and what is served meanwhile."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.fakes.platform import Clock
from valetkey.errors import ValetkeyError
from valetkey.sandbox import run_credentials
from valetkey.sandbox.errors import (
    BrokerDeniedError,
    BrokerUnavailableError,
    RunChangedError,
    SandboxError,
)
from valetkey.sandbox.flights import Guard, in_thread
from valetkey.sandbox.run_credentials import PAUSE_SECONDS, Held, RunCredentials
from valetkey.secret import Secret

DOWN = BrokerUnavailableError("broker-unreachable", "no broker answers")
REVOKED = BrokerDeniedError("run-revoked", "the run is revoked", hint="open a new run")
NO_FILE = SandboxError("token-file-unreadable", "cannot read it")

Launch = Callable[[Callable[[], None]], None]


@dataclass
class FakeDraw:
    """A broker that counts; it fails while `failure` is set, and waits while `gate` is shut."""

    life_seconds: float = 3600.0
    failure: Exception | None = None
    gate: threading.Event | None = None
    count: int = 0
    began: threading.Event = field(default_factory=threading.Event)

    def __call__(self, now: float) -> Held:
        self.count += 1
        number = self.count
        self.began.set()
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.failure is not None:
            raise self.failure
        return Held(
            f"ASIA{number}",
            Secret(f"secret-{number}"),
            session_token=Secret(f"session-{number}"),
            account_id="111122223333",
            expiration=now + self.life_seconds,
            drawn_at=now,
        )


class Here:
    """Credentials, their broker and the clock. Draws are made in line unless a test says not."""

    def __init__(self, life_seconds: float = 3600.0, *, launch: Launch = lambda work: work()):
        self.clock = Clock()
        self.draw = FakeDraw(life_seconds)
        self.credentials = RunCredentials(self.draw, clock=self.clock, launch=launch)
        self.credentials.begin()

    def key(self) -> str:
        return self.credentials.current().access_key_id

    def code(self) -> str:
        with pytest.raises(ValetkeyError) as caught:
            self.credentials.current()
        return caught.value.code

    def pass_by(self, seconds: float) -> None:
        self.clock.now += seconds


def test_fresh_ones_are_served_without_a_draw() -> None:
    here = Here()
    for _ in range(2699):
        here.pass_by(1)
        assert here.key() == "ASIA1"
    assert here.draw.count == 1


def test_a_quarter_of_an_hour_before_their_end_new_ones_are_drawn() -> None:
    here = Here()
    here.pass_by(2700)
    assert here.key() == "ASIA2"


@pytest.mark.parametrize(
    ("life_seconds", "most"),
    [(900, 6), (906, 6), (1200, 5), (1800, 4), (3600, 2), (12 * 3600, 1)],
)
def test_an_hour_of_a_signature_a_second_makes_few_draws(life_seconds: float, most: int) -> None:
    """Lesson 20: a session of 900 s is inside the SDKs' window from its first second."""
    here = Here(life_seconds)
    for _ in range(3600):
        here.pass_by(1)
        here.key()
        assert here.credentials.current().expiration > here.clock.now
    assert here.draw.count <= most + 1


def test_the_expiration_that_was_told_wins_over_every_assumption() -> None:
    here = Here(3600)
    here.draw.life_seconds = 120  # the role's own maximum was cut meanwhile
    here.pass_by(2700)
    assert here.key() == "ASIA2"
    here.pass_by(81)
    assert here.key() == "ASIA3"


@pytest.mark.parametrize("failure", [DOWN, NO_FILE, RuntimeError("a defect")])
def test_valid_ones_are_served_while_none_are_to_be_had_until_they_expire(
    failure: Exception,
) -> None:
    """Invariant 12."""
    here = Here()
    here.draw.failure = failure
    for _ in range(3599):
        here.pass_by(1)
        assert here.key() == "ASIA1"
    here.pass_by(1)
    assert here.code() in {"broker-unreachable", "token-file-unreadable", "internal-error"}


def test_after_a_failure_the_broker_is_left_alone_for_some_seconds() -> None:
    here = Here()
    here.draw.failure = DOWN
    here.pass_by(2700)
    for _ in range(900):
        here.key()
        here.pass_by(0.1)
    assert here.draw.count - 1 == 90 / PAUSE_SECONDS


def test_expired_ones_are_asked_for_no_more_often() -> None:
    here = Here()
    here.draw.failure = DOWN
    here.pass_by(3600)
    for _ in range(20):
        assert here.code() == "broker-unreachable"
    assert here.draw.count == 2
    here.pass_by(PAUSE_SECONDS)
    here.draw.failure = None
    assert here.key() == "ASIA3"


@pytest.mark.parametrize("no", [REVOKED, RunChangedError("run-changed", "another run's")])
def test_a_no_drops_valid_ones_at_once(no: ValetkeyError) -> None:
    """Invariant 6."""
    here = Here()
    here.draw.failure = no
    here.pass_by(2700)
    assert here.code() == no.code
    assert here.credentials.is_over()
    here.draw.failure = DOWN
    here.pass_by(PAUSE_SECONDS)
    assert here.code() == "broker-unreachable"


def test_the_brokers_own_words_are_what_is_raised() -> None:
    here = Here()
    here.draw.failure = REVOKED
    here.pass_by(3600)
    with pytest.raises(BrokerDeniedError) as caught:
        here.credentials.current()
    told = caught.value
    assert (told.code, told.message, told.hint) == (REVOKED.code, REVOKED.message, REVOKED.hint)
    assert told is not REVOKED


def test_a_first_draw_that_fails_says_why() -> None:
    draw = FakeDraw(failure=REVOKED)
    with pytest.raises(BrokerDeniedError):
        RunCredentials(draw, clock=Clock()).begin()


def test_credentials_that_are_over_when_they_come_are_no_credentials() -> None:
    with pytest.raises(BrokerUnavailableError) as caught:
        RunCredentials(FakeDraw(life_seconds=-1), clock=Clock()).begin()
    assert caught.value.code == "credentials-expired"


def test_a_clock_that_went_back_does_not_make_old_ones_young() -> None:
    here = Here()
    here.pass_by(-3600)
    assert here.key() == "ASIA2"


def test_after_a_long_sleep_the_first_call_gets_new_ones() -> None:
    here = Here(launch=in_thread)
    here.pass_by(8 * 3600)
    assert here.key() == "ASIA2"


def test_nobody_waits_for_a_slow_broker_while_valid_ones_are_held() -> None:
    """Invariant 12, lesson 21: no lock is held over the draw."""
    here = Here(launch=in_thread)
    here.draw.gate = threading.Event()
    here.pass_by(2700)
    started = time.monotonic()
    assert [here.key() for _ in range(100)] == ["ASIA1"] * 100
    assert time.monotonic() - started < 0.5
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

        def __enter__(self) -> None:
            if self.is_first:
                self.is_first = False
                here.credentials.begin()
            super().__enter__()

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


def test_where_no_thread_starts_any_more_the_draw_is_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the interpreter's end, when an agent flushes what it has."""
    here = Here(launch=in_thread)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    here.pass_by(3600)
    assert here.key() == "ASIA2"


def test_held_credentials_do_not_show_themselves() -> None:
    assert "secret-1" not in repr(Here().credentials.current())
    assert "session-1" not in repr(Here().credentials.current())
