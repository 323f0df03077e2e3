"""Who calls the tool gateway? A token that we signed for it becomes the run that it is of.

Whether that run is open is not said here: it is read where the record of what it does is written.
"""

import json
from dataclasses import dataclass
from typing import Final

from valetkey.audit import RequestRefused
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.facts import ISSUER_FACT, OWN_FACTS
from valetkey.broker.minting import ACCESS_TOKEN
from valetkey.broker.outcomes import OVER, UseOutcome, why_over
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.policy import Policy
from valetkey.broker.tool_terms import Proven
from valetkey.credentials.token_claims import RUN_CLAIM
from valetkey.identity import (
    IdentityError,
    Issuer,
    KeySet,
    Refusal,
    TokenRejected,
    parse_unverified,
    verify,
)
from valetkey.runs import Run, RunError, run_id_of
from valetkey.secret import Secret
from valetkey.tools import PrincipalForm
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.principal import ToolPrincipal

GATEWAY_ROUTE: Final = "/mcp"
"""What records of refused tokens name."""
_NOT_ACCEPTED: Final = "the token is not one for the tool gateway, or not any more"


@dataclass(frozen=True, slots=True)
class ToolCaller:
    """A run that calls tools, and under what. `until` (Unix seconds) its token is good.

    `servers` are those of the run's grants that its policy version has. `digest` is that of the run
    token where the run showed it itself, and is looked at again with every record.
    """

    run: Run
    policy: Policy
    bundle: ToolBundle
    principal: ToolPrincipal
    until: int
    servers: tuple[str, ...]
    digest: bytes | None = None


async def admit_tool_caller(
    broker: Broker, token: Secret, *, audience: str
) -> ToolCaller | Refusal:
    """Return the run that a gateway token is of; a refused token is on record before it is refused.

    1. The token was signed by a key that we publish, for exactly `audience`, and has not expired.
    2. It names a run that we know, with tools in the policy version that it is under.

    Codes: `gateway-token` for a token that is no such one, `policy-version-gone`,
    `tools-not-configured`, `facts-missing`.
    """
    now = broker.clock()
    proven = await _prove(broker, token, audience=audience, now=now)
    if isinstance(proven, Refusal):
        return await _refuse(broker, None, proven, now=now)
    known = await broker.run(proven.run_id)
    if known is None:
        refusal = _not_ours(f"no run `{proven.run_id[:64]}`")
        return await _refuse(broker, None, refusal, now=now)
    caller = await caller_of(broker, known.run, until=proven.expires_at)
    if isinstance(caller, Refusal):
        return await _refuse(broker, known.run.id, caller, now=now)
    return caller


async def look_again(broker: Broker, caller: ToolCaller) -> ToolCaller | Refusal:
    """Return the caller as its run is now, or why it is none any more. Nothing is recorded.

    For what decides nothing: lists, pings, open streams. Codes: those of a run that is over,
    `gateway-token` where the token's time has passed, and those of `caller_of`.
    """
    now = broker.clock()
    run = await broker.store.run(caller.run.id)
    over = UseOutcome.UNKNOWN if run is None else why_over(run, now=now)
    if run is None or over is not None:
        broker.forget(caller.run.id)
        return run_is_over(caller.run, over or UseOutcome.UNKNOWN)
    if now >= caller.until:
        return _not_ours("it has expired")
    if run.policy_version == caller.run.policy_version:
        return caller
    broker.forget(run.id)
    return await caller_of(broker, run, until=caller.until, digest=caller.digest)


async def caller_of(
    broker: Broker, run: Run, *, until: int, digest: bytes | None = None
) -> ToolCaller | Refusal:
    """Return what a run may call under its policy version, or why it has no tools."""
    policy = await broker.policy_of(run)
    if policy is None:
        return Refusal(
            code="policy-version-gone",
            public="the run's policy is not available any more",
            reasons=(f"policy version {run.policy_version} of run `{run.id}` is not stored",),
        )
    bundle = policy.tools
    servers = tuple(name for name in policy.servers if name in run.grants)
    if bundle is None or not servers:
        return Refusal(
            code="tools-not-configured",
            public="the run has no tools: none of its grants is a server of tools",
            reasons=(f"run `{run.id}` has {', '.join(run.grants)}",),
        )
    principal = principal_of(run, bundle)
    if principal is None:
        return Refusal(
            code="facts-missing",
            public="the run was opened before there were tools: open another one",
            reasons=(f"run `{run.id}` has not all of the facts {', '.join(OWN_FACTS)}",),
        )
    return ToolCaller(run, policy, bundle, principal, until, servers, digest)


