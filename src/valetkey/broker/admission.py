"""Whose run is this? A presented run token becomes the run that it opens."""

from valetkey.audit import RequestRefused
from valetkey.broker.broker import Broker, KnownRun, milliseconds
from valetkey.identity import Refusal
from valetkey.runs import RunError, opens, run_id_of
from valetkey.secret import Secret

_UNKNOWN = "the run token is not accepted"


async def admit_run(broker: Broker, token: Secret, *, now: float) -> KnownRun | Refusal:
    """Return the run that the token is of. Its state is read later, where the record is written.

    A malformed token, an unknown run and a wrong token look alike from outside.
    """
    try:
        run_id = run_id_of(token)
    except RunError as error:
        return Refusal(code="run-token", public=_UNKNOWN, reasons=(error.message,))
    known = await broker.run(run_id)
    if known is None:
        return Refusal(code="run-token", public=_UNKNOWN, reasons=(f"no run `{run_id}`",))
    if opens(token, known.run, now=now):
        return known
    # It may have been rotated elsewhere since the run was read: look once more.
    broker.known.pop(run_id, None)
    known = await broker.run(run_id)
    if known is not None and opens(token, known.run, now=now):
        return known
    return Refusal(
        code="run-token",
        public=_UNKNOWN,
        reasons=(f"the token is not the one of run `{run_id}`, or it was rotated away",),
    )


async def admit_caller(
    broker: Broker, token: Secret, *, route: str, now: float
) -> KnownRun | Refusal:
    """Admit the run that calls `route`; a refused token is on record before it is refused."""
    known = await admit_run(broker, token, now=now)
    if isinstance(known, Refusal):
        await broker.store.append(
            RequestRefused(at=milliseconds(now), code=known.code, route=route)
        )
    return known
