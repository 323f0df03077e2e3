"""Credentials on their way from the broker to the child: one request at a time for each grant.

It asks the broker every time, because the broker records each hand-out; the one thing it keeps is
the last answer, for when the broker cannot be reached. Serving that again tells the sandbox
nothing it was not given before, so it does not weaken a revocation: what the broker says (any
4xx that is its own) always wins, and drops what was kept.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from valetkey.errors import ValetkeyError
from valetkey.sandbox.document import parse_usable_credentials, problem_in
from valetkey.sandbox.errors import BrokerUnavailableError

# SDKs give up after 2 s and come back: the flight goes on without them, and the next one joins it.
PATIENCE_SECONDS = 1.7
_REFUSED_RETRY_SECONDS = 1.2  # a broker that restarts is back within this, or it is down
_UNCLAIMED_SECONDS = 30.0  # SDKs ask again within 3 s; nobody wants the answer later
_SPARE_SECONDS = 60.0  # kept credentials are not served in their last minute: a call takes time


@dataclass(frozen=True, slots=True)
class Answer:
    """What the child is told: credentials (`error` is None), or why there are none."""

    status: int
    credentials: dict[str, str]
    error: ValetkeyError | None = None


class _Flight:
    """One request to the broker, which anybody may wait for; it outlives those who do."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.landed_at = 0.0
        self.landed = threading.Event()


class HandOuts:
    """Draws each grant at most once at a time. Safe to use from several threads."""

    def __init__(
        self,
        draw: Callable[[str], tuple[int, bytes]],
        *,
        clock: Callable[[], float] = time.time,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._draw = draw
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}
        self._kept: dict[str, dict[str, str]] = {}

    def hand_out(self, grant: str) -> Answer:
        """Return fresh credentials for `grant`, or kept ones, or why there are none.

        Kept ones only where the broker gave no usable answer and they live for another minute.
        Returns within `patience_seconds`.
        """
        flight = self._join(grant)
        has_landed = flight.landed.wait(self._patience_seconds)
        with self._lock:
            if has_landed and self._flights.get(grant) is flight:
                del self._flights[grant]
        answer = flight.answer if has_landed else None
        if answer is None:
            slow = BrokerUnavailableError(
                "broker-slow",
                "there is no answer yet",
                hint="ask again; if it stays, look at the broker's /readyz or, without a broker,"
                " at the network to AWS",
            )
            answer = Answer(503, {}, slow)
        if isinstance(answer.error, BrokerUnavailableError):
            return self._kept_answer(grant) or answer
        return answer

    def _join(self, grant: str) -> _Flight:
        """Return the flight for `grant` that is under way or unclaimed, or start one."""
        with self._lock:
            flight = self._flights.get(grant)
            if flight is not None and not (
                flight.landed.is_set() and self._clock() - flight.landed_at > _UNCLAIMED_SECONDS
            ):
                return flight
            flight = self._flights[grant] = _Flight()
        threading.Thread(target=self._fly, args=(grant, flight), daemon=True).start()
        return flight

    def _fly(self, grant: str, flight: _Flight) -> None:
        try:
            answer = self._ask(grant)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait get a no
            answer = Answer(500, {}, _defect(error))
        with self._lock:
            if answer.error is None:
                self._kept[grant] = answer.credentials
            elif not isinstance(answer.error, BrokerUnavailableError):
                self._kept.pop(grant, None)
        flight.answer = answer
        flight.landed_at = self._clock()
        flight.landed.set()

    def _ask(self, grant: str) -> Answer:
        try:
            status, body = self._draw_with_retry(grant)
            if status == 200:
                return Answer(200, parse_usable_credentials(body))
            error: ValetkeyError = problem_in(status, body)
        except ValetkeyError as caught:
            status, error = 503, caught
        # What is no answer of the broker must not look like its no to whoever is behind us.
        least = 500 if isinstance(error, BrokerUnavailableError) else 400
        return Answer(status if least <= status < 600 else 502, {}, error)

    def _draw_with_retry(self, grant: str) -> tuple[int, bytes]:
        """Draw; where nobody listens, try again for a short while."""
        until = time.monotonic() + min(_REFUSED_RETRY_SECONDS, self._patience_seconds)
        pause = 0.05
        while True:
            try:
                return self._draw(grant)
            except BrokerUnavailableError as error:
                if error.code != "broker-unreachable" or time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 0.2)

    def _kept_answer(self, grant: str) -> Answer | None:
        with self._lock:
            kept = self._kept.get(grant)
        if kept is None or _expiry(kept) - self._clock() < _SPARE_SECONDS:
            return None
        return Answer(200, kept)


def _defect(error: Exception) -> BrokerUnavailableError:
    return BrokerUnavailableError(
        "internal-error",
        "the sidecar failed; nothing was handed out",
        hint="this is a defect in valetkey: please report it",
        detail=type(error).__name__,
    )


def _expiry(credentials: dict[str, str]) -> float:
    """Return the Unix seconds of `Expiration`; 0.0, long past, where it cannot be read."""
    try:
        return datetime.fromisoformat(credentials["Expiration"]).timestamp()
    except ValueError:
        return 0.0
