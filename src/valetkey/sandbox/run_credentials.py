"""Credentials that renew themselves: drawn once for all threads, before anybody has to wait.

SDKs ask for them at every request that they sign, so the usual answer costs a look at the clock.
It knows nothing of boto and of brokers: how credentials are drawn is a function that it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import time

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError, BrokerUnavailableError, RunChangedError
from valetkey.sandbox.flights import (
    HOPE_SECONDS,
    Flight,
    defect,
    guard,
    in_thread,
    slow,
    told_again,
)
from valetkey.secret import Secret

ADVANCE_SECONDS = 900.0  # when the broker, too, hands out new ones: a draw before gets the same
_ADVANCE_SHARE = 3  # of a shorter life its last third: a 900 s session is drawn 6 times an hour
_SPARE_SECONDS = 60.0  # in their last minute it is better to wait a little: a call takes time
_PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 5.0  # after a failure the broker is left alone for so long
_LONGEST_SECONDS = 12 * 3600.0  # AWS's own limit; whoever says more must not stay unasked
_CLOCK_STEP_SECONDS = 60.0  # by so much a clock may be set back without anything being doubted


@dataclass(frozen=True, slots=True)
class Held:
    """Credentials as they were drawn. `expiration` is STS's own; both instants are Unix seconds."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    account_id: str | None
    expiration: float
    drawn_at: float

    def is_fresh(self, now: float) -> bool:
        """Say whether they are served without a thought of the next ones."""
        life = min(self.expiration - self.drawn_at, _LONGEST_SECONDS)
        advance = min(ADVANCE_SECONDS, life / _ADVANCE_SHARE)
        return self.drawn_at - _CLOCK_STEP_SECONDS <= now < self.drawn_at + life - advance


class RunCredentials:
    """One grant's credentials of one run. Safe in threads, and in the child of a fork.

    `draw` is called with the instant of the draw, in Unix seconds; it raises a ValetkeyError.
    """

    def __init__(
        self,
        draw: Callable[[float], Held],
        *,
        clock: Callable[[], float] = time,
        launch: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        self._draw = draw
        self._clock = clock
        self._launch = launch
        self._held: Held | None = None
        self._flight: Flight[None] | None = None
        self._failure: ValetkeyError | None = None
        self._failed_at = 0.0

    def begin(self) -> None:
        """Draw for the first time, in this thread. Raises the error of the draw."""
        self._renew()
        if self._failure is not None:
            raise told_again(self._failure)

    def current(self) -> Held:
        """Return credentials that are valid now.

        Still-valid ones are served while the broker gives no answer. Its no drops them: it is
        raised here from then on. Where nothing valid is left, the last draw's error is
        raised, at most one draw in `PAUSE_SECONDS` is made, and a caller waits for it.
        """
        now = self._clock()
        held = self._held
        if held is not None and held.is_fresh(now):
            return held
        flight = self._join(now)
        held = self._held
        if flight is not None and (held is None or held.expiration - now <= _SPARE_SECONDS):
            is_valid = held is not None and now < held.expiration
            flight.wait(_PATIENCE_SECONDS if is_valid else HOPE_SECONDS)
            now, held = self._clock(), self._held
        if held is not None and now < held.expiration:
            return held
        raise told_again(self._failure or slow()) from None

    def end_pause(self) -> None:
        """Let the next caller draw at once: what the last failure came from has changed."""
        self._failed_at = -inf

    def is_over(self) -> bool:
        """Say whether the last word on the run was a no."""
        return self._held is None

    def has_expired(self) -> bool:
        """Say whether nothing valid is held, whyever."""
        held = self._held
        return held is None or self._clock() >= held.expiration

    def _join(self, now: float) -> Flight[None] | None:
        """Return the draw that is under way, or start one; None in the pause after a failure."""
        with guard.lock:
            flight, held = self._flight, self._held
            if flight is not None and not flight.is_lost:
                return flight
            if held is not None and held.is_fresh(now):
                return None  # it landed just now
            if self._failure is not None and 0 <= now - self._failed_at < PAUSE_SECONDS:
                return None
            flight = self._flight = Flight(self._renew)
        self._launch(flight.fly)
        return flight

    def _renew(self) -> None:
        held: Held | None = None
        failure: ValetkeyError | None = None
        try:
            held = self._draw(self._clock())
            if held.expiration <= self._clock():
                failure = _stale()
        except ValetkeyError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - what is valid is served on, whatever it was
            failure = defect(error)
        with guard.lock:
            self._flight = None
            self._failure = failure
            if failure is None:
                self._held = held
                return
            self._failed_at = self._clock()
            if isinstance(failure, BrokerRefusedError | RunChangedError):
                self._held = None


def _stale() -> BrokerUnavailableError:
    return BrokerUnavailableError(
        "credentials-expired",
        "the credentials that were handed out are expired by this machine's clock",
        hint="is the clock right? AWS refuses requests whose time is 5 minutes off",
    )
