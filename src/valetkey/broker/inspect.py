"""Show runs to who may see them: the run itself, its opener, who may revoke or administer."""

from valetkey.broker.admission import admit_caller
from valetkey.broker.broker import Broker
from valetkey.broker.outcomes import OVER, why_over
from valetkey.identity import Power, Principal, Refusal
from valetkey.runs import Run, RunState
from valetkey.secret import Secret

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


async def find_own_run(broker: Broker, token: Secret) -> Run | Refusal:
    """Return the run that the token is of while it is live, so that nobody starts work in vain."""
    now = broker.clock()
    known = await admit_caller(broker, token, route="GET /v1/runs/self", now=now)
    if isinstance(known, Refusal):
        return known
    run = await broker.store.run(known.run.id) or known.run
    outcome = why_over(run, now=now)
    if outcome is None:
        return run
    return Refusal(
        code=outcome.value, public=OVER[outcome], reasons=(f"run `{run.id}`: {outcome.value}",)
    )


async def list_runs(
    broker: Broker,
    principal: Principal,
    *,
    state: RunState | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[Run]:
    """Return a page of the runs that the principal may see, the newest first."""
    if sees_all(principal):
        opener = None
    elif principal.may(Power.OPEN_RUNS):
        opener = principal.identity
    else:
        return []
    return await broker.store.runs(
        state=state, opener=opener, after=after, limit=max(1, min(limit, MAX_PAGE))
    )
