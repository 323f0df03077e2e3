"""Whose run is this? A presented run token becomes the run that it opens."""

from valetkey.broker.broker import Broker, KnownRun
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
    if not opens(token, known.run, now=now):
        return Refusal(
            code="run-token",
            public=_UNKNOWN,
            reasons=(f"the token is not the one of run `{run_id}`, or it was rotated away",),
        )
    return known
