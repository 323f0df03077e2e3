"""What a broker that runs says of a policy version that somebody else activated."""

import logging

from valetkey.broker import Broker
from valetkey.store import SqliteStore

log = logging.getLogger("valetkey")


async def follow_active(broker: Broker, store: SqliteStore, *, told: str) -> str:
    """Take up the version that is active in the store, and say so in the log; return the version
    that is told now. Without it the next run that is opened would take it up, and nobody be told.
    """
    active = await store.active_policy()
    if active is None or active == told:
        return told
    fields = {"policy_version": active, "previous": told}
    if await broker.follow(active):
        log.info("new runs are opened under another policy version: it was activated", extra=fields)
    else:
        log.warning("no run is opened: this broker can't read the active policy", extra=fields)
    return active
