"""Credentials that renew themselves: how often they are drawn, and what is served meanwhile."""

import _thread

import pytest

from tests.fakes.platform import Clock
from tests.sandbox.drawn_world import DOWN, REVOKED, FakeDraw, Here
from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import (
    BrokerDeniedError,
    BrokerUnavailableError,
    RunChangedError,
    SandboxError,
)
from valetkey.sandbox.flights import in_thread
from valetkey.sandbox.run_credentials import PAUSE_SECONDS, RunCredentials

NO_FILE = SandboxError("token-file-unreadable", "cannot read it")


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


def test_where_no_thread_starts_any_more_the_draw_is_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the interpreter's end, when an agent flushes what it has."""
    here = Here(launch=in_thread)

    def refuse(_: object, __: object) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    here.pass_by(3600)
    assert here.key() == "ASIA2"


def test_who_promises_a_longer_life_than_aws_gives_is_asked_again_all_the_same() -> None:
    """Else a revocation would never be noticed."""
    here = Here(life_seconds=8000 * 365 * 86400.0)
    here.pass_by(12 * 3600)
    assert here.key() == "ASIA2"


def test_held_credentials_do_not_show_themselves() -> None:
    assert "secret-1" not in repr(Here().credentials.current())
    assert "session-1" not in repr(Here().credentials.current())
