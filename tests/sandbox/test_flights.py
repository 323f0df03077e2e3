"""One piece of work for all who wait for it."""

import threading

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
    """Whatever kept it from being started, nobody waits for it for ever."""
    flight = Flight(lambda: 1)
    assert not flight.is_lost
    monkeypatch.setattr(flights, "_LONGEST_SECONDS", -1.0)
    assert flight.is_lost


def test_the_guard_lets_in_one_thread_and_that_one_again() -> None:
    """Again: a signal may come in between, and its code may ask for credentials, too."""
    guard, entered = Guard(), threading.Event()

    def enter() -> None:
        with guard:
            entered.set()

    with guard, guard:
        in_thread(enter)
        assert not entered.wait(0.1)
    assert entered.wait(5)


def test_a_new_lock_is_free_whoever_held_the_old_one() -> None:
    guard, held, done = Guard(), threading.Event(), threading.Event()

    def hold() -> None:
        with guard:
            held.set()
            done.wait(10)

    before = guard.forks
    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    old = guard._lock
    guard.after_fork()
    with guard:
        assert guard.forks == before + 1
    guard._lock = old
    done.set()
    thread.join()
