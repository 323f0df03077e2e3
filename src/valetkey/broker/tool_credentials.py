"""What goes to a server of tools instead of the caller's token: the run's session, or a token.

Either is on record before it is released, and is the run's own: the server sees for whom it works.
"""

from typing import Final

from valetkey.audit import TokenRefused, leaf_bytes
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.minting import ACCESS_TOKEN, mint
from valetkey.broker.outcomes import UseOutcome
from valetkey.broker.targets import is_taken_by_sts
from valetkey.broker.token_plan import TokenPlan, plan_token
from valetkey.broker.tool_access import ToolCaller, run_is_over
from valetkey.broker.tool_terms import HeldToken
from valetkey.broker.vend import credentials_of
from valetkey.credentials import AssumedRole, TokenGrant
from valetkey.errors import ValetkeyError
from valetkey.identity import Refusal
from valetkey.runs import Run
from valetkey.secret import Secret
from valetkey.tools import ToolServer

GATEWAY_HOLDER: Final = "gateway"
SERVER_TOKEN_SECONDS: Final = 300
"""A token for a server is taken again until half of that is over."""


async def session_for(
    broker: Broker, caller: ToolCaller, grant: str, *, holder: str = GATEWAY_HOLDER
) -> AssumedRole | Refusal:
    """Return the session that the caller's run draws by one of its grants, after it is on record.

    Raises a `ValetkeyError` where AWS gave nothing usable and nothing valid is held.
    """
    given: AssumedRole | Refusal = run_is_over(caller.run, UseOutcome.UNKNOWN)
    for _ in range(2):
        known = await broker.run(caller.run.id)
        if known is None:
            return given
        found = await credentials_of(broker, known, grant, digest=caller.digest, holder=holder)
        if not isinstance(found, Refusal):
            return found.answer
        given = found
        if found.code != UseOutcome.REBOUND.value:
            break
    return given


async def token_for(broker: Broker, caller: ToolCaller, server: ToolServer) -> Secret | Refusal:
    """Return a token of the caller's run for the server's audience; it is on record.

    One is given again for the first half of its life, without another look at the run's state: who
    asks has just written the record of a call. Codes of a Refusal: those of `plan_token`,
    `server-unknown`, `token-target-of-sts`, `token-target-of-gateway`, and those of a run that is
    over. Raises a `ValetkeyError` where no key may sign.
    """
    run, audience = caller.run, server.audience
    if audience is None or server.name not in caller.servers:
        return Refusal(
            code="server-unknown",
            public="the run has no such server of tools",
            reasons=(f"run `{run.id}` has no token for server `{server.name}`",),
        )
    key = (server.name, audience, run.policy_version)
    held = broker.tool_memory.held.get(run.id, {}).get(key)
    if held is not None and broker.clock() < held.until:
        return held.token
    if (taken := _is_taken(broker, server.name, audience)) is not None:
        return await _refuse(broker, run, server.name, taken)
    now = broker.clock()
    grant = TokenGrant(server.name, audience, (), SERVER_TOKEN_SECONDS)
    plan = plan_token(broker, run, grant, scope=None, now=int(now))
    if isinstance(plan, Refusal):
        return await _refuse(broker, run, server.name, plan)
    return await _sign_and_release(broker, caller, plan, key)


def _is_taken(broker: Broker, server: str, audience: str) -> Refusal | None:
    """Refuse what would be good at STS, where nothing would isolate it, or at our own gateway."""
    if is_taken_by_sts(broker.policy, audience):
        code, whose = "token-target-of-sts", "a role of the configuration"
    elif broker.tools is not None and broker.tools.audience == audience:
        code, whose = "token-target-of-gateway", "the tool gateway itself"
    else:
        return None
    return Refusal(
        code=code,
        public="the server's audience is another's",
        reasons=(f"{whose} has the audience of server `{server}`",),
    )


async def _sign_and_release(
    broker: Broker, caller: ToolCaller, plan: TokenPlan, key: tuple[str, ...]
) -> Secret | Refusal:
    run = caller.run
    try:
        minted = await mint(
            plan.own,
            plan.claims,
            typ=ACCESS_TOKEN,
            algorithm=plan.algorithm,
            now=broker.clock(),
        )
    except ValetkeyError as error:
        await _record(broker, run, plan.grant, error.code)
        raise
    now = broker.clock()

    def refused(outcome: UseOutcome) -> bytes:
        return leaf_bytes(_refused(run, plan.grant, outcome.value, now=now))

    outcome = await broker.store.use_run(
        run.id,
        digest=caller.digest,
        now=now,
        leaf=leaf_bytes(plan.record(minted, at=now, holder=GATEWAY_HOLDER)),
        refuse=refused,
        policy_version=run.policy_version,
    )
    if outcome is not UseOutcome.USED:
        broker.forget(run.id)
        return run_is_over(run, outcome)
    until = now + (minted.expires_at - now) / 2
    broker.tool_memory.hold(run.id, key, HeldToken(minted.token, until))
    return minted.token


async def _refuse(broker: Broker, run: Run, grant: str, refusal: Refusal) -> Refusal:
    await _record(broker, run, grant, refusal.code)
    return refusal


async def _record(broker: Broker, run: Run, grant: str, code: str) -> None:
    await broker.store.append(_refused(run, grant, code, now=broker.clock()))


def _refused(run: Run, grant: str, code: str, *, now: float) -> TokenRefused:
    return TokenRefused(at=milliseconds(now), code=code, run=run.id, grant=grant)
