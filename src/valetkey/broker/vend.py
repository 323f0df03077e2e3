"""Hand out AWS credentials to a run: held ones while they are fresh, new ones from STS else."""

import asyncio
from dataclasses import dataclass
from functools import partial

from valetkey.audit import HandOutRefused, leaf_bytes
from valetkey.broker.admission import admit_run
from valetkey.broker.broker import Broker, KnownRun, milliseconds
from valetkey.broker.draws import Draw, make_draw
from valetkey.broker.errors import BrokerError
from valetkey.broker.holdings import Held
from valetkey.broker.obtain import handed_out, obtain
from valetkey.broker.outcomes import OVER, UseOutcome
from valetkey.credentials import Freshness
from valetkey.identity import Refusal
from valetkey.runs import Run
from valetkey.secret import Secret

PATIENCE = 1.0
"""Seconds that a caller waits for a refresh while valid credentials are held: botocore's container
provider gives up after two, and the refresh goes on without it."""
HOPE = 5.0
"""Seconds that a caller waits when nothing is held; longer than that no SDK waits with it."""

_SLOW = BrokerError(
    "aws-slow", "AWS does not answer in time", hint="ask again: the request to AWS goes on"
)


@dataclass(frozen=True, slots=True)
class HandOut:
    """Credentials that may leave now: their record is durable. `body` is the wire's document."""

    body: bytes
    expiration: int


async def hand_out(
    broker: Broker, token: Secret, grant_name: str, *, hope: float = HOPE
) -> HandOut | Refusal:
    """Give the run of `token` the credentials of a grant, or say why not.

    1. The token is a run's own.
    2. The grant is one of that run's, under the policy that the run was opened with.
    3. Held credentials are used while fresh; else STS is asked once for all who wait.
    4. In one transaction the run is seen open and the record becomes durable; then they leave.

    `hope` is how many seconds the caller waits for STS where nothing is held.

    A run that goes on under another policy version meanwhile is looked at anew.

    Raises a `ValetkeyError` where AWS gave nothing usable and nothing valid is held.
    """
    given = await _hand_out(broker, token, grant_name, hope=hope)
    if isinstance(given, Refusal) and given.code == UseOutcome.REBOUND.value:
        given = await _hand_out(broker, token, grant_name, hope=hope)
    return given


async def _hand_out(
    broker: Broker, token: Secret, grant_name: str, *, hope: float
) -> HandOut | Refusal:
    # 1. Whose run?
    now = broker.clock()
    known = await admit_run(broker, token, now=now)
    if isinstance(known, Refusal):
        await _record_refusal(broker, None, grant_name, known.code, now=now)
        return known
    held = await credentials_of(broker, known, grant_name, digest=token.digest(), hope=hope)
    return held if isinstance(held, Refusal) else HandOut(held.body, held.answer.expiration)


async def credentials_of(
    broker: Broker,
    known: KnownRun,
    grant_name: str,
    *,
    digest: bytes | None,
    hope: float = HOPE,
    holder: str | None = None,
) -> Held | Refusal:
    """Return what a run may draw by a grant, after that is on record: steps 2 to 4 of `hand_out`.

    `digest` is of the run token that was shown; None where a token that we signed names the run.
    `holder` is who gets them where that is not the sandbox. The Refusal `run-rebound`: the run goes
    on under another policy version; look it up again.
    """
    now = broker.clock()

    # 2. Which grant?
    draw = known.draws.get(grant_name) or await _new_draw(broker, known, grant_name)
    if isinstance(draw, Refusal):
        await _record_refusal(broker, known.run, grant_name, draw.code, now=now)
        return draw

    # 3. Which credentials?
    held, fresh = broker.holdings.get(draw.key), False
    if held is None or held.freshness(now) is not Freshness.FRESH:
        if await _is_live(broker, draw.run, now=now):
            found = await _renewed(broker, draw, held=held, now=now, hope=hope)
            held, fresh = found, found is not held
        else:
            held = None  # no STS call for a run that is over; step 4 says why

    # 4. The record, then the release.
    return await _release(broker, draw, held, digest=digest, fresh=fresh, holder=holder)


