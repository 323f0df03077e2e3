"""Show runs to who may see them: their opener, and who may revoke or administer."""

from valetkey.broker.broker import Broker
from valetkey.identity import Power, Principal
from valetkey.runs import Run, RunState

MAX_PAGE = 1_000


def sees_all(principal: Principal) -> bool:
    """Say whether the principal may see every run."""
    return principal.may(Power.REVOKE) or principal.may(Power.ADMINISTER)


def may_see(principal: Principal, run: Run) -> bool:
    """Say whether the principal may see this run: its own, or all."""
    own = (run.actor.issuer, run.actor.subject) == principal.identity
    return sees_all(principal) or (own and principal.may(Power.OPEN_RUNS))


async def find_run(broker: Broker, principal: Principal, run_id: str) -> Run | None:
    """Return a run that the principal may see; another's is as unknown as none."""
    run = await broker.store.run(run_id)
    return run if run is not None and may_see(principal, run) else None


async def list_runs(
    broker: Broker,
    principal: Principal,
    *,
    state: RunState | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[Run]:
    """Return a page of the runs that the principal may see, in the order they were opened."""
    if sees_all(principal):
        opener = None
    elif principal.may(Power.OPEN_RUNS):
        opener = principal.identity
    else:
        return []
    return await broker.store.runs(
        state=state, opener=opener, after=after, limit=max(1, min(limit, MAX_PAGE))
    )
