"""The credentials that the broker holds for open runs, in memory only.

A key names everything that shaped the value. One refresh is in flight per key, and it outlives a
client that hangs up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from valetkey.audit import LeafTemplate
from valetkey.credentials import AssumedRole, Freshness, freshness


@dataclass(frozen=True, slots=True)
class Held:
    """Credentials of one run and grant, since `issued_at` (Unix seconds by our clock).

    `body` is the container-credentials document as it goes over the wire, `leaf` the record of
    handing it out again.
    """

    answer: AssumedRole
    issued_at: float
    body: bytes
    leaf: LeafTemplate

    def freshness(self, now: float) -> Freshness:
        """Say what to do with them at `now`."""
        return freshness(issued_at=self.issued_at, expiration=self.answer.expiration, now=now)


PAUSE_AFTER_FAILURE = 2.0
"""Seconds for which a failed refresh is the answer: one broken role must not drive STS at the pace
of whoever asks, until AWS throttles the account for all."""


class Holdings:
    """Held credentials by cache key, and the refreshes under way."""

    __slots__ = ("_by_run", "_failed_at", "_held", "_refreshing")

    def __init__(self) -> None:
        self._held: dict[bytes, Held] = {}
        self._by_run: dict[str, set[bytes]] = {}
        self._refreshing: dict[bytes, asyncio.Task[Held]] = {}
        self._failed_at: dict[bytes, float] = {}

    def get(self, key: bytes) -> Held | None:
        """Return what is held under `key`, expired or not."""
        return self._held.get(key)

    def refresh(
        self, key: bytes, run_id: str, fetch: Callable[[], Awaitable[Held]], *, now: float
    ) -> asyncio.Task[Held]:
        """Return the refresh under way for `key`, or one that failed just now, or begin one.

        Await it shielded.
        """
        task = self._refreshing.get(key)
        failed_at = self._failed_at.get(key)
        if failed_at is not None and not 0 <= now - failed_at < PAUSE_AFTER_FAILURE:
            task = None
        if task is None:
            self._failed_at.pop(key, None)
            task = asyncio.ensure_future(self._run(key, run_id, fetch))
            self._refreshing[key] = task
            task.add_done_callback(lambda done: self._finished(key, run_id, done, now))
        return task

    async def _run(self, key: bytes, run_id: str, fetch: Callable[[], Awaitable[Held]]) -> Held:
        held = await fetch()
        self._held[key] = held
        self._by_run.setdefault(run_id, set()).add(key)
        return held

    def _finished(self, key: bytes, run_id: str, task: asyncio.Task[Held], now: float) -> None:
        if task.cancelled() or task.exception() is None:
            self._refreshing.pop(key, None)
            return
        # The failed task stays for a moment: it is the answer to who asks again at once.
        self._failed_at[key] = now
        self._by_run.setdefault(run_id, set()).add(key)

    async def stop(self) -> None:
        """Break off the refreshes under way; each is on record when this returns."""
        under_way = [task for task in self._refreshing.values() if not task.done()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def forget(self, run_id: str) -> None:
        """Drop everything held for a run that is over."""
        for key in self._by_run.pop(run_id, ()):
            self._drop(key)

    def forget_expired(self, now: float) -> None:
        """Drop what is past its expiry: a run that asks no more must not cost memory."""
        for run_id, keys in list(self._by_run.items()):
            for key in list(keys):
                held = self._held.get(key)
                if held is None or held.answer.expiration <= now:
                    keys.discard(key)
                    self._drop(key)
            if not keys:
                del self._by_run[run_id]

    def _drop(self, key: bytes) -> None:
        self._held.pop(key, None)
        if self._failed_at.pop(key, None) is not None:
            self._refreshing.pop(key, None)