async def _new_draw(broker: Broker, known: KnownRun, name: str) -> Draw | Refusal:
    run = known.run
    if name not in run.grants:
        return Refusal(
            code="grant-not-of-run",
            public="the run has no such grant",
            reasons=(f"run `{run.id}` has {', '.join(run.grants)}",),
        )
    policy = await broker.policy_of(run)
    if policy is not None and (name in policy.tokens or name in policy.servers):
        return Refusal(
            code="grant-without-role",
            public="the grant is for a tool and gives no AWS credentials",
            reasons=(f"grant `{name}` has no role",),
        )
    if policy is None or name not in policy.grants:
        return Refusal(
            code="policy-version-gone",
            public="the run's policy is not available any more",
            reasons=(f"policy version {run.policy_version} of run `{run.id}` is not stored",),
        )
    issuer = None if broker.own is None else broker.own.url
    draw = make_draw(run, policy.grants[name], issuer=issuer)
    if isinstance(draw, Draw):
        known.draws[name] = draw
    return draw


async def _is_live(broker: Broker, run: Run, *, now: float) -> bool:
    stored = await broker.store.run(run.id)
    return stored is not None and stored.is_live(now)


async def _renewed(
    broker: Broker, draw: Draw, *, held: Held | None, now: float, hope: float
) -> Held:
    """Return fresh credentials, or the held ones if they are valid and STS gives none."""
    latest = broker.holdings.get(draw.key)
    if latest is not None and latest.freshness(now) is Freshness.FRESH:
        return latest  # another caller's refresh landed while the run was looked up
    task = broker.holdings.refresh(draw.key, draw.run.id, lambda: obtain(broker, draw), now=now)
    if held is not None and held.freshness(now) is Freshness.AGING:
        return held
    valid = held is not None and held.freshness(now) is not Freshness.EXPIRED
    try:
        return await asyncio.wait_for(asyncio.shield(task), PATIENCE if valid else hope)
    except Exception as error:  # noqa: BLE001  # whatever it was: what is valid is not withheld
        if held is not None and held.freshness(broker.clock()) is not Freshness.EXPIRED:
            return held
        if isinstance(error, TimeoutError):
            raise _SLOW.with_traceback(None) from None
        raise error.with_traceback(None) from None  # many callers share it: no frames gather


async def _release(
    broker: Broker,
    draw: Draw,
    held: Held | None,
    *,
    digest: bytes | None,
    fresh: bool,
    holder: str | None,
) -> Held | Refusal:
    now = broker.clock()  # read again: STS may have taken seconds
    at = milliseconds(now)
    refuse = partial(_refused, draw, at)
    if held is None:
        leaf = refuse(UseOutcome.EXPIRED)
    elif fresh or holder is not None:
        word = "yes" if fresh else "no"
        leaf = leaf_bytes(handed_out(draw, held.answer, at=at, fresh=word, holder=holder))
    else:
        leaf = held.leaf.at(at)
    outcome = await broker.store.use_run(
        draw.run.id,
        digest=digest,
        now=now,
        leaf=leaf,
        refuse=refuse,
        policy_version=draw.run.policy_version,
    )
    if outcome is UseOutcome.USED and held is not None:
        return held
    broker.forget(draw.run.id)
    if outcome is UseOutcome.USED:  # its last second passed while it was looked at
        outcome = UseOutcome.EXPIRED
    return Refusal(
        code=outcome.value,
        public=OVER.get(outcome, "the run is not open"),
        reasons=(f"run `{draw.run.id}`: {outcome.value}",),
    )


def _refused(draw: Draw, at: int, outcome: UseOutcome) -> bytes:
    record = HandOutRefused(at=at, code=outcome.value, run=draw.run.id, grant=draw.grant.name)
    return leaf_bytes(record)


async def _record_refusal(
    broker: Broker, run: Run | None, grant: str, code: str, *, now: float
) -> None:
    await broker.store.append(
        HandOutRefused(
            at=milliseconds(now), code=code, run=None if run is None else run.id, grant=grant[:64]
        )
    )
