"""What the API takes and gives, as JSON documents. Unknown members are refused."""

from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from valetkey.broker import Opened, Policy, Rotated
from valetkey.errors import ValetkeyError
from valetkey.identity import StrictJsonError, parse_object
from valetkey.runs import Run

T = TypeVar("T")
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path


class RequestError(ValetkeyError):
    """A request is malformed."""


class OpenRunBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /v1/runs` takes; the actor's token is the request's bearer token."""

    subject_token: str
    attributes: dict[str, str] = {}
    grants: tuple[str, ...] | None = None
    expires_in: int | None = None


class RevokeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /v1/runs/{id}/revoke` takes."""

    because: str


class PrincipalDocument(msgspec.Struct, frozen=True):
    """A verified issuer and subject."""

    issuer: str
    subject: str


class GrantDocument(msgspec.Struct, frozen=True):
    """A grant as a sandbox needs it: where to fetch credentials, and where AWS is.

    `web_identity_role` is the role's ARN where the run may draw a token for STS itself.
    """

    name: str
    credentials_url: str
    region: str | None
    endpoint_url: str | None
    web_identity_role: str | None


class TokenGrantDocument(msgspec.Struct, frozen=True):
    """A tool's API that the run may get a token for, at the run's `token_url`."""

    name: str
    audience: str
    scopes: tuple[str, ...]


class OwnRunDocument(msgspec.Struct, frozen=True):
    """What a run may know of itself: no tags and no subject, which it does not choose.

    `mcp_url` is the tool gateway, and what its tokens are for; null where the run has no `servers`
    of tools.
    """

    id: str
    state: str
    expires_at: str
    grants: tuple[GrantDocument, ...]
    tokens: tuple[TokenGrantDocument, ...]
    token_url: str | None
    servers: tuple[str, ...]
    mcp_url: str | None


class RunDocument(msgspec.Struct, frozen=True):
    """A run as its opener and its operators see it."""

    id: str
    state: str
    subject: PrincipalDocument
    actor: PrincipalDocument
    actor_rule: str
    tags: dict[str, str]
    attributes: dict[str, str]
    grants: tuple[GrantDocument, ...]
    tokens: tuple[TokenGrantDocument, ...]
    token_url: str | None
    servers: tuple[str, ...]
    policy_version: str
    opened_at: str
    expires_at: str
    ended_at: str | None
    because: str | None


class OpenedDocument(msgspec.Struct, frozen=True):
    """An opened run and the only copy of its token."""

    run: RunDocument
    run_token: str


class RunsDocument(msgspec.Struct, frozen=True):
    """A page of runs. `next` is the `after` of the following page, null on the last."""

    runs: tuple[RunDocument, ...]
    next: str | None


class RotatedDocument(msgspec.Struct, frozen=True):
    """The run's new token, and until when the one before is good."""

    run_token: str
    previous_valid_until: str


def read_body(body: bytes, shape: type[T]) -> T:
    """Read a JSON body. Raises `RequestError("request-malformed")` that names the member."""
    try:
        parse_object(body)  # no duplicate member: what one reader decides on, another executes
        return msgspec.json.decode(body, type=shape, strict=True)
    except StrictJsonError as error:
        raise RequestError("request-malformed", error.message) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text = str(error).rstrip(".")
        raise RequestError("request-malformed", text[:1].lower() + text[1:200]) from None


def instant(seconds: int) -> str:
    """Return Unix seconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def run_document(run: Run, policy: Policy | None, *, public_url: str) -> RunDocument:
    """Show a run. Without its policy its grants are named, but have no place."""
    return RunDocument(
        id=run.id,
        state=run.state.value,
        subject=PrincipalDocument(run.subject.issuer, run.subject.subject),
        actor=PrincipalDocument(run.actor.issuer, run.actor.subject),
        actor_rule=run.actor_rule,
        tags=dict(run.tags),
        attributes=dict(run.attributes),
        grants=_grants(run, policy, public_url),
        tokens=_tokens(run, policy),
        token_url=_token_url(run, policy, public_url),
        servers=_servers(run, policy),
        policy_version=run.policy_version,
        opened_at=instant(run.opened_at),
        expires_at=instant(run.expires_at),
        ended_at=None if run.ended_at is None else instant(run.ended_at),
        because=run.because,
    )


def own_run_document(
    run: Run, policy: Policy | None, *, public_url: str, gateway: str | None = None
) -> OwnRunDocument:
    """Show a run what it may know of itself; `gateway` is the tool gateway's canonical URI."""
    servers = _servers(run, policy)
    return OwnRunDocument(
        id=run.id,
        state=run.state.value,
        expires_at=instant(run.expires_at),
        grants=_grants(run, policy, public_url),
        tokens=_tokens(run, policy),
        token_url=_token_url(run, policy, public_url),
        servers=servers,
        mcp_url=gateway if servers else None,
    )


def opened_document(opened: Opened, *, public_url: str) -> OpenedDocument:
    """Show an opened run to its opener; here its token leaves, once."""
    run = run_document(opened.run, opened.policy, public_url=public_url)
    return OpenedDocument(run, opened.token.reveal())


def rotated_document(rotated: Rotated) -> RotatedDocument:
    """Show the new token to who held the last one."""
    return RotatedDocument(rotated.token.reveal(), instant(rotated.previous_until))


def _grants(run: Run, policy: Policy | None, public_url: str) -> tuple[GrantDocument, ...]:
    documents = []
    for name in run.grants:
        if policy is not None and (name in policy.tokens or name in policy.servers):
            continue
        grant = None if policy is None else policy.grants.get(name)
        documents.append(
            GrantDocument(
                name,
                f"{public_url}/v1/credentials/{name}",
                region=None if grant is None else grant.region,
                endpoint_url=None if grant is None else grant.endpoint_url,
                web_identity_role=(
                    str(grant.role) if grant is not None and grant.token_to_sandbox else None
                ),
            )
        )
    return tuple(documents)


def _tokens(run: Run, policy: Policy | None) -> tuple[TokenGrantDocument, ...]:
    tokens = {} if policy is None else policy.tokens
    return tuple(
        TokenGrantDocument(name, tokens[name].audience, tokens[name].scopes)
        for name in run.grants
        if name in tokens
    )


def _servers(run: Run, policy: Policy | None) -> tuple[str, ...]:
    """Return the servers of tools that the run has."""
    return () if policy is None else tuple(n for n in policy.servers if n in run.grants)


def _token_url(run: Run, policy: Policy | None, public_url: str) -> str | None:
    """Return where the run narrows its token; None where it has nothing to narrow it to."""
    if policy is None:
        return None
    gives = any(
        name in policy.tokens
        or name in policy.servers
        or (name in policy.grants and policy.grants[name].token_to_sandbox)
        for name in run.grants
    )
    return f"{public_url}{TOKEN_PATH}" if gives else None
