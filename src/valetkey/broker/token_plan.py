"""What a token of a run says, decided before anything is signed. The sandbox chooses none of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from valetkey.audit import TokenIssued
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.errors import BrokerError
from valetkey.broker.minting import Minted
from valetkey.broker.outcomes import OVER, UseOutcome
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import (
    STS_TOKEN_SECONDS,
    Algorithm,
    Grant,
    TokenGrant,
    WebIdentityRequest,
    web_identity_request,
)
from valetkey.credentials.token_claims import (
    TOKEN_ID_BYTES,
    Json,
    new_token_id,
    sts_claims,
    tool_claims,
)
from valetkey.credentials.token_tags import transitive_tags_said
from valetkey.identity import Power, Refusal
from valetkey.runs import PrincipalRef, Run, session_tags

MIN_TOKEN_SECONDS = 5
"""A shorter life would be over before the token is used: the run counts as expired."""
MAX_SUBJECT = 255
"""OpenID Connect Core §2: `sub` is at most 255 ASCII characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlan:
    """The claims of a token of `run`, all of them checked, and what else its record says."""

    own: OwnIssuer
    run: Run
    grant: str
    claims: dict[str, Json]
    audience: str
    subject: str
    algorithm: Algorithm | None
    scope: str | None = None
    role_arn: str | None = None
    tags: dict[str, str] | None = None

    def record(self, minted: Minted, *, at: float, holder: str) -> TokenIssued:
        """Return the record of giving the token to `holder` at `at`, Unix seconds."""
        return TokenIssued(
            at=milliseconds(at),
            run=self.run.id,
            grant=self.grant,
            audience=self.audience,
            subject=self.subject,
            jti=minted.token_id,
            key_id=minted.key_id,
            expires_at=minted.expires_at,
            holder=holder,
            scope=self.scope,
            role_arn=self.role_arn,
            tags=self.tags,
        )


def plan_token(
    broker: Broker, run: Run, grant: TokenGrant | Grant, *, scope: str | None, now: int
) -> TokenPlan | Refusal:
    """Decide what a token of `grant` says at `now` (Unix seconds), or why the run gets none.

    It lives no longer than the grant allows and than the run itself.
    """
    own = broker.own
    if own is None:  # there was an issuer when the run was opened
        return Refusal(
            code="own-issuer-gone",
            public="valetkey signs no tokens any more, and the grant needs one",
            reasons=(f"grant `{grant.name}` of run `{run.id}` needs `[issuer]`",),
        )
    most = grant.duration if isinstance(grant, TokenGrant) else STS_TOKEN_SECONDS
    seconds = min(most, run.expires_at - now)
    if seconds < MIN_TOKEN_SECONDS:
        return Refusal(
            code=UseOutcome.EXPIRED.value,
            public=OVER[UseOutcome.EXPIRED],
            reasons=(f"run `{run.id}` has {run.expires_at - now} seconds left",),
        )
    token_id = new_token_id(broker.entropy(TOKEN_ID_BYTES))
    if isinstance(grant, Grant):
        owed = session_tags(run.tags, run.id)
        request = web_identity_request(grant, issuer=own.url, run_id=run.id, tags=owed)
        return plan_for_sts(
            own, run, grant.name, request=request, token_id=token_id, now=now, seconds=seconds
        )
    subject = _subject(broker, own, run)
    if isinstance(subject, Refusal):
        return subject
    client_id = _client_id(broker, run)
    if isinstance(client_id, Refusal):
        return client_id
    claims = tool_claims(
        grant,
        issuer=own.url,
        subject=subject,
        run_id=run.id,
        actor_issuer=run.actor.issuer,
        actor=run.actor.subject,
        client_id=client_id,
        scope=scope,
        token_id=token_id,
        now=now,
        seconds=seconds,
    )
    return TokenPlan(
        own=own,
        run=run,
        grant=grant.name,
        claims=claims,
        audience=grant.audience,
        subject=subject,
        algorithm=grant.algorithm,
        scope=scope,
    )


def plan_for_sts(
    own: OwnIssuer,
    run: Run,
    grant: str,
    *,
    request: WebIdentityRequest,
    token_id: str,
    now: int,
    seconds: int = STS_TOKEN_SECONDS,
) -> TokenPlan:
    """Decide what a token for STS says. It carries exactly the tags that the run owes its sessions.

    Raises BrokerError `token-tags-differ` where it would not.
    """
    owed = session_tags(run.tags, run.id)
    claims = sts_claims(
        request,
        run_id=run.id,
        actor_issuer=run.actor.issuer,
        actor=run.actor.subject,
        token_id=token_id,
        now=now,
        seconds=seconds,
    )
    tags = transitive_tags_said(claims)
    if tags != owed:  # STS would make a session without them, and say nothing
        raise BrokerError(
            "token-tags-differ",
            "the token for STS does not carry exactly the tags of the run",
            detail=f"keys {', '.join(sorted(tags))} instead of {', '.join(sorted(owed))}",
        )
    return TokenPlan(
        own=own,
        run=run,
        grant=grant,
        claims=claims,
        audience=request.audience,
        subject=request.subject,
        algorithm=request.algorithm,
        role_arn=str(request.role),
        tags=tags,
    )


def _subject(broker: Broker, own: OwnIssuer, run: Run) -> str | Refusal:
    """Return `sub` for tools; two issuers' equal subjects are one only where there is one issuer.

    So the issuer is still one whose people are worked for, in either form: after another took its
    place the bare subject would be a person of that one.
    """
    people = {rule.issuer for rule in broker.rules if rule.may is Power.BE_WORKED_FOR}
    name = next((n for n in _issuer_names(broker, run.subject) if n in people), None)
    if name is None:
        return Refusal(
            code="subject-issuer-gone",
            public="the issuer of the run's subject is not configured any more",
            reasons=(f"run `{run.id}` works for a subject of {run.subject.issuer}",),
        )
    subject = run.subject.subject
    if own.qualified:
        subject = _qualified(name, subject)
    if len(subject) > MAX_SUBJECT:  # exact or refused: a tool would take a cut one for another's
        return Refusal(
            code="subject-too-long",
            public="the subject is too long for a token of a tool",
            reasons=(f"run `{run.id}`: `{subject}` has {len(subject)} characters",),
        )
    return subject


def _client_id(broker: Broker, run: Run) -> str | Refusal:
    """Return who asked, in one text: always with the issuer, for several may have actors."""
    name = next(_issuer_names(broker, run.actor), None)
    if name is None:
        return Refusal(
            code="actor-issuer-gone",
            public="the issuer of the run's actor is not configured any more",
            reasons=(f"run `{run.id}` was opened by an actor of {run.actor.issuer}",),
        )
    return _qualified(name, run.actor.subject)


def _issuer_names(broker: Broker, principal: PrincipalRef) -> Iterator[str]:
    return (issuer.name for issuer in broker.issuers if issuer.url == principal.issuer)


def _qualified(issuer_name: str, subject: str) -> str:
    """Return a principal as one text; a name has no colon, so it is read back in one way."""
    return f"{issuer_name}:{subject}"