def run_is_over(run: Run, outcome: UseOutcome) -> Refusal:
    """Return what a run hears that was not open when its record was written."""
    return Refusal(
        code=outcome.value,
        public=OVER.get(outcome, "the run is not open"),
        reasons=(f"run `{run.id}`: {outcome.value}",),
    )


def principal_of(run: Run, bundle: ToolBundle) -> ToolPrincipal | None:
    """Return who calls for a run, as policies see it; None for a run opened without facts: to it
    every tag would pass for absent.
    """
    if not run.facts.keys() >= set(OWN_FACTS):
        return None
    if bundle.source.principal is PrincipalForm.SUB:
        return ToolPrincipal(run.subject.subject, run.facts)
    return ToolPrincipal(f"{run.facts[ISSUER_FACT]}:{run.subject.subject}", run.facts)


async def _prove(broker: Broker, token: Secret, *, audience: str, now: float) -> Proven | Refusal:
    """Verify the token's signature once; its time and that its key is published, each time."""
    own = broker.own
    if own is None:
        return _not_ours("valetkey signs no tokens: there is no `[issuer]`")
    key = (token.digest(), audience)
    proven = broker.tool_memory.proven.get(key)
    if proven is None:
        found = await _verified(own, token, audience=audience, now=now)
        if isinstance(found, Proven):
            broker.tool_memory.prove(key, found)
        return found
    if now >= proven.expires_at:
        return _not_ours("it has expired")
    if proven.kid not in {key.kid for key in await own.ring.published(now=now)}:
        return _not_ours(f"its key {proven.kid} is not published any more")
    return proven


async def _verified(
    own: OwnIssuer, token: Secret, *, audience: str, now: float
) -> Proven | Refusal:
    published = await own.ring.published(now=now)
    algorithms = tuple(algorithm.value for algorithm in own.ring.algorithms)
    # Its leeway is for `iat`: another replica's clock may be ahead. `exp` gets none, below.
    issuer = Issuer("valetkey", own.url, (audience,), algorithms, types=(ACCESS_TOKEN,))
    try:
        document = json.dumps({"keys": [dict(key.public) for key in published]}).encode()
        keys = KeySet.from_jwks(document, algorithms)
        unverified = parse_unverified(token)
        claims = verify(unverified, issuer, keys, now=now)
    except TokenRejected as error:
        return _rejected(token, f"{error.code}: {error.message}")
    except IdentityError as error:  # no key is published that could be read
        return _not_ours(f"{error.code}: {error.message}")
    run_id = claims.all.get(RUN_CLAIM)
    if type(run_id) is not str or unverified.kid is None:
        return _not_ours("it is not a token as we make them")
    if now >= claims.expires_at:
        return _not_ours("it has expired")
    return Proven(run_id, unverified.kid, claims.expires_at)


def _rejected(token: Secret, reason: str) -> Refusal:
    try:
        run_id_of(token)
    except RunError:
        return _not_ours(reason)
    return Refusal(
        code="gateway-token",
        public="a run token is not taken here: exchange it at /oauth/token for a token whose "
        "`resource` is the gateway, as `valetkey run` does by itself",
        reasons=("a run token was presented",),
    )


def _not_ours(reason: str) -> Refusal:
    return Refusal(code="gateway-token", public=_NOT_ACCEPTED, reasons=(reason,))


async def _refuse(broker: Broker, run_id: str | None, refusal: Refusal, *, now: float) -> Refusal:
    await broker.store.append(
        RequestRefused(at=milliseconds(now), code=refusal.code, route=GATEWAY_ROUTE, run=run_id)
    )
    return refusal
