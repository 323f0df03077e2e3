"""Credentials that renew themselves, with a broker that counts and a clock that moves."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.fakes.platform import Clock
from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerDeniedError, BrokerUnavailableError
from valetkey.sandbox.run_credentials import Held, RunCredentials
from valetkey.secret import Secret

DOWN = BrokerUnavailableError("broker-unreachable", "no broker answers")
REVOKED = BrokerDeniedError("run-revoked", "the run is revoked", hint="open a new run")

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
