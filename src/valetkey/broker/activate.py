"""Make a policy version the one that new runs are opened under, and deal with the open ones.

It asks the store alone, so it works beside running brokers: they hear of it in the transactions
that open and use runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from valetkey.audit import PolicyActivated, RunRebound, RunRevoked, leaf_bytes
from valetkey.broker.broker import milliseconds
from valetkey.broker.errors import BrokerError
from valetkey.broker.finish import MAX_REASON
from valetkey.broker.outcomes import Rebind
from valetkey.broker.policy import Policy
from valetkey.broker.ports import Store
from valetkey.broker.rebinding import unfit_servers

BY_START = "start"
"""In place of a person: a broker began to serve with its configuration."""


class Running(Enum):
    """What becomes of open runs that are under another version."""

    KEEP = "keep"
    REBIND = "rebind"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class Activated:
    """What activating changed. `previous` is the version that was active before, None for none.

    `unfit` are those of the revoked that had a grant and could not be rebound, with why.
    """

    version: str
    previous: str | None
    rebound: tuple[str, ...]
    revoked: tuple[str, ...]
    unfit: Mapping[str, str] = field(default_factory=dict)


async def activate(
    store: Store,
    policy: Policy,
    *,
    running: Running,
    by: str,
    because: str | None,
    now: float,
) -> Activated:
    """Open new runs under `policy` alone, on every replica, from when this returns.

    With REBIND open runs go on under it with those of their grants that it has. Revoked is a run
    that would have none, and one with tools where it asks for tags that were not asked for when the
    run was opened; with REVOKE all are that are under another version. It is one transaction with
    the records. To keep runs and activate what is active changes nothing.
    Raises BrokerError `reason-missing` where runs are touched and nobody says why.
    """
    reason = (because or "").strip()
    if (running is not Running.KEEP and not reason) or len(reason) > MAX_REASON:
        raise BrokerError(
            "reason-missing", f"say why in 1 to {MAX_REASON} characters: it is recorded"
        )
    at = milliseconds(now)
    record = PolicyActivated(
        at=at, policy_version=policy.version, by=by, running=running.value, because=reason or None
    )
    outcome = await store.activate_policy(
        policy.version,
        policy.document,
        record=record,
        rebind=_rebind(policy, running, by=by, because=reason, now=now),
    )
    return Activated(
        policy.version, outcome.previous, outcome.rebound, outcome.revoked, outcome.unfit
    )


def _rebind(
    policy: Policy, running: Running, *, by: str, because: str, now: float
) -> Rebind | None:
    if running is Running.KEEP:
        return None
    at = milliseconds(now)

    def rebound(run_id: str, before: str) -> bytes:
        return leaf_bytes(
            RunRebound(
                at=at,
                run=run_id,
                policy_version=policy.version,
                previous_version=before,
                by=by,
                because=because,
            )
        )

    def revoked(run_id: str, why: str) -> bytes:
        return leaf_bytes(RunRevoked(at=at, run=run_id, by=by, because=why))

    leaf_bytes(RunRevoked(at=at, run="", by=by, because=because))  # raises here, not in the store
    return Rebind(
        grants=frozenset(policy.names),
        now=now,
        rebound=rebound,
        revoked=revoked,
        unfit=partial(unfit_servers, policy),
        because=because,
        revoke_all=running is Running.REVOKE,
    )
