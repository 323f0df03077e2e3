"""Who takes long over a request is hung up on, and who is many makes room."""

import socket

import pytest

from tests.fakes.platform import Clock
from valetkey.sandbox import unread as module
from valetkey.sandbox.unread import Unread


class Waiting:
    """Connections that were added one after the other, and the other side of each."""

    def __init__(self, count: int = 1) -> None:
        self.clock = Clock()
        self.unread = Unread(clock=self.clock)
        self.pairs = [socket.socketpair() for _ in range(count)]
        for ours, _ in self.pairs:
            self.unread.add(ours)

    def hung_up(self) -> list[bool]:
        return [self._is_hung_up(theirs) for _, theirs in self.pairs]

    def _is_hung_up(self, theirs: socket.socket) -> bool:
        theirs.setblocking(False)
        try:
            return theirs.recv(1) == b""
        except BlockingIOError:
            return False

    def close(self) -> None:
        for pair in self.pairs:
            for each in pair:
                each.close()


@pytest.mark.parametrize(("seconds", "is_over"), [(4.9, False), (5.0, True)])
def test_a_request_has_five_seconds_as_a_whole(seconds: float, is_over: bool) -> None:
    waiting = Waiting()
    waiting.clock.now += seconds
    waiting.unread.sweep()
    assert waiting.hung_up() == [is_over]
    waiting.close()


def test_whose_request_is_read_has_all_the_time() -> None:
    waiting = Waiting(2)
    waiting.unread.remove(waiting.pairs[0][0])
    waiting.clock.now += 60
    waiting.unread.sweep()
    assert waiting.hung_up() == [False, True]
    waiting.close()


def test_where_they_are_many_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the newest: who connects and asks at once must be served."""
    monkeypatch.setattr(module, "MOST_UNREAD", 2)
    waiting = Waiting(3)
    assert waiting.hung_up() == [True, False, False]
    waiting.close()


def test_a_connection_that_went_by_itself_harms_nobody() -> None:
    waiting = Waiting(2)
    waiting.pairs[0][0].close()
    waiting.clock.now += 60
    waiting.unread.sweep()
    assert waiting.hung_up()[1]
    waiting.close()
