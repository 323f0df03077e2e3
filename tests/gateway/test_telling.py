"""The log says whose trouble it is, and does not grow with an agent that calls in a loop."""

import logging

import pytest

from valetkey.gateway.telling import EVERY_SECONDS, Telling
from valetkey.gateway.trouble import slow, unreachable


def test_a_code_of_a_server_is_told_once_a_minute_with_its_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    now = [100.0]
    telling = Telling(lambda: now[0])

    def meet(server: str, *, is_slow: bool = False) -> None:
        error = slow() if is_slow else unreachable(OSError("no"))
        error.server, error.run = server, "r-1"
        telling.tell("a server did not do its part", error)

    for _ in range(5):
        meet("billing")
    meet("search")
    meet("billing", is_slow=True)
    told = [(r.__dict__["server"], r.__dict__["run"], r.__dict__["code"]) for r in caplog.records]
    assert told == [
        ("billing", "r-1", "server-unreachable"),
        ("search", "r-1", "server-unreachable"),
        ("billing", "r-1", "server-slow"),
    ]
    now[0] += EVERY_SECONDS
    meet("billing")
    assert caplog.records[-1].__dict__["unsaid_before"] == 4
