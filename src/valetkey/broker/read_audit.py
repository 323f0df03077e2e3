"""Show the audit log to who may read it; that it was read is itself on record first."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from valetkey.audit import AuditError, AuditRead, Head, Leaf, RecordKind, StoredLeaf, read_leaf
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.permission import objection
from valetkey.broker.ports import Store
from valetkey.identity import Power, Principal, Refusal

ROUTE: Final = "GET /v1/audit"
MAX_PAGE_BYTES: Final = 1_048_576
"""Of leaves; one more may be above it, so that every page goes on."""
MAX_SCANNED: Final = 10_000
"""Leaves looked at for one page of a run's: about 50 ms."""
_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True)
class ShownLeaf:
    """A stored leaf, and what it says; None where its bytes are no record (the log is damaged)."""

    stored: StoredLeaf
    leaf: Leaf | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Leaves below `head.size`; `next` is the `after` of the next page, None at the head."""

    head: Head
    leaves: tuple[ShownLeaf, ...]
    next: int | None


async def read_audit(
    broker: Broker, principal: Principal, *, after: int, limit: int, run: str | None = None
) -> AuditPage | Refusal:
    """Return at most `limit` leaves above index `after`, of one run where `run` is its id.

    The record of who read what is durable before the leaves leave. A page that holds records of
    reading alone is not recorded: whoever follows the log would feed it with every look.
    """
    now = broker.clock()
    refusal = await objection(broker, principal, Power.READ_AUDIT, route=ROUTE, now=now)
    if refusal is not None:
        return refusal
    page = await _page(broker, after=after, limit=limit, run=run)
    if any(shown.leaf is None or not _is_of_reading(shown.leaf) for shown in page.leaves):
        await broker.store.append(
            AuditRead(
                at=milliseconds(now),
                by_issuer=principal.issuer,
                by=principal.subject,
                first=page.leaves[0].stored.index,
                count=len(page.leaves),
            )
        )
    return page


async def _page(broker: Broker, *, after: int, limit: int, run: str | None) -> AuditPage:
    head = await broker.store.head()
    found: list[ShownLeaf] = []
    scanned = size = 0
    leaves = _leaves(broker.store, after, size=head.size, at_once=limit if run is None else _CHUNK)
    async with aclosing(leaves):
        async for stored in leaves:
            scanned += 1
            shown = _shown(stored, run)
            if shown is not None:
                found.append(shown)
                size += len(stored.leaf)
            if len(found) == limit or size >= MAX_PAGE_BYTES or scanned == MAX_SCANNED:
                more = stored.index + 1 < head.size
                return AuditPage(head, tuple(found), stored.index if more else None)
    return AuditPage(head, tuple(found), None)


async def _leaves(
    store: Store, after: int, *, size: int, at_once: int
) -> AsyncGenerator[StoredLeaf, None]:
    """Yield the leaves above `after` that a head of `size` leaves counts."""
    while after + 1 < size:
        chunk = await store.leaves(after=after, limit=at_once)
        if not chunk:
            return  # the head counts leaves that are not there: whoever verifies will see it
        for stored in chunk:
            after = stored.index
            if after >= size:
                return
            yield stored


def _shown(stored: StoredLeaf, run: str | None) -> ShownLeaf | None:
    """Return the leaf with what it says, or None where it is of another run."""
    if run is not None and f'"run":"{run}"'.encode() not in stored.leaf:
        return None  # canonical JSON has no other spelling of it, and most leaves end here
    try:
        leaf = read_leaf(stored.leaf)
    except AuditError:
        return ShownLeaf(stored, None)
    is_meant = run is None or leaf.members.get("run") == run
    return ShownLeaf(stored, leaf) if is_meant else None


def _is_of_reading(leaf: Leaf) -> bool:
    return leaf.kind == RecordKind.AUDIT_READ.value
