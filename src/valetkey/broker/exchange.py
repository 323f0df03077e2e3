"""Narrow a run token to a token of one audience (RFC 8693): a tool's API, or STS by opt-in."""

from dataclasses import dataclass
from enum import Enum

from valetkey.audit import TokenRefused, leaf_bytes
from valetkey.broker.admission import admit_run
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.errors import BrokerError
from valetkey.broker.minting import ACCESS_TOKEN, JWT, Minted, mint
from valetkey.broker.outcomes import OVER, UseOutcome
from valetkey.broker.targets import Target, find_scopes, find_target, is_taken_by_sts
from valetkey.broker.token_plan import MIN_TOKEN_SECONDS, TokenPlan, plan_token
from valetkey.credentials import Grant, TokenGrant
from valetkey.errors import ValetkeyError
from valetkey.identity import Refusal
from valetkey.runs import Run
from valetkey.secret import Secret


class TokenType(Enum):
    """What kind of token is asked for and issued (RFC 8693 §3)."""

    ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
    JWT = "urn:ietf:params:oauth:token-type:jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRequest:
    """What the holder of a run token asks for. None: all scopes, or the target's own type."""

    run_token: Secret
    target: Target
    scopes: tuple[str, ...] | None = None
    token_type: TokenType | None = None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A token that may leave now: its record is durable. `seconds` is what is left of its life.

    `is_for_sts`: no API takes it as a bearer token.
    """

    token: Secret
    token_type: TokenType
    seconds: int
    scope: str | None
    is_for_sts: bool


@dataclass(frozen=True, slots=True)
class _Signed:
    """A token that is not on record yet. Nobody has it."""

    plan: TokenPlan
    minted: Minted
    token_type: TokenType


async def exchange(broker: Broker, request: ExchangeRequest) -> Exchanged | Refusal:
    """Give the run of a run token a token for one audience, or say why not.

    1. The run token is a run's own.
    2. The target is one grant of that run, under the policy that the run was opened with.
    3. The scopes are among the grant's, the type is one that the target takes.
    4. For a run that is not over the token is decided, signed, and found to be what was asked.
    5. In one transaction the run is seen open and the record becomes durable; then it leaves.

    A run that goes on under another policy version meanwhile is looked at anew.

    Raises a `ValetkeyError` where no key may sign or no record can be written; nothing leaves.
    """
    given = await _exchange(broker, request)
    if isinstance(given, Refusal) and given.code == UseOutcome.REBOUND.value:
        given = await _exchange(broker, request)
    return given


async def _exchange(broker: Broker, request: ExchangeRequest) -> Exchanged | Refusal:
    now = broker.clock()

    # 1. Whose run?
    known = await admit_run(broker, request.run_token, now=now)
    if isinstance(known, Refusal):
        return await _refuse(broker, None, None, known, now=now)
    run = known.run

    # 2. Which grant?
    grant = await _grant_of(broker, run, request.target)
    if isinstance(grant, Refusal):
        return await _refuse(broker, run, None, grant, now=now)

    # 3. Which scopes, of which type?
    scopes = find_scopes(grant, request.scopes)
    if isinstance(scopes, Refusal):
        return await _refuse(broker, run, grant.name, scopes, now=now)
    token_type = _type_for(broker, grant, request.token_type)
    if isinstance(token_type, Refusal):
        return await _refuse(broker, run, grant.name, token_type, now=now)

    # 4. Decide and sign. A run that is over costs no signature; step 5 says why.
    signed = None
    if run.is_live(now):
        plan = plan_token(broker, run, grant, scope=" ".join(scopes) or None, now=int(now))
        if isinstance(plan, Refusal):
            return await _refuse(broker, run, grant.name, plan, now=now)
        signed = await _sign(broker, plan, token_type, now=now)

    # 5. The record, then the release.
    return await _release(broker, run, grant.name, signed, digest=request.run_token.digest())


async def _grant_of(broker: Broker, run: Run, target: Target) -> TokenGrant | Grant | Refusal:
    policy = await broker.policy_of(run)
    if policy is None:
        return Refusal(
            code="policy-version-gone",
            public="the run's policy is not available any more",
            reasons=(f"policy version {run.policy_version} of run `{run.id}` is not stored",),
        )
    found = find_target(policy, run, target, terms=broker.tools)
    if isinstance(found, TokenGrant) and is_taken_by_sts(broker.policy, found.audience):
        return Refusal(
            code="token-target-of-sts",
            public="the grant's audience is one that AWS STS takes by now",
            reasons=(f"a role of the configuration has the audience of grant `{found.name}`",),
        )
    return found


def _type_for(
    broker: Broker, grant: TokenGrant | Grant, asked: TokenType | None
) -> TokenType | Refusal:
    is_gateway = broker.tools is not None and grant.name == broker.tools.audience
    if is_gateway and asked is TokenType.JWT:
        return Refusal(
            code="token-type-unsupported",
            public="a token for the tool gateway is an access token",
            reasons=("its `typ` says so, and the gateway takes no other",),
        )
    if isinstance(grant, TokenGrant):
        return asked or TokenType.ACCESS_TOKEN
    if asked is TokenType.ACCESS_TOKEN:
        return Refusal(
            code="token-type-unsupported",
            public="a token for STS is a JWT and no access token",
            reasons=(f"grant `{grant.name}` is a role",),
        )
    return TokenType.JWT


async def _sign(
    broker: Broker, plan: TokenPlan, token_type: TokenType, *, now: float
) -> _Signed | None:
    """Sign what is planned; None if the run came to its end meanwhile. An error is on record."""
    typ = ACCESS_TOKEN if token_type is TokenType.ACCESS_TOKEN else JWT
    run = plan.run
    try:
        minted = await mint(plan.own, plan.claims, typ=typ, algorithm=plan.algorithm, now=now)
        later = broker.clock()  # read again: a key that is elsewhere may have taken seconds
        if minted.expires_at - later >= MIN_TOKEN_SECONDS:
            return _Signed(plan, minted, token_type)
        if run.expires_at - later < MIN_TOKEN_SECONDS:
            return None
        raise BrokerError(
            "signing-slow",
            "signing took so long that the token has all but expired",
            hint="ask again; the key's keeper does not answer in time",
        )
    except ValetkeyError as error:
        await _record(broker, run, plan.grant, error.code, now=now)
        raise


async def _release(
    broker: Broker, run: Run, grant: str, signed: _Signed | None, *, digest: bytes
) -> Exchanged | Refusal:
    now = broker.clock()

    def refused(outcome: UseOutcome) -> bytes:
        return leaf_bytes(_refused(run, grant, outcome.value, now=now))

    if signed is None:
        leaf = refused(UseOutcome.EXPIRED)
    else:
        leaf = leaf_bytes(signed.plan.record(signed.minted, at=now, holder="sandbox"))
    outcome = await broker.store.use_run(
        run.id,
        digest=digest,
        now=now,
        leaf=leaf,
        refuse=refused,
        policy_version=run.policy_version,
    )
    if outcome is UseOutcome.USED and signed is not None:
        return _exchanged(signed, now=now)
    broker.forget(run.id)
    if outcome is UseOutcome.USED:  # its last seconds passed while it was signed for
        outcome = UseOutcome.EXPIRED
    return Refusal(
        code=outcome.value,
        public=OVER.get(outcome, "the run is not open"),
        reasons=(f"run `{run.id}`: {outcome.value}",),
    )


def _exchanged(signed: _Signed, *, now: float) -> Exchanged:
    plan, minted = signed.plan, signed.minted
    return Exchanged(
        minted.token,
        signed.token_type,
        minted.expires_at - int(now),
        plan.scope,
        is_for_sts=plan.role_arn is not None,
    )


async def _refuse(
    broker: Broker, run: Run | None, grant: str | None, refusal: Refusal, *, now: float
) -> Refusal:
    await _record(broker, run, grant, refusal.code, now=now)
    return refusal


async def _record(
    broker: Broker, run: Run | None, grant: str | None, code: str, *, now: float
) -> None:
    await broker.store.append(_refused(run, grant, code, now=now))


def _refused(run: Run | None, grant: str | None, code: str, *, now: float) -> TokenRefused:
    return TokenRefused(
        at=milliseconds(now), code=code, run=None if run is None else run.id, grant=grant
    )
