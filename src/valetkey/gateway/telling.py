"""What the log hears of servers in trouble: whose it is, and not a line for each call."""

import logging
import time
from collections.abc import Callable
from typing import Final

from valetkey.gateway.errors import GatewayError

log = logging.getLogger("valetkey.gateway")

EVERY_SECONDS: Final = 60.0


class Telling:
    """Tells each code of a server once in EVERY_SECONDS; how often it was unsaid, the next time.

    It remembers as much as there are servers and codes. `clock` counts seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[tuple[str | None, str], float] = {}
        self._unsaid: dict[tuple[str | None, str], int] = {}

    def tell(self, sentence: str, error: GatewayError) -> None:
        """Warn of a server that did not do its part, with the run that met it."""
        key, now = (error.server, error.code), self._clock()
        if now < self._until.get(key, now):
            self._unsaid[key] = self._unsaid.get(key, 0) + 1
            return
        self._until[key] = now + EVERY_SECONDS
        fields: dict[str, object] = {
            "server": error.server,
            "run": error.run,
            "code": error.code,
            "detail": error.detail,
        }
        if unsaid := self._unsaid.pop(key, 0):
            fields["unsaid_before"] = unsaid
        log.warning(sentence, extra=fields)
