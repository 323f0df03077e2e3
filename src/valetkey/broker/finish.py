"""End a run, or revoke it: from then on nothing is given to it."""

from valetkey.audit import RequestRefused, RunEnded, RunRevoked
from valetkey.broker.admission import admit_caller
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.errors import BrokerError
from valetkey.broker.inspect import may_see
from valetkey.broker.outcomes import FinishOutcome
from valetkey.identity import Power, Principal, Refusal
from valetkey.runs import Run, RunState
from valetkey.secret import Secret

MAX_REASON = 500


async def end_own_run(broker: Broker, token: Secret) -> Run | Refusal:
    """End the run that the token is of. A run may end itself: that opens nothing."""
    now = broker.clock()
    known = await admit_caller(broker, token, route="DELETE /v1/runs/self", now=now)
    if isinstance(known, Refusal):
        return known
    run = known.run
    record = RunEnded(at=milliseconds(now), run=run.id, by="the run itself")
    await _finish(broker, run.id, RunState.ENDED, record, now=now)
    return run


async def end_run(broker: Broker, principal: Principal, run_id: str) -> FinishOutcome | Refusal:
    """End a run on behalf of who opened it, or of one who may revoke or administer."""
    now = broker.clock()
    run = await broker.store.run(run_id)
    if run is None or not may_see(principal, run):
        return _no_such_run(run_id)
    record = RunEnded(
        at=milliseconds(now), run=run.id, by_issuer=principal.issuer, by=principal.subject
    )
    return await _finish(broker, run.id, RunState.ENDED, record, now=now)


async def revoke_run(
    broker: Broker, principal: Principal, run_id: str, *, because: str
) -> FinishOutcome | Refusal:
    """Revoke a run. After this returns no hand-out passes, here or at any replica of the store.

    Credentials that AWS has issued before live until they expire: at most the grant's duration.
    """
    now = broker.clock()
    if not because.strip() or len(because) > MAX_REASON:
        raise BrokerError(
            "reason-missing", f"say why in 1 to {MAX_REASON} characters: it is recorded"
        )
    if not (principal.may(Power.REVOKE) or principal.may(Power.ADMINISTER)):
        await broker.store.append(
            RequestRefused(
                at=milliseconds(now), code="not-permitted", route="POST /v1/runs/{id}/revoke"
            )
        )
        return Refusal(
            code="not-permitted",
            public="the principal may not revoke runs",
            reasons=(f"no rule of {principal.label} says `revoke` or `administer`",),
        )
    run = await broker.store.run(run_id)
    if run is None:
        return _no_such_run(run_id)
    record = RunRevoked(
        at=milliseconds(now),
        run=run.id,
        by_issuer=principal.issuer,
        by=principal.subject,
        because=because,
    )
    return await _finish(broker, run.id, RunState.REVOKED, record, now=now)


async def _finish(
    broker: Broker, run_id: str, to: RunState, record: RunEnded | RunRevoked, *, now: float
) -> FinishOutcome:
    outcome = await broker.store.finish_run(
        run_id,
        to=to,
        at=int(now),
        because=record.because if isinstance(record, RunRevoked) else None,
        record=record,
    )
    broker.forget(run_id)
    return outcome


def _no_such_run(run_id: str) -> Refusal:
    return Refusal(
        code="run-unknown",
        public="there is no such run",
        reasons=(f"run `{run_id[:64]}` is unknown, or another actor's",),
    )
