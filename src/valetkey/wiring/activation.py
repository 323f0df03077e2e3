"""Make the configuration's policy version the active one: over the store, beside any broker."""

import time

from valetkey.broker import Policy, make_policy
from valetkey.broker.activate import Activated, Running, activate
from valetkey.settings import Settings
from valetkey.store import SqliteStore
from valetkey.wiring.bundle import bundle_of
from valetkey.wiring.keys import this_account


def policy_of(settings: Settings) -> Policy:
    """Return the policy version that the settings mean. Raises ToolsError for a mistaken policy."""
    bundle = None if settings.tools is None else bundle_of(settings.tools)
    return make_policy(settings.grants, settings.token_grants, bundle)


async def activate_at(settings: Settings, *, running: Running, because: str | None) -> Activated:
    """Open new runs under the configuration's policy version, and deal with the open ones.

    Raises ToolsError for a mistaken policy, what the store raises, and BrokerError
    `reason-missing`.
    """
    policy = policy_of(settings)
    store = await SqliteStore.open(settings.store)
    try:
        return await activate(
            store,
            policy,
            running=running,
            by=this_account(),
            because=because,
            now=time.time(),
        )
    finally:
        await store.close()
