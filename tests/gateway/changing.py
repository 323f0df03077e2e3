"""Calls of either revision, and what happens to a run beside its gateway."""

from typing import Any

from tests.fakes.tools import source
from tests.gateway.answered import Answered
from tests.gateway.calling import Gate
from valetkey.audit import RunRevoked
from valetkey.broker import make_policy
from valetkey.broker.activate import Running, activate
from valetkey.broker.broker import milliseconds
from valetkey.runs import RunState
from valetkey.tools.bundle import make_bundle

REVISIONS = ["legacy", "modern"]


async def call(
    made: Gate, revision: str, params: dict[str, Any], *, path: str = "/mcp", **more: Any
) -> Answered:
    if revision == "modern":
        return await made.modern("tools/call", params, path=path, **more)
    session = await made.begin(path, token=more.get("token"))
    return await made.legacy("tools/call", params, path=path, session=session, **more)


async def revoke(made: Gate) -> None:
    """As another replica does: this one hears of it from the store alone."""
    now = made.made.clock()
    record = RunRevoked(
        at=milliseconds(now), run=made.run_id, by_issuer="cluster", by="op", because="test"
    )
    await made.made.store.finish_run(
        made.run_id, to=RunState.REVOKED, at=int(now), because="test", record=record
    )


async def rebind(made: Gate, text: str, **changes: Any) -> None:
    """Have the run go on under other policies, as an operator's `policy activate` does."""
    broker = made.made.broker
    policy = make_policy(broker.policy.grants.values(), (), make_bundle(source(text, **changes)))
    await activate(
        broker.store,
        policy,
        running=Running.REBIND,
        by="test",
        because="test",
        now=made.made.clock(),
    )
