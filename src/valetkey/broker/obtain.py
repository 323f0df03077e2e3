"""Obtain credentials from STS: ask, check what it answers, record. Nothing leaves here."""

import asyncio
import json

from valetkey.audit import (
    CredentialsHandedOut,
    CredentialsVended,
    LeafTemplate,
    VendFailed,
)
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.draws import Draw
from valetkey.broker.errors import BrokerError
from valetkey.broker.holdings import Held
from valetkey.broker.minting import JWT, mint
from valetkey.broker.token_plan import plan_for_sts
from valetkey.credentials import (
    AssumedRole,
    AssumeRoleRequest,
    WebIdentityRequest,
    container_json,
    mismatches,
)
from valetkey.credentials.token_claims import TOKEN_ID_BYTES, new_token_id
from valetkey.errors import ValetkeyError
from valetkey.secret import Secret

_STOPPED = BrokerError(
    "broker-stopped",
    "the broker, or the command that it was part of, ended while AWS was asked",
    hint="AWS may have issued a session; nobody has its credentials",
)


async def obtain(broker: Broker, draw: Draw) -> Held:
    """Ask STS, check that the answer is what was asked, and record it. Nothing leaves here.

    Raises a `ValetkeyError` where there are no credentials; it is on record as well.
    """
    try:
        answer = await _ask(broker, draw)
        _check(draw.request, answer)
    except (Exception, asyncio.CancelledError) as error:  # on record before anybody hears of it
        code = error.code if isinstance(error, ValetkeyError) else "internal-error"
        if isinstance(error, asyncio.CancelledError):
            code = _STOPPED.code
        await broker.store.append(
            VendFailed(
                at=milliseconds(broker.clock()),
                run=draw.run.id,
                grant=draw.grant.name,
                role_arn=str(draw.grant.role),
                code=code,
            )
        )
        raise
    now = broker.clock()
    await broker.store.append(_vended(draw, answer, now=now))
    body = json.dumps(container_json(answer, draw.grant.role), separators=(",", ":")).encode()
    again = LeafTemplate(handed_out(draw, answer, at=0, fresh="no"))
    return Held(answer, now, body, again)


async def _ask(broker: Broker, draw: Draw) -> AssumedRole:
    request = draw.request
    if isinstance(request, AssumeRoleRequest):
        return await broker.sts.assume_role(request)
    await broker.sts.check_way(request.region)  # before there is a token that could be seen
    token = await _own_token(broker, draw, request)
    return await broker.sts.assume_role_with_web_identity(request, token)


async def _own_token(broker: Broker, draw: Draw, request: WebIdentityRequest) -> Secret:
    """Sign a token for STS. It is on record, with the tags it carries, when this returns."""
    own, now = broker.own, broker.clock()
    if own is None:
        raise BrokerError("own-issuer-gone", "valetkey signs no tokens, and the grant needs one")
    token_id = new_token_id(broker.entropy(TOKEN_ID_BYTES))
    plan = plan_for_sts(
        own, draw.run, draw.grant.name, request=request, token_id=token_id, now=int(now)
    )
    minted = await mint(own, plan.claims, typ=JWT, algorithm=plan.algorithm, now=now)
    await broker.store.append(plan.record(minted, at=now, holder="broker"))
    return minted.token


def _check(request: AssumeRoleRequest | WebIdentityRequest, answer: AssumedRole) -> None:
    if found := mismatches(request, answer):
        raise BrokerError(
            "aws-answer-mismatch",
            "AWS answered with credentials that are not what was asked for",
            hint="check that the endpoint is really STS; nothing was handed out",
            detail="; ".join(found),
        )


def handed_out(
    draw: Draw, answer: AssumedRole, *, at: int, fresh: str, holder: str | None = None
) -> CredentialsHandedOut:
    """Return the record of handing `answer` to the run of `draw` at `at` (Unix milliseconds).

    `holder` is who got it on the run's behalf; None for the sandbox.
    """
    return CredentialsHandedOut(
        at=at,
        run=draw.run.id,
        grant=draw.grant.name,
        role_arn=str(draw.request.role),
        session_name=draw.request.session_name,
        access_key_id=answer.access_key_id,
        expires_at=answer.expiration,
        fresh=fresh,
        packed_policy_size=answer.packed_policy_size,
        holder=holder,
    )


def _vended(draw: Draw, answer: AssumedRole, *, now: float) -> CredentialsVended:
    return CredentialsVended(
        at=milliseconds(now),
        run=draw.run.id,
        grant=draw.grant.name,
        role_arn=str(draw.request.role),
        session_name=draw.request.session_name,
        request_id=answer.request_id,
        access_key_id=answer.access_key_id,
        expires_at=answer.expiration,
        duration=draw.request.duration,
        packed_policy_size=answer.packed_policy_size,
    )
