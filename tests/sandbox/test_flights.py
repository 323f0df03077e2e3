"""One piece of work for all who wait for it."""

import threading
import time

import pytest

from valetkey.sandbox import flights
from valetkey.sandbox.errors import BrokerDeniedError, BrokerUnavailableError
from valetkey.sandbox.flights import Flight, Guard, in_thread

NO = BrokerDeniedError("run-revoked", "the run is revoked", hint="open a new run", detail="d")


def fail(error: Exception) -> None:
    raise error


def test_all_who_wait_get_what_the_work_returned() -> None:
    flight: Flight[object] = Flight(object)
    in_thread(flight.fly)
    assert flight.wait(5)
    assert flight.outcome() is flight.outcome()


def test_each_who_waits_gets_an_error_of_their_own() -> None:
    flight: Flight[None] = Flight(lambda: fail(NO))
    flight.fly()
    raised = []
    for _ in range(2):
        with pytest.raises(BrokerDeniedError) as caught:
            flight.outcome()
        raised.append(caught.value)
    assert raised[0] is not raised[1]
    assert {(e.code, e.message, e.hint, e.detail) for e in raised} == {
        (NO.code, NO.message, NO.hint, NO.detail)
    }


def test_a_defect_is_named_by_its_type_and_shows_no_more() -> None:
    flight: Flight[None] = Flight(lambda: fail(KeyError("a secret")))
    flight.fly()
    with pytest.raises(BrokerUnavailableError) as caught:
        flight.outcome()
    assert caught.value.code == "internal-error"
    assert "KeyError" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_who_waited_in_vain_is_told_to_ask_again() -> None:
    flight = Flight(lambda: 1)
    assert not flight.wait(0.01)
    with pytest.raises(BrokerUnavailableError) as caught:
        flight.outcome()
    assert caught.value.code == "broker-slow"


def test_a_flight_that_never_lands_is_lost_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it hangs in, nobody waits for it for ever."""
    gate = threading.Event()
    flight = Flight(gate.wait)
    in_thread(flight.fly)
    lost = []
    for limit in ("_START_SECONDS", "_LONGEST_SECONDS"):
        monkeypatch.setattr(flights, limit, -1.0)
        time.sleep(0.05)
        lost.append(flight.is_lost)
    assert lost == [False, True]
    gate.set()


def test_a_flight_that_nobody_started_is_soon_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal's exception came between making it and starting its thread."""
    before, after = Flight(lambda: 1), Flight(lambda: 1)
    assert not before.is_lost
    monkeypatch.setattr(flights, "_START_SECONDS", -1.0)
    assert after.is_lost


def test_who_waits_for_a_flight_that_nobody_started_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flights, "_START_SECONDS", 0.05)
    flight = Flight(object)
    assert flight.wait(5)
    assert flight.outcome()


def test_the_work_is_done_once_however_often_it_is_started() -> None:
    count: list[int] = []
    flight = Flight(lambda: count.append(1))
    for _ in range(3):
        flight.fly()
    assert count == [1]


def test_the_guard_lets_in_one_thread_and_that_one_again() -> None:
    """Again: a signal may come in between, and its code may ask for credentials, too."""
    guard, entered = Guard(), threading.Event()

    def enter() -> None:
        with guard.lock:
            entered.set()

    with guard.lock, guard.lock:
        in_thread(enter)
        assert not entered.wait(0.1)
    assert entered.wait(5)


def test_a_new_lock_is_free_whoever_held_the_old_one() -> None:
    guard, held, done = Guard(), threading.Event(), threading.Event()

    def hold() -> None:
        with guard.lock:
            held.set()
            done.wait(10)

    before = guard.forks
    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    old = guard.lock
    guard.after_fork()
    with guard.lock:
        assert guard.forks == before + 1
    guard.lock = old
    done.set()
    thread.join()
