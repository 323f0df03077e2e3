"""Open a run: from the person's token and the platform's token to a run and its run token."""

from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.audit import OpenRefused
from valetkey.broker.authenticate import authenticate
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.directory import ask_directory
from valetkey.broker.errors import BrokerError, SubjectRejected
from valetkey.broker.facts import make_facts
from valetkey.broker.new_run import Opened, RunPlan, asked_grants, asked_life, carry_out
from valetkey.broker.outcomes import OpenVerdict
from valetkey.broker.single_use import token_uses
from valetkey.errors import ValetkeyError
from valetkey.identity import Power, Principal, Refusal, TokenRejected, TrustRule
from valetkey.runs import Material, PrincipalRef, render
from valetkey.secret import Secret

MAX_REASON = 500
MAX_ATTRIBUTE = 1_024
"""Characters of a work attribute: more than any tag takes, less than a row may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """What an actor asks for. None: all grants, or the configured life. `expires_in` in seconds."""

    actor_token: Secret
    subject_token: Secret
    attributes: Mapping[str, str]
    grants: tuple[str, ...] | None = None
    expires_in: int | None = None


@dataclass(slots=True)
class _Callers:
    """Who has been verified so far: what a refusal's record may name."""

    actor: Principal | None = None
    subject: Principal | None = None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Who asks, for whom, and the rules that let them."""

    actor: Principal
    subject: Principal
    rules: tuple[TrustRule, ...]


async def open_run(broker: Broker, request: OpenRequest) -> Opened | Refusal:
    """Open a run, or say why not. Either way the record is durable before the answer leaves.

    1. The actor's token is verified and admitted by a rule that may open runs.
    2. The subject's token is verified and admitted by a rule that the actor's rule names.
    3. Work attributes, grants and life are within what that rule and the configuration allow.
    4. What is needed of the directory is looked up; tags and facts are made, each exact or refused.
    5. Run, bindings of work tags, claims of tokens for one use and record become durable in one
       transaction, under the policy version that is active in it.

    Raises a `ValetkeyError` for bad input; nothing is stored but the refusal's record.
    """
    now = broker.clock()
    callers = _Callers()
    try:
        outcome = await _open(broker, request, callers, now=now)
    except ValetkeyError as error:
        await _record_refusal(broker, callers, error.code, str(error.message), now=now)
        raise
    if isinstance(outcome, Refusal):
        await _record_refusal(broker, callers, outcome.code, "; ".join(outcome.reasons), now=now)
    return outcome


async def _open(
    broker: Broker, request: OpenRequest, callers: _Callers, *, now: float
) -> Opened | Refusal:
    # 1. The actor.
    actor = await authenticate(broker, request.actor_token, now=now)
    if isinstance(actor, Refusal):
        return actor
    callers.actor = actor
    if not actor.may(Power.OPEN_RUNS):
        return _refused(
            "actor-not-admitted",
            "the actor may not open runs",
            f"{actor.label} is admitted, but by no rule that says `open-runs`",
        )

    # 2. The subject.
    try:
        subject = await authenticate(broker, request.subject_token, now=now)
    except TokenRejected as error:
        raise SubjectRejected(
            error.code, f"subject token: {error.message}", hint=error.hint, detail=error.detail
        ) from None
    if isinstance(subject, Refusal):
        return subject
    callers.subject = subject
    rules = actor.rules_to_work_for(subject)
    if not rules:
        return _refused(
            "subject-not-admitted",
            "the actor may not open runs for this subject",
            f"no `open-runs` rule of {actor.label} names a rule that admits {subject.label}",
        )

    # 3. to 5., once more where another policy version was activated meanwhile.
    pair = _Pair(actor, subject, rules)
    outcome = await _open_for(broker, request, pair, now=now)
    if isinstance(outcome, Refusal) and outcome.code == OpenVerdict.NOT_ACTIVE.value:
        outcome = await _open_for(broker, request, pair, now=now)
    return outcome


async def _open_for(
    broker: Broker, request: OpenRequest, pair: _Pair, *, now: float
) -> Opened | Refusal:
    # 3. What is asked for.
    actor, subject, policy = pair.actor, pair.subject, broker.opening
    rule = _rule_that_sets(pair.rules, request.attributes)
    grants = asked_grants(policy, request.grants)
    seconds = asked_life(broker, request.expires_in)

    # 4. Tags and facts.
    known = await ask_directory(broker, subject)
    if isinstance(known, Refusal):
        return known
    material = Material(
        subject.claims.all, subject.issuer_name, request.attributes, directory=known or {}
    )
    tags = {template.key: render(template, material) for template in broker.templates}
    bindings = {t.key: tags[t.key] for t in broker.templates if t.is_bound}
    asked = policy.tags_asked(grants)
    facts = make_facts(broker.tools, subject, actor, tags=tags, directory=known, asked=asked)
    if isinstance(facts, Refusal):
        return facts

    # 5. Durable, then out.
    plan = RunPlan(
        subject=PrincipalRef(subject.issuer, subject.subject),
        actor=PrincipalRef(actor.issuer, actor.subject),
        actor_rule=rule.name,
        tags=tags,
        attributes=dict(request.attributes),
        grants=grants,
        seconds=seconds,
        bindings=bindings,
        token_ids=token_uses((actor, subject), broker.issuers),
        facts=facts,
        directory=known,
    )
    return await carry_out(broker, plan, policy=policy, now=now, only_active=True)


def _rule_that_sets(rules: tuple[TrustRule, ...], attributes: Mapping[str, str]) -> TrustRule:
    """Return the first rule that lets the actor set every attribute it asks for."""
    for name, value in attributes.items():
        if len(value) > MAX_ATTRIBUTE:
            raise BrokerError(
                "attribute-too-long",
                f"attribute `{name[:64]}` has more than {MAX_ATTRIBUTE} characters",
            )
    for rule in rules:
        if attributes.keys() <= set(rule.attributes):
            return rule
    name = next(n for n in attributes if n not in rules[0].attributes)
    raise BrokerError(
        "attribute-not-allowed",
        f"trust rule `{rules[0].name}` does not let the actor set attribute `{name[:64]}`",
        hint="name it in the rule's `attributes`",
    )


def _refused(code: str, public: str, *reasons: str) -> Refusal:
    return Refusal(code=code, public=public, reasons=reasons)


def _recordable(reason: str) -> str:
    """Cut what a caller may have made long, and spell out what no JSON text can hold."""
    return reason[:MAX_REASON].encode("utf-8", "backslashreplace").decode()


async def _record_refusal(
    broker: Broker, callers: _Callers, code: str, reason: str, *, now: float
) -> None:
    actor, subject = callers.actor, callers.subject
    await broker.store.append(
        OpenRefused(
            at=milliseconds(now),
            code=code,
            reason=_recordable(reason),
            subject_issuer=None if subject is None else subject.issuer,
            subject=None if subject is None else subject.subject,
            actor_issuer=None if actor is None else actor.issuer,
            actor=None if actor is None else actor.subject,
        )
    )
