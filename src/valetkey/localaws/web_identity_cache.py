"""Issuers' keys, kept for a while: who sends tokens must not decide how often an issuer is asked.

Only the URLs of registered providers get here. Times are `monotonic`'s: a local AWS whose own
clock stands still must see a new key, too.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from valetkey.localaws.faults import AwsError
from valetkey.localaws.web_identity_fetch import fetch_key_set
from valetkey.localaws.web_identity_keys import PublishedKeys, no_verification_key, read_keys

FRESH_SECONDS = 60.0  # in which keys are not asked for again, unless one is unknown
PAUSE_SECONDS = 1.0  # after a request that a token brought about in vain
MAX_ISSUERS = 200  # twice the providers that an account has: some were deleted since


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: PublishedKeys | None = None
    fetched_at: float = 0.0
    missed_at: float | None = None  # when it was asked last for a key that it did not have
    failure: AwsError | None = None

    def fresh(self, now: float) -> PublishedKeys | None:
        """Return the keys that may still be believed."""
        return self.keys if now - self.fetched_at < FRESH_SECONDS else None

    def holding(self, kid: str, now: float) -> PublishedKeys | None:
        """Return them if `kid` is among them."""
        found = self.fresh(now)
        return found if found is not None and kid in found.by_kid else None


@dataclass(slots=True)
class KeyCache:
    """The keys of issuers by URL. One request to an issuer at a time; the others wait for it."""

    fetch: Callable[[str], bytes] = fetch_key_set
    monotonic: Callable[[], float] = time.monotonic
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keys(self, issuer: str, kid: str) -> PublishedKeys:
        """Return the issuer's keys, asked for anew where they are old or lack `kid`.

        Keys that are not old are served while the issuer can't be asked. Raises AwsError as
        `fetch_key_set` and `read_keys` do; a failure is told again for PAUSE_SECONDS.
        """
        entry = self._entry(issuer)
        held = entry.holding(kid, self.monotonic())
        if held is not None:  # nobody's slow request is waited for
            return held
        with entry.lock:
            now = self.monotonic()
            found = entry.holding(kid, now)
            if found is not None:
                return found
            if entry.missed_at is None or now - entry.missed_at >= PAUSE_SECONDS:
                try:
                    entry.keys = read_keys(self.fetch(issuer))
                    entry.fetched_at, entry.failure = now, None
                except AwsError as error:
                    entry.failure = error
                hit = entry.holding(kid, now) is not None
                entry.missed_at = None if hit else self.monotonic()  # it may have taken seconds
            found = entry.fresh(now)
            if found is None:
                raise _told(entry.failure)
            return found

    def _entry(self, issuer: str) -> _Entry:
        with self._lock:
            if issuer not in self._entries and len(self._entries) >= MAX_ISSUERS:
                self._entries.clear()
            return self._entries.setdefault(issuer, _Entry())


def _told(failure: AwsError | None) -> AwsError:
    """Return the failure as an error of its own: one that is raised twice grows a trace."""
    if failure is None:
        return no_verification_key()
    return AwsError(failure.code, failure.message, status=failure.status)
