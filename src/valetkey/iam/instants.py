"""Dates as IAM reads them: W3C's profile of ISO 8601, or Unix seconds."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))?)?)?\Z"
)
SECONDS = re.compile(r"-?[0-9]{5,12}(?:\.[0-9]{1,9})?\Z")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_instant(text: str) -> Decimal | None:
    """Return Unix seconds, exactly, or None where `text` is no date.

    Four digits are a year; five to twelve are seconds. A time needs its zone.
    """
    if SECONDS.match(text):
        return Decimal(text)
    found = DATE.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    passed = moment - EPOCH - _offset(zone)
    seconds = Decimal(passed.days) * 86_400 + passed.seconds
    return seconds + Decimal(f"0.{fraction}") if fraction else seconds


def _offset(zone: str | None) -> timedelta:
    """Return how far a zone is ahead of UTC."""
    if zone in (None, "Z"):
        return timedelta()
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -ahead if zone[0] == "-" else ahead
