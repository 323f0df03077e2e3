"""Hand out AWS credentials to a run: held ones while they are fresh, new ones from STS else."""

import asyncio
import json
from dataclasses import dataclass

from valetkey.audit import (
    CredentialsHandedOut,
    CredentialsVended,
    HandOutRefused,
    VendFailed,
    leaf_bytes,
)
from valetkey.broker.admission import admit_run
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.errors import BrokerError
from valetkey.broker.holdings import Held
from valetkey.broker.outcomes import UseOutcome
from valetkey.credentials import (
    AssumedRole,
    AssumeRoleRequest,
    Freshness,
    Grant,
    assume_role_request,
    cache_key,
    container_json,
    mismatches,
)
from valetkey.errors import ValetkeyError
from valetkey.identity import Refusal
from valetkey.runs import Run, session_tags
from valetkey.secret import Secret


@dataclass(frozen=True, slots=True)
class HandOut:
    """Credentials that may leave now: their record is durable. `body` is the wire's document."""

    body: bytes
    expiration: int


async def hand_out(broker: Broker, token: Secret, grant_name: str) -> HandOut | Refusal:
    """Give the run of `token` the credentials of a grant, or say why not.

    1. The token is a run's own.
    2. The grant is one of that run's, under the policy that the run was opened with.
    3. Held credentials are used while fresh; else STS is asked once for all who wait.
    4. In one transaction the run is seen open and the record becomes durable; then they leave.

    Raises a `ValetkeyError` where AWS gave nothing usable and nothing valid is held.
    """
    now = broker.clock()

    # 1. Whose run?
    run = await admit_run(broker, token, now=now)
    if isinstance(run, Refusal):
        await _record_refusal(broker, None, grant_name, run.code, now=now)
        return run

    # 2. Which grant?
    grant = await _grant_of(broker, run, grant_name)
    if isinstance(grant, Refusal):
        await _record_refusal(broker, run, grant_name, grant.code, now=now)
        return grant

    # 3. Which credentials?
    request = assume_role_request(grant, run_id=run.id, tags=session_tags(run.tags, run.id))
    key = cache_key(request)
    held, fresh = broker.holdings.get(key), False
    if held is None or held.freshness(now) is not Freshness.FRESH:
        if not run.is_live(now) or not await _is_live(broker, run, now=now):
            held = None  # no STS call for a run that is over; step 4 says why
        else:
            found = await _renewed(broker, run, grant, request, key=key, held=held, now=now)
            held, fresh = found, found is not held

    # 4. The record, then the release.
    return await _release(broker, run, grant, held, fresh=fresh, now=now)


async def _grant_of(broker: Broker, run: Run, name: str) -> Grant | Refusal:
    if name not in run.grants:
        return Refusal(
            code="grant-not-of-run",
            public="the run has no such grant",
            reasons=(f"run `{run.id}` has {', '.join(run.grants)}",),
        )
    policy = await broker.policy_of(run)
    if policy is None or name not in policy.grants:
        return Refusal(
            code="policy-version-gone",
            public="the run's policy is not available any more",
            reasons=(f"policy version {run.policy_version} of run `{run.id}` is not stored",),
        )
    return policy.grants[name]


async def _is_live(broker: Broker, run: Run, *, now: float) -> bool:
    stored = await broker.store.run(run.id)
    return stored is not None and stored.is_live(now)


async def _renewed(
    broker: Broker,
    run: Run,
    grant: Grant,
    request: AssumeRoleRequest,
    *,
    key: bytes,
    held: Held | None,
    now: float,
) -> Held:
    """Return fresh credentials, or the held ones if they are valid and STS gives none."""
    task = broker.holdings.refresh(key, run.id, lambda: vend(broker, run, grant, request))
    if held is not None and held.freshness(now) is Freshness.AGING:
        return held
    try:
        return await asyncio.shield(task)
    except ValetkeyError:
        if held is None or held.freshness(broker.clock()) is Freshness.EXPIRED:
            raise
        return held


async def vend(broker: Broker, run: Run, grant: Grant, request: AssumeRoleRequest) -> Held:
    """Ask STS, check that the answer is what was asked, and record it. Nothing leaves here."""
    try:
        answer = await broker.sts.assume_role(request)
        _check(request, answer)
    except ValetkeyError as error:
        await broker.store.append(
            VendFailed(
                at=milliseconds(broker.clock()),
                run=run.id,
                grant=grant.name,
                role_arn=str(grant.role),
                code=error.code,
            )
        )
        raise
    now = broker.clock()
    await broker.store.append(_vended(run, grant, request, answer, now=now))
    body = json.dumps(container_json(answer, grant.role), separators=(",", ":")).encode()
    return Held(answer, now, body)


def _check(request: AssumeRoleRequest, answer: AssumedRole) -> None:
    if found := mismatches(request, answer):
        raise BrokerError(
            "aws-answer-mismatch",
            "AWS answered with credentials that are not what was asked for",
            hint="check that the endpoint is really STS; nothing was handed out",
            detail="; ".join(found),
        )


async def _release(
    broker: Broker, run: Run, grant: Grant, held: Held | None, *, fresh: bool, now: float
) -> HandOut | Refusal:
    refused = leaf_bytes(
        HandOutRefused(at=milliseconds(now), code="run-not-open", run=run.id, grant=grant.name)
    )
    leaf = refused if held is None else _handed_out(run, grant, held, fresh=fresh, now=now)
    outcome = await broker.store.use_run(
        run.id, now=broker.clock(), leaf=leaf, refused_leaf=refused
    )
    if outcome is UseOutcome.USED and held is not None:
        return HandOut(held.body, held.answer.expiration)
    broker.forget(run.id)
    return Refusal(
        code=outcome.value if outcome is not UseOutcome.USED else "run-not-open",
        public=_OVER.get(outcome, "the run is not open"),
        reasons=(f"run `{run.id}`: {outcome.value}",),
    )


_OVER = {
    UseOutcome.EXPIRED: "the run has expired",
    UseOutcome.ENDED: "the run was ended",
    UseOutcome.REVOKED: "the run was revoked",
}


def _handed_out(run: Run, grant: Grant, held: Held, *, fresh: bool, now: float) -> bytes:
    return leaf_bytes(
        CredentialsHandedOut(
            at=milliseconds(now),
            run=run.id,
            grant=grant.name,
            role_arn=str(grant.role),
            session_name=f"vk-{run.id}",
            access_key_id=held.answer.access_key_id,
            expires_at=held.answer.expiration,
            fresh="yes" if fresh else "no",
            packed_policy_size=held.answer.packed_policy_size,
        )
    )


def _vended(
    run: Run, grant: Grant, request: AssumeRoleRequest, answer: AssumedRole, *, now: float
) -> CredentialsVended:
    return CredentialsVended(
        at=milliseconds(now),
        run=run.id,
        grant=grant.name,
        role_arn=str(request.role),
        session_name=request.session_name,
        request_id=answer.request_id,
        access_key_id=answer.access_key_id,
        expires_at=answer.expiration,
        duration=request.duration,
        packed_policy_size=answer.packed_policy_size,
    )


async def _record_refusal(
    broker: Broker, run: Run | None, grant: str, code: str, *, now: float
) -> None:
    await broker.store.append(
        HandOutRefused(
            at=milliseconds(now), code=code, run=None if run is None else run.id, grant=grant[:64]
        )
    )
