"""Decide a tool call that an agent makes by itself, past the gateway: it asks with its run token.

It is guidance inside the sandbox and no boundary: nothing makes the agent ask, or heed the answer.
"""

from typing import Final

from valetkey.audit import RequestRefused
from valetkey.broker.admission import admit_caller
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.tool_access import caller_of
from valetkey.broker.tool_call import AllowedCall, DeniedCall, decide_call
from valetkey.identity import Refusal
from valetkey.secret import Secret
from valetkey.tools.definition import Json

DECISIONS_ROUTE: Final = "POST /v1/decisions"


async def decide_own_call(
    broker: Broker, token: Secret, server: str, tool: str, arguments: Json
) -> AllowedCall | DeniedCall | Refusal:
    """Say whether the run of a run token may make this call, after that is on record.

    A Refusal: the token is no run's, the run is over, or it has no tools.
    """
    now = broker.clock()
    known = await admit_caller(broker, token, route=DECISIONS_ROUTE, now=now)
    if isinstance(known, Refusal):
        return known
    run = known.run
    caller = await caller_of(broker, run, until=run.expires_at, digest=token.digest())
    if isinstance(caller, Refusal):
        await broker.store.append(
            RequestRefused(
                at=milliseconds(now), code=caller.code, route=DECISIONS_ROUTE, run=run.id
            )
        )
        return caller
    return await decide_call(broker, caller, server, tool, arguments, via="api")
