"""The table of sessions: bounded, and every one its run's own."""

import itertools

import pytest

from tests.fakes.platform import Clock
from valetkey.gateway import sessions as table
from valetkey.gateway.faults import Fault
from valetkey.gateway.link import ClientSide
from valetkey.gateway.revisions import Revision
from valetkey.gateway.sessions import Session, Sessions

CLIENT = ClientSide(revision=Revision.LEGACY, info=b"{}")


def made(clock: Clock) -> Sessions:
    counter = itertools.count(1)
    return Sessions(clock, lambda size: next(counter).to_bytes(size, "big"))


def opened(sessions: Sessions, run: str = "r-1", path: str = "/mcp") -> Session:
    return sessions.open(run, path, CLIENT, version="2025-11-25")[0]


def is_known(sessions: Sessions, session: Session, run: str = "r-1", path: str = "/mcp") -> bool:
    try:
        return sessions.find(session.id, run_id=run, path=path) is session
    except Fault as error:
        assert (error.code, error.status) == ("session-unknown", 404)
        return False


def test_an_id_has_192_bits_and_only_visible_characters() -> None:
    session = opened(made(Clock()))
    assert len(session.id) == 32
    assert all("!" <= char <= "~" for char in session.id)


def test_a_session_is_of_one_run_at_one_path() -> None:
    sessions = made(Clock())
    session = opened(sessions)
    assert is_known(sessions, session)
    assert not is_known(sessions, session, run="r-2")
    assert not is_known(sessions, session, path="/mcp/billing")


def test_an_idle_session_is_over_and_a_used_one_is_not() -> None:
    clock = Clock()
    sessions = made(clock)
    session, idle = opened(sessions), opened(sessions)
    clock.now += 1800
    assert is_known(sessions, session)
    clock.now += 1
    assert is_known(sessions, session)
    assert not is_known(sessions, idle)


def test_idle_sessions_are_dropped_when_others_open() -> None:
    clock = Clock()
    sessions = made(clock)
    idle = opened(sessions)
    clock.now += 1801
    _, gone = sessions.open("r-2", "/mcp", CLIENT, version="2025-11-25")
    assert gone == (idle,)
    assert len(sessions) == 1


def test_a_runs_sessions_are_bounded_and_its_idlest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "SESSIONS_PER_RUN", 2)
    clock = Clock()
    sessions = made(clock)
    first, other = opened(sessions), opened(sessions, run="r-2")
    clock.now += 1
    second = opened(sessions)
    clock.now += 1
    assert is_known(sessions, first)
    opened(sessions)
    assert not is_known(sessions, second)
    assert is_known(sessions, first)
    assert is_known(sessions, other, run="r-2")


def test_where_all_are_busy_none_is_ended_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "SESSIONS_PER_RUN", 1)
    sessions = made(Clock())
    session = opened(sessions)
    session.working[1] = None  # type: ignore[assignment]
    with pytest.raises(Fault) as caught:
        opened(sessions)
    assert (caught.value.code, caught.value.status) == ("sessions-of-run", 429)
    assert is_known(sessions, session)


def test_all_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_SESSIONS", 2)
    clock = Clock()
    sessions = made(clock)
    opened(sessions, run="r-1")
    opened(sessions, run="r-2")
    with pytest.raises(Fault) as caught:
        opened(sessions, run="r-3")
    assert (caught.value.code, caught.value.status) == ("sessions-all", 503)
    clock.now += 1801
    assert opened(sessions, run="r-3")


def test_questions_to_a_client_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ASKED_PER_SESSION", 2)
    session = opened(made(Clock()))
    ids = [session.ask(None, number, None) for number in range(3)]  # type: ignore[arg-type]
    assert len(set(ids)) == 3
    assert list(session.asked) == ids[1:]
