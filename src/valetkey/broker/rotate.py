"""Give a run another token. The old one is good for a minute: one slow request may carry it."""

from dataclasses import dataclass

from valetkey.audit import TokenRotated
from valetkey.broker.admission import admit_caller
from valetkey.broker.broker import Broker, milliseconds
from valetkey.identity import Refusal
from valetkey.runs import PREVIOUS_TOKEN_GRACE, TOKEN_ENTROPY_BYTES, new_run_token
from valetkey.secret import Secret


@dataclass(frozen=True, slots=True)
class Rotated:
    """The run's new token, and until when (Unix seconds) the one before is good."""

    token: Secret
    previous_until: int


async def rotate_token(broker: Broker, token: Secret) -> Rotated | Refusal:
    """Replace the current token of a run that is open; it extends nothing.

    Only the current token rotates: of two holders of one token the second finds itself refused,
    and the log shows that the token was shared.
    """
    now = broker.clock()
    known = await admit_caller(broker, token, route="POST /v1/runs/self/token", now=now)
    if isinstance(known, Refusal):
        return known
    run = known.run
    new = new_run_token(run.id, broker.entropy(TOKEN_ENTROPY_BYTES))
    until = int(now) + PREVIOUS_TOKEN_GRACE
    rotated = await broker.store.rotate_token(
        run.id,
        expected=token.digest(),
        new=new.digest(),
        previous_until=until,
        now=now,
        record=TokenRotated(at=milliseconds(now), run=run.id, previous_until=until),
    )
    broker.known.pop(run.id, None)
    if not rotated:
        return Refusal(
            code="run-token",
            public="the run token is not accepted",
            reasons=(f"run `{run.id}` is over, or the token is its last one",),
        )
    return Rotated(new, until)
