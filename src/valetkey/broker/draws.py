"""What a run draws by one of its grants: made once, for it never changes while the run lives."""

from dataclasses import dataclass

from valetkey.credentials import (
    AssumeRoleRequest,
    Grant,
    GrantSource,
    WebIdentityRequest,
    assume_role_request,
    cache_key,
    web_identity_key,
    web_identity_request,
)
from valetkey.identity import Refusal
from valetkey.runs import Run, session_tags


@dataclass(frozen=True, slots=True)
class Draw:
    """A grant of a run under the run's own policy, what STS is asked for it, and its cache key."""

    run: Run
    grant: Grant
    request: AssumeRoleRequest | WebIdentityRequest
    key: bytes


def make_draw(run: Run, grant: Grant, *, issuer: str | None) -> Draw | Refusal:
    """Work out what is asked of STS. The sandbox chooses none of it.

    `issuer` is valetkey's own issuer URL, without which nothing is drawn by web identity: a run
    may have been opened when there was one.
    """
    tags = session_tags(run.tags, run.id)
    if grant.source is GrantSource.ASSUME_ROLE:
        assume = assume_role_request(grant, run_id=run.id, tags=tags)
        return Draw(run, grant, assume, cache_key(assume))
    if issuer is None:
        return Refusal(
            code="own-issuer-gone",
            public="valetkey signs no tokens any more, and the grant needs one",
            reasons=(f"grant `{grant.name}` of run `{run.id}` needs `[issuer]`",),
        )
    web = web_identity_request(grant, issuer=issuer, run_id=run.id, tags=tags)
    return Draw(run, grant, web, web_identity_key(web))
