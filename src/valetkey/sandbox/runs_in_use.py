"""The runs that this process works in: each grant of each drawn once, whoever asks for it.

What is shared is found by the run, and only by who shows a token that the broker took: knowing a
run's id, which is no secret, opens nothing. Runs that are over are forgotten.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from valetkey.sandbox.flights import HOPE_SECONDS, Flight, guard, in_thread
from valetkey.sandbox.run_access import RunAccess, RunBroker, claimed_run, prove
from valetkey.sandbox.run_credentials import RunCredentials
from valetkey.sandbox.run_token import RunToken
from valetkey.secret import Secret

MAX_SHARED = 512
"""More than one process serves at once; the least recently asked for goes first, and those who
have it keep it."""


class _Key(NamedTuple):
    broker: str
    run: str
    grant: str


class _Attempt(NamedTuple):
    broker: str
    digest: bytes
    grant: str


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """One grant of one run: how it is drawn, and what was drawn. Compared by identity."""

    access: RunAccess
    credentials: RunCredentials


class RunsInUse:
    """Every grant of a run that was asked for here and is not over."""

    def __init__(self, connect: Callable[[str], RunBroker], *, clock: Callable[[], float]) -> None:
        self._connect = connect
        self._clock = clock
        self._shared: OrderedDict[_Key, Shared] = OrderedDict()
        self._attempts: dict[_Attempt, Flight[Shared]] = {}

    def share(self, broker: str, token: RunToken, *, grant: str) -> Shared:
        """Return the grant of the token's run, drawn: the same for all who ask.

        Callers that ask at the same time with one token wait for one draw. Raises the error that
        the broker gave, or what is wrong with the token's file.
        """
        shown = token.current()
        key = _Key(broker, claimed_run(shown), grant)
        attempt = _Attempt(broker, shown.digest(), grant)
        with guard.lock:
            shared = self._find(key)
            if shared is not None and shared.access.knows(shown):
                self._shared.move_to_end(key)
                if shared.access.add(token):
                    shared.credentials.end_pause()
                return shared
            flight = self._attempts.get(attempt)
            starts = flight is None or flight.is_lost
            if flight is None or starts:
                flight = Flight(partial(self._attempt, attempt, key, token=token, shown=shown))
                self._attempts[attempt] = flight
        if starts:
            in_thread(flight.fly)
        flight.wait(HOPE_SECONDS)
        return flight.outcome()

    def __len__(self) -> int:
        return len(self._shared)

    def _attempt(self, attempt: _Attempt, key: _Key, *, token: RunToken, shown: Secret) -> Shared:
        try:
            return self._build(key, token, shown=shown)
        finally:
            with guard.lock:
                self._attempts.pop(attempt, None)

    def _build(self, key: _Key, token: RunToken, *, shown: Secret) -> Shared:
        """Prove the token; then join what is drawn for its run already, or draw."""
        access = prove(self._connect(key.broker), token, shown=shown, grant=key.grant)
        with guard.lock:
            if (shared := self._find(key)) is not None:
                if shared.access.adopt(access):
                    shared.credentials.end_pause()
                return shared
        shared = Shared(access, RunCredentials(access.draw, clock=self._clock))
        shared.credentials.begin()
        with guard.lock:
            if (other := self._find(key)) is not None:
                other.access.adopt(access)  # another token of the same run was as fast
                return other
            self._make_room()
            self._shared[key] = shared
        return shared

    def _find(self, key: _Key) -> Shared | None:
        shared = self._shared.get(key)
        return None if shared is None or shared.credentials.is_over() else shared

    def _make_room(self) -> None:
        for key in [k for k, s in self._shared.items() if s.credentials.has_expired()]:
            del self._shared[key]
        while len(self._shared) >= MAX_SHARED:
            self._shared.popitem(last=False)
