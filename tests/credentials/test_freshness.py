"""When credentials are renewed: before the SDKs ask, and unseen by them where that is possible."""

import pytest

from valetkey.credentials import Freshness, freshness


@pytest.mark.parametrize(
    ("duration", "age", "found"),
    [
        (3600, 0, Freshness.FRESH),
        (3600, 2399, Freshness.FRESH),
        (3600, 2400, Freshness.AGING),  # five minutes before the SDKs' advisory window
        (3600, 2697, Freshness.AGING),
        (3600, 2698, Freshness.STALE),  # it would arrive inside the window: it must be new
        (3600, 3599, Freshness.STALE),
        (3600, 3600, Freshness.EXPIRED),
        (43_200, 41_999, Freshness.FRESH),
        (43_200, 42_000, Freshness.AGING),
        (910, 4, Freshness.FRESH),
        (910, 5, Freshness.AGING),
        (910, 7, Freshness.AGING),
        (910, 8, Freshness.STALE),
        (902, 0.9, Freshness.FRESH),
        (902, 1, Freshness.STALE),
        (900, 29, Freshness.FRESH),
        (900, 30, Freshness.STALE),
        (3600, -60, Freshness.FRESH),
        (3600, -61, Freshness.STALE),  # the clock was set back
    ],
)
def test_credentials_are_renewed_before_the_sdks_would_ask(
    duration: int, age: float, found: Freshness
) -> None:
    assert freshness(issued_at=1000, expiration=1000 + duration, now=1000 + age) is found
