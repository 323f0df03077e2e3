"""The last step of opening a run, whoever asked: a run, its record and its token come to be.

Who may have one, with which tags, is settled before: by `open` from tokens, by `own_run` for the
account of this machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from valetkey.audit import RunOpened
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.errors import BrokerError
from valetkey.broker.facts import RUN_FACT, recorded_facts
from valetkey.broker.outcomes import OpenVerdict, TokenUse
from valetkey.broker.policy import Policy
from valetkey.identity import Refusal
from valetkey.runs import (
    MIN_RUN_SECONDS,
    RUN_ID_ENTROPY_BYTES,
    TOKEN_ENTROPY_BYTES,
    PrincipalRef,
    Run,
    RunState,
    new_run_id,
    new_run_token,
)
from valetkey.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """A run as it shall be, all of it checked. `bindings` are work tags bound to the subject.

    `token_ids` are the tokens that open it and may open no other; `directory` is what the directory
    said of the subject, None where it was not asked. `facts` are what tool policies may ask of the
    principal, but for the run's id.
    """

    subject: PrincipalRef
    actor: PrincipalRef
    actor_rule: str
    tags: Mapping[str, str]
    grants: tuple[str, ...]
    seconds: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    bindings: Mapping[str, str] = field(default_factory=dict)
    token_ids: tuple[TokenUse, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    directory: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An open run and the only copy of its token."""

    run: Run
    token: Secret
    policy: Policy


async def carry_out(
    broker: Broker, plan: RunPlan, *, policy: Policy, now: float, only_active: bool = False
) -> Opened | Refusal:
    """Open the run: it, its bindings and its record become durable in one transaction, or none.

    With `only_active` it is refused as `policy-not-active` where `policy` is not the version that
    somebody activated last; then `broker.opening` is that one when this returns.
    """
    run_id = new_run_id(broker.entropy(RUN_ID_ENTROPY_BYTES))
    token = new_run_token(run_id, broker.entropy(TOKEN_ENTROPY_BYTES))
    run = Run(
        id=run_id,
        subject=plan.subject,
        actor=plan.actor,
        actor_rule=plan.actor_rule,
        tags=plan.tags,
        attributes=plan.attributes,
        grants=plan.grants,
        policy_version=policy.version,
        opened_at=int(now),
        expires_at=int(now) + plan.seconds,
        state=RunState.OPEN,
        token_digest=token.digest(),
        facts={**plan.facts, RUN_FACT: run_id} if plan.facts else {},
    )
    outcome = await broker.store.open_run(
        run,
        bindings=plan.bindings,
        token_ids=plan.token_ids,
        record=_opened(broker, run, plan, now=now),
        only_active=only_active,
    )
    match outcome.verdict:
        case OpenVerdict.OPENED:
            broker.note_opened(run)
            return Opened(run, token, policy)
        case OpenVerdict.NOT_ACTIVE:
            return await _follow(broker, outcome.about or "")
        case OpenVerdict.BOUND_ELSEWHERE:
            subject = f"{plan.subject.subject} of {plan.subject.issuer}"
            return Refusal(
                code="work-tag-bound",
                public=f"the value of work tag `{outcome.about}` belongs to another subject",
                reasons=(f"tag `{outcome.about}` was first used for another than {subject}",),
            )
        case OpenVerdict.REPLAYED:
            return Refusal(
                code=outcome.verdict.value,
                public="a token that is good for one run has opened one already",
                reasons=(f"a token of {outcome.about} was used before",),
            )
        case verdict:
            return Refusal(
                code=verdict.value, public="the run could not be opened", reasons=(verdict.value,)
            )


async def _follow(broker: Broker, version: str) -> Refusal:
    if not await broker.follow(version):
        return Refusal(
            code="policy-version-gone",
            public="new runs need a policy that this broker can't read",
            reasons=(f"policy version {version} is active, and of another version of valetkey",),
        )
    return Refusal(
        code=OpenVerdict.NOT_ACTIVE.value,
        public="the policy of new runs changes just now: ask again",
        reasons=(f"policy version {version} was activated meanwhile",),
    )


def asked_grants(policy: Policy, asked: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the grants that a run gets, all of them for None. Raises `grant-unknown`."""
    if asked is None:
        return policy.names
    for name in asked:
        if name not in policy.names:
            raise BrokerError(
                "grant-unknown",
                f"there is no grant `{name[:64]}`",
                hint=f"the grants are: {', '.join(policy.names) or 'none'}",
            )
    if not asked:
        raise BrokerError("grant-unknown", "a run without a grant can do nothing")
    return tuple(dict.fromkeys(asked))


def asked_life(broker: Broker, asked: int | None) -> int:
    """Return the seconds that a run lasts, the configured ones for None. Raises `run-duration`."""
    seconds = min(broker.run_seconds, broker.max_run_seconds) if asked is None else asked
    if not MIN_RUN_SECONDS <= seconds <= broker.max_run_seconds:
        raise BrokerError(
            "run-duration",
            f"a run lasts {MIN_RUN_SECONDS} to {broker.max_run_seconds} seconds here, "
            f"not {seconds}",
        )
    return seconds


def _opened(broker: Broker, run: Run, plan: RunPlan, *, now: float) -> RunOpened:
    return RunOpened(
        at=milliseconds(now),
        run=run.id,
        subject_issuer=run.subject.issuer,
        subject=run.subject.subject,
        actor_issuer=run.actor.issuer,
        actor=run.actor.subject,
        actor_rule=run.actor_rule,
        tags=run.tags,
        grants=run.grants,
        policy_version=run.policy_version,
        expires_at=run.expires_at,
        directory=plan.directory,
        facts=recorded_facts(broker.tools, run.facts) if run.facts else None,
    )
