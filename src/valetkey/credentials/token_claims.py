"""What valetkey says in the tokens that it signs: one audience each, and whose work it is.

Pure: who may have such a token is settled before, and it is signed elsewhere.
"""

from typing import TypeAlias

from valetkey.credentials.token_grant import TokenGrant
from valetkey.credentials.web_identity import STS_TOKEN_SECONDS, WebIdentityRequest

Json: TypeAlias = "str | int | list[Json] | dict[str, Json]"

RUN_CLAIM = "valetkey_run"
"""Names the run that a token is of: every token of ours has it, and no token of anybody else's."""

NOT_BEFORE_SLACK = 30
"""Seconds that `nbf` is back from `iat`: without them a relying party whose clock is behind ours
refuses a token that is drawn and used at once. It makes no token live longer."""

TOKEN_ID_BYTES = 16
"""128 random bits: no two tokens have one `jti` (RFC 7519 §4.1.7)."""

AWS_CLAIM = "https://aws.amazon.com/"
"""IAM guide, "Pass session tags using AssumeRoleWithWebIdentity": the prefix of AWS's claims."""


def new_token_id(entropy: bytes) -> str:
    """Make a token's `jti` of 16 random bytes."""
    if len(entropy) != TOKEN_ID_BYTES:
        raise ValueError("a token id is made of exactly 16 random bytes")
    return entropy.hex()


def sts_claims(
    request: WebIdentityRequest,
    *,
    run_id: str,
    actor_issuer: str,
    actor: str,
    token_id: str,
    now: int,
    seconds: int = STS_TOKEN_SECONDS,
) -> dict[str, Json]:
    """Return the claims of a token for STS, good for `seconds` from `now` (Unix seconds).

    Every tag is a principal tag, an array of one, and transitive; `roles` names the one role, so
    that STS refuses the token for any other, whoever holds it. Raises ValueError for a life above
    STS_TOKEN_SECONDS.
    """
    if not 0 < seconds <= STS_TOKEN_SECONDS:
        raise ValueError(f"a token for STS lives at most {STS_TOKEN_SECONDS} seconds")
    tags: dict[str, Json] = {key: [value] for key, value in request.tags.items()}
    return {
        "iss": request.issuer,
        "sub": request.subject,
        "aud": request.audience,
        "exp": now + seconds,
        "nbf": now - NOT_BEFORE_SLACK,
        "iat": now,
        "jti": token_id,
        "act": {"iss": actor_issuer, "sub": actor},
        RUN_CLAIM: run_id,
        AWS_CLAIM + "tags": {
            "principal_tags": tags,
            "transitive_tag_keys": list(request.tags),
        },
        AWS_CLAIM + "source_identity": request.source_identity,
        AWS_CLAIM + "roles": [str(request.role)],
    }


def tool_claims(
    grant: TokenGrant,
    *,
    issuer: str,
    subject: str,
    run_id: str,
    actor_issuer: str,
    actor: str,
    client_id: str,
    scope: str | None,
    token_id: str,
    now: int,
    seconds: int | None = None,
) -> dict[str, Json]:
    """Return the claims of a token for a tool's API, good for `seconds` from `now` (Unix seconds).

    `seconds` None is the grant's own duration, which is never exceeded (ValueError). `act` is who
    asked (RFC 8693 §4.1). So is `client_id`, without which no RFC 9068 §2.2 access token is one: no
    two actors may have one, nor a person's `sub` be one (§5). `scope` are scopes joined by spaces,
    left out where there is none.
    """
    life = grant.duration if seconds is None else seconds
    if not 0 < life <= grant.duration:
        raise ValueError(f"a token of this grant lives at most {grant.duration} seconds")
    claims: dict[str, Json] = {
        "iss": issuer,
        "sub": subject,
        "aud": grant.audience,
        "exp": now + life,
        "nbf": now - NOT_BEFORE_SLACK,
        "iat": now,
        "jti": token_id,
        "act": {"iss": actor_issuer, "sub": actor},
        "client_id": client_id,
        RUN_CLAIM: run_id,
    }
    if scope:
        claims["scope"] = scope
    return claims
