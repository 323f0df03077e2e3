"""The gateway's token of a run: in memory alone, renewed before it ends, by one request at a time.

A token is renewed at half its life. Whoever comes while another renews it takes the one that is
still good; only where there is none does anybody wait, and all who wait share the outcome.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError
from valetkey.sandbox.run_token import RunToken
from valetkey.sandbox.token_relay import Exchange
from valetkey.sandbox.token_request import IssuedToken, TokenRequest, parse_issued
from valetkey.secret import Secret

_SPARE_SECONDS: Final = 5.0  # a token must not end on its way
_RETRY_SECONDS: Final = 5.0  # after an early renewal that failed, while the token is still good


class Bearer(Protocol):
    """What a run shows at its gateway."""

    def current(self) -> Secret:
        """Return it. Raises a ValetkeyError where there is none."""
        ...

    def after_refusal(self, refused: Secret) -> Secret | None:
        """Return another one than `refused`, None where there can't be one."""
        ...


class RunTokenBearer:
    """The run's own token: what another `valetkey run`'s loopback address takes in its place."""

    def __init__(self, token: RunToken) -> None:
        self._token = token

    def current(self) -> Secret:
        """Return the token now."""
        return self._token.current()

    def after_refusal(self, refused: Secret) -> Secret | None:
        """Return None: who refused it knows better."""
        return None


class _Flight:
    """One request for a token, and those who wait for it."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.issued: IssuedToken | None = None
        self.error: Exception | None = None


class GatewayToken:
    """Tokens for `resource`, the gateway's canonical URI. Safe in threads; it starts none."""

    def __init__(
        self, exchange: Exchange, resource: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._exchange = exchange
        self._request = TokenRequest(None, resource=resource)
        self._clock = clock
        self._lock = threading.Lock()
        self._issued: IssuedToken | None = None
        self._due_at = 0.0
        self._flight: _Flight | None = None

    def current(self) -> Secret:
        """Return a token that is good for some seconds at least.

        Raises what the broker says, or why it says nothing.
        """
        now = self._clock()
        with self._lock:
            held = self._held(now)
            is_due = now >= self._due_at
            if held is not None and (not is_due or self._flight is not None):
                return held.token
        try:
            return self._renewed().token
        except BrokerRefusedError:
            raise
        except ValetkeyError:
            if held is None:
                raise
            with self._lock:
                self._due_at = self._clock() + _RETRY_SECONDS
            return held.token

    def after_refusal(self, refused: Secret) -> Secret | None:
        """Return a token that is newer than `refused`; that one is never shown again."""
        with self._lock:
            if self._issued is not None and self._issued.token == refused:
                self._issued = None
        return self.current()

    def _held(self, now: float) -> IssuedToken | None:
        """Return the token that is good now; one from before the clock was set back is none."""
        issued = self._issued
        if issued is None:
            return None
        spare = min(_SPARE_SECONDS, (issued.expires_at - issued.asked_at) / 4)
        return issued if issued.asked_at <= now < issued.expires_at - spare else None

    def _renewed(self) -> IssuedToken:
        """Return what the request brings that is under way, or a new one."""
        with self._lock:
            flight, is_ours = self._flight, self._flight is None
            if flight is None:
                flight = self._flight = _Flight()
        if is_ours:
            self._fly(flight)
        else:
            flight.landed.wait()  # the request has a time limit of its own
        if flight.issued is None:
            raise flight.error or RuntimeError("a flight landed without an outcome")
        return flight.issued

    def _fly(self, flight: _Flight) -> None:
        try:
            asked_at = self._clock()
            status, body = self._exchange(self._request)
            flight.issued = parse_issued(status, body, asked_at=asked_at)
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            flight.error = error
        finally:
            with self._lock:
                if flight.issued is not None:
                    self._issued = flight.issued
                    self._due_at = (flight.issued.asked_at + flight.issued.expires_at) / 2
                elif isinstance(flight.error, BrokerRefusedError):
                    self._issued = None  # a no: what is left of its life is not the run's any more
                self._flight = None
            flight.landed.set()
