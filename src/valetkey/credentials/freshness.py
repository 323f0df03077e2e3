"""When held credentials are handed out, and when new ones are fetched first.

The SDKs ask again inside their own windows: from 15 minutes before expiry once a request
(botocore's advisory refresh), from 10 minutes before it while the program waits (mandatory). What
is handed out inside the window makes them ask on every signed request, so the remaining life at
hand-out stays above it whenever the role's sessions are long enough.
"""

from enum import Enum

ADVISORY_WINDOW = 15 * 60
COMFORT = 5 * 60
"""Seconds above the advisory window at which a refresh begins, unseen by any client."""
UNDERWAY = 2
"""Seconds for which SDKs wait: what reaches them inside the window makes them ask again."""
CLOCK_STEP = 60
"""Seconds by which a clock may be set back without anything being doubted."""
SHORT_SESSION_REUSE = 30
"""Seconds for which a 900 s session is reused: it is inside the window from its first second."""


class Freshness(Enum):
    """What to do with held credentials."""

    FRESH = "serve"
    AGING = "serve, and refresh behind it"
    STALE = "refresh, and serve the held ones only if that fails"
    EXPIRED = "refresh or refuse"


def freshness(*, issued_at: float, expiration: float, now: float) -> Freshness:
    """Judge credentials held since `issued_at`; all three are Unix seconds."""
    if now >= expiration:
        return Freshness.EXPIRED
    if now < issued_at - CLOCK_STEP:
        return Freshness.STALE  # the clock went back: their age can't be told by it
    spare = expiration - issued_at - ADVISORY_WINDOW
    if spare <= 0:
        return Freshness.FRESH if now < issued_at + SHORT_SESSION_REUSE else Freshness.STALE
    if now < issued_at + max(spare / 2, spare - COMFORT):
        return Freshness.FRESH
    least = ADVISORY_WINDOW + min(UNDERWAY, spare / 2)
    return Freshness.AGING if expiration - now > least else Freshness.STALE
