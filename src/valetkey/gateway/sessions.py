"""Sessions of 2025-11-25: which client spoke before, for which run, what it has still to answer.

An id is no proof of anything: every request shows its token as well.
"""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from valetkey.gateway.faults import INVALID_REQUEST, SERVER_FAILED, Fault
from valetkey.gateway.limits import (
    ASKED_PER_SESSION,
    MAX_SESSIONS,
    SESSION_SECONDS,
    SESSIONS_PER_RUN,
)
from valetkey.gateway.link import ClientSide, Link, MessageId
from valetkey.tools import Json

_ID_BYTES = 24
_SWEEP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A server's request that went to the client: who asked, by which id, with which progress."""

    link: Link
    id: MessageId
    progress: Json


@dataclass(slots=True, eq=False)
class Session:
    """One client's session: of one run, at one path. `used` is when it last asked anything."""

    id: str
    run_id: str
    path: str
    client: ClientSide
    used: float
    version: str
    links: dict[str, Link] = field(default_factory=dict)
    working: dict[MessageId, "asyncio.Task[None]"] = field(default_factory=dict)
    cancelled: set[MessageId] = field(default_factory=set)
    asked: dict[str, Asked] = field(default_factory=dict)
    listener: "asyncio.Task[None] | None" = None
    is_closed: bool = False
    count: int = 0

    @property
    def is_busy(self) -> bool:
        """Whether something is under way in it."""
        return self.listener is not None or bool(self.working)

    def ask(self, link: Link, message_id: MessageId, progress: Json) -> str:
        """Return the id under which the client is asked. The oldest open one is forgotten."""
        if len(self.asked) >= ASKED_PER_SESSION:
            del self.asked[next(iter(self.asked))]
        self.count += 1
        ours = f"vk-{self.count}"
        self.asked[ours] = Asked(link, message_id, progress)
        return ours

    def asked_by(self, link: Link, message_id: Json) -> str | None:
        """Return the id under which the client knows a server's request that is still open."""
        for ours, asked in self.asked.items():
            if asked.link is link and asked.id == message_id:
                return ours
        return None


class Sessions:
    """All open sessions; bounded in all and by run."""

    def __init__(self, clock: Callable[[], float], entropy: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._entropy = entropy
        self._all: dict[str, Session] = {}
        self._by_run: dict[str, dict[str, Session]] = {}
        self._swept = clock()

    def __len__(self) -> int:
        return len(self._all)

    def open(
        self, run_id: str, path: str, client: ClientSide, *, version: str
    ) -> tuple[Session, tuple[Session, ...]]:
        """Return a new session, and those that had to go for it: idle ones.

        Raises Fault `sessions-of-run` or `sessions-all` where none could go.
        """
        now = self._clock()
        gone = [*self._expired(now)]
        own = self._by_run.get(run_id, {})
        if len(own) >= SESSIONS_PER_RUN:
            idle = min((s for s in own.values() if not s.is_busy), key=_used, default=None)
            if idle is None:
                raise _full("sessions-of-run", 429)
            self.close(idle)
            gone.append(idle)
        if len(self._all) >= MAX_SESSIONS:
            raise _full("sessions-all", 503)
        name = base64.urlsafe_b64encode(self._entropy(_ID_BYTES)).decode("ascii")
        made = Session(name, run_id, path, client, now, version)
        self._all[name] = made
        self._by_run.setdefault(run_id, {})[name] = made
        return made, tuple(gone)

    def find(self, name: str, *, run_id: str, path: str) -> Session:
        """Return the run's own session. One that is another's, elsewhere or over is unknown.

        Raises Fault `session-unknown`, upon which a client begins anew.
        """
        found = self._all.get(name)
        now = self._clock()
        if (
            found is None
            or found.run_id != run_id
            or found.path != path
            or (now - found.used > SESSION_SECONDS and not found.is_busy)
        ):
            raise no_such_session()
        found.used = now
        return found

    def close(self, session: Session) -> None:
        """Forget a session and stop what is under way in it."""
        self._all.pop(session.id, None)
        own = self._by_run.get(session.run_id, {})
        own.pop(session.id, None)
        if not own:
            self._by_run.pop(session.run_id, None)
        session.is_closed = True
        for message_id, task in session.working.items():
            session.cancelled.add(message_id)
            task.cancel()
        if session.listener is not None:
            session.listener.cancel()
        session.asked.clear()

    def _expired(self, now: float) -> list[Session]:
        """Close what nobody used for long; now and then, as all are looked at."""
        if now - self._swept < _SWEEP_SECONDS and len(self._all) < MAX_SESSIONS:
            return []
        self._swept = now
        old = [s for s in self._all.values() if now - s.used > SESSION_SECONDS and not s.is_busy]
        for session in old:
            self.close(session)
        return old


def no_such_session() -> Fault:
    """Return the fault upon which a client begins anew."""
    return Fault(INVALID_REQUEST, "session-unknown", "there is no such session", status=404)


def _used(session: Session) -> float:
    return session.used


def _full(code: str, status: int) -> Fault:
    return Fault(SERVER_FAILED, code, "there are as many sessions as there may be", status=status)
