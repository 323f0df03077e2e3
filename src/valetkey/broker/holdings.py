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


class Holdings:
    """Held credentials by cache key, and the refreshes under way."""

    __slots__ = ("_by_run", "_held", "_refreshing")

    def __init__(self) -> None:
        self._held: dict[bytes, Held] = {}
        self._by_run: dict[str, set[bytes]] = {}
        self._refreshing: dict[bytes, asyncio.Task[Held]] = {}

    def get(self, key: bytes) -> Held | None:
        """Return what is held under `key`, expired or not."""
        return self._held.get(key)

    def refresh(
        self, key: bytes, run_id: str, fetch: Callable[[], Awaitable[Held]]
    ) -> asyncio.Task[Held]:
        """Return the refresh under way for `key`, or begin one. Await it shielded."""
        task = self._refreshing.get(key)
        if task is None:
            task = asyncio.ensure_future(self._run(key, run_id, fetch))
            self._refreshing[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return task

    async def _run(self, key: bytes, run_id: str, fetch: Callable[[], Awaitable[Held]]) -> Held:
        held = await fetch()
        self._held[key] = held
        self._by_run.setdefault(run_id, set()).add(key)
        return held

    def _finished(self, key: bytes, task: asyncio.Task[Held]) -> None:
        self._refreshing.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, so that a refresh nobody waited for stays silent

    def forget(self, run_id: str) -> None:
        """Drop everything held for a run that is over."""
        for key in self._by_run.pop(run_id, ()):
            self._held.pop(key, None)

    def forget_expired(self, now: float) -> None:
        """Drop what is past its expiry: a run that asks no more must not cost memory."""
        for run_id, keys in list(self._by_run.items()):
            for key in [k for k in keys if self._held[k].answer.expiration <= now]:
                keys.discard(key)
                del self._held[key]
            if not keys:
                del self._by_run[run_id]
