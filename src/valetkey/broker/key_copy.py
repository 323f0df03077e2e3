"""The stored signing keys as this process last read them. It changes none of them."""

import asyncio
import math
from typing import Final

from valetkey.broker.ports import Store
from valetkey.credentials import MAX_PUBLISHED, Algorithm, KeyPhase, KeySchedule, SigningKey, phase
from valetkey.credentials.key_phases import signer

COPY_SECONDS: Final = 1.0
"""How old a copy may be: for so long may a key sign that another process has retired."""


class KeyCopy:
    """A copy that is renewed when it is older than `COPY_SECONDS`, by one read at a time."""

    def __init__(self, store: Store, issuer: str, schedule: KeySchedule) -> None:
        self._store = store
        self._issuer = issuer
        self._schedule = schedule
        self.stored: tuple[SigningKey, ...] = ()
        """The keys of all issuers that the store knows, in the order they were made."""
        self.own: tuple[SigningKey, ...] = ()
        self.signing: dict[Algorithm, SigningKey | None] = {}
        """What signs, as of the last read."""
        self._read_at: float | None = None
        self._phases: tuple[int, tuple[tuple[SigningKey, KeyPhase], ...]] | None = None
        """Of one second: keys begin and end at whole ones, and every tool call asks."""
        self._begun = self._shown = 0
        self._flight: asyncio.Task[None] | None = None

    def is_fresh(self, now: float) -> bool:
        """Say whether the copy may be used at `now`. A clock that is set back makes it old."""
        return self._read_at is not None and abs(now - self._read_at) < COPY_SECONDS

    async def freshen(self, now: float) -> None:
        """Have a copy that is fresh. Callers share one read, which goes on if they hang up."""
        if self.is_fresh(now):
            return
        if self._flight is None:
            self._flight = asyncio.ensure_future(self.reread(now))
            self._flight.add_done_callback(self._landed)
        await asyncio.shield(self._flight)

    async def reread(self, now: float) -> None:
        """Have a copy that was read after this call: what was written before it is in it."""
        self._begun += 1
        turn = self._begun
        stored = tuple(await self._store.signing_keys())
        if turn < self._shown:
            return  # a read that began later was faster
        self._shown = turn
        self.stored = stored
        self.own = tuple(key for key in stored if key.issuer == self._issuer)
        self._phases = None
        for algorithm in Algorithm:
            self.signing[algorithm] = signer(self.own, algorithm=algorithm, now=now)
        self._read_at = now

    def phases(self, now: float) -> tuple[tuple[SigningKey, KeyPhase], ...]:
        """Return every own key with what it is for, in the order they were made."""
        second = math.floor(now)
        if self._phases is None or self._phases[0] != second:
            own = self.own
            found = tuple((key, phase(key, own, self._schedule, now=second)) for key in own)
            self._phases = (second, found)
        return self._phases[1]

    def working(self) -> list[SigningKey]:
        """Return what signs, one key for an algorithm at most."""
        return [key for key in self.signing.values() if key is not None]

    def waiting(self, now: float) -> list[SigningKey]:
        """Return what is to sign later."""
        later = {KeyPhase.NEXT, KeyPhase.PENDING}
        return [key for key, what in self.phases(now) if what in later]

    def has_room(self, more: int, now: float) -> bool:
        """Say whether the key set may have so many keys more."""
        over_for_good = {KeyPhase.GONE, KeyPhase.RETIRED}
        shown = [key for key, what in self.phases(now) if what not in over_for_good]
        return len(shown) + more <= MAX_PUBLISHED

    def knows(self, kid: str) -> bool:
        """Say whether there is such a key, of whatever issuer."""
        return any(key.kid == kid for key in self.stored)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # seen: whoever waited has it, and nobody may have
