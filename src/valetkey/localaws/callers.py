"""Who signed a request: root, an IAM user, a role session, or nobody; and what limits them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from valetkey.iam import ContextValue, Layer, Policies, Policy, Principal, PrincipalKind
from valetkey.localaws.documents import ALLOWS_ALL, compiled
from valetkey.localaws.identities import Identities, RoleRecord, UserRecord
from valetkey.secret import Secret

REMEMBERED_SECONDS = 3600  # in which a dead session is told that it expired, not unknown


class CallerKind(Enum):
    """The kinds of principals, by `aws:PrincipalType`."""

    ROOT = "Account"
    USER = "User"
    SESSION = "AssumedRole"
    WEB_IDENTITY = "User of a web identity"  # told to policies as `User`
    ANONYMOUS = "Anonymous"


@dataclass(frozen=True, slots=True)
class RoleSession:
    """What AssumeRole made: fixed at birth, dead at `expires_at` (Unix seconds).

    `federated` are the condition keys that a web identity left it.
    """

    access_key_id: str
    secret: Secret
    token_digest: bytes
    role_arn: str
    role_name: str
    role_id: str
    session_arn: str
    session_name: str
    tags: Mapping[str, str]
    transitive: frozenset[str]  # keys of `tags` that the next session in a chain inherits
    source_identity: str | None
    session_policies: tuple[Policy, ...] | None
    issued_at: float
    expires_at: float
    federated: Mapping[str, ContextValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified principal, its policies now, and the condition keys it brings."""

    kind: CallerKind
    arn: str
    account: str
    user_id: str
    principal: Principal
    policies: Policies
    context: Mapping[str, ContextValue]
    session: RoleSession | None = None
    user_name: str | None = None


def root_caller(account: str) -> Caller:
    """Return the account's root: allowed everything that no resource policy denies."""
    arn = f"arn:aws:iam::{account}:root"
    return Caller(
        kind=CallerKind.ROOT,
        arn=arn,
        account=account,
        user_id=account,
        principal=Principal(kind=PrincipalKind.ARN, name=arn, account=account),
        policies=Policies(identity=(compiled(ALLOWS_ALL, "root", Layer.IDENTITY),)),
        context=_context(CallerKind.ROOT, account),
    )


def user_caller(user: UserRecord, account: str) -> Caller:
    """Return an IAM user with the policies it has at this moment."""
    return Caller(
        kind=CallerKind.USER,
        arn=user.arn,
        account=account,
        user_id=user.user_id,
        principal=Principal(
            kind=PrincipalKind.ARN, name=user.arn, account=account, role_tags=user.tags
        ),
        policies=Policies(identity=user.identity, boundary=user.boundary),
        context={**_context(CallerKind.USER, user.user_id), "aws:username": user.name},
        user_name=user.name,
    )


def session_caller(session: RoleSession, role: RoleRecord, account: str) -> Caller:
    """Return a role session with its role's policies at this moment."""
    user_id = f"{session.role_id}:{session.session_name}"
    context: dict[str, ContextValue] = {
        **session.federated,
        **_context(CallerKind.SESSION, user_id),
        "aws:TokenIssueTime": datetime.fromtimestamp(int(session.issued_at), UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
        "aws:MultiFactorAuthPresent": "false",
    }
    if session.source_identity is not None:
        context["aws:SourceIdentity"] = session.source_identity
    return Caller(
        kind=CallerKind.SESSION,
        arn=session.session_arn,
        account=account,
        user_id=user_id,
        principal=Principal(
            kind=PrincipalKind.ARN,
            name=session.session_arn,
            account=account,
            tags=session.tags,
            role_tags=role.tags,
            role_arn=session.role_arn,
        ),
        policies=Policies(
            identity=role.identity,
            session=session.session_policies,
            boundary=role.boundary,
        ),
        context=context,
        session=session,
    )


def web_identity_caller(
    provider_arn: str, account: str, keys: Mapping[str, ContextValue]
) -> Caller:
    """Return whom an OpenID Connect provider of `account` answers for. It has no policies.

    `keys` are what trust policies see of its token.
    """
    return Caller(
        kind=CallerKind.WEB_IDENTITY,
        arn=provider_arn,
        account=account,
        user_id=provider_arn,
        principal=Principal(kind=PrincipalKind.FEDERATED, name=provider_arn),
        policies=Policies(),
        context={
            **keys,
            "aws:FederatedProvider": provider_arn,
            "aws:PrincipalAccount": account,
            "aws:PrincipalType": CallerKind.USER.value,
            "aws:userid": provider_arn,
        },
    )


def anonymous_caller() -> Caller:
    """Return nobody: an unsigned request, to S3 or to exchange a web identity token."""
    return Caller(
        kind=CallerKind.ANONYMOUS,
        arn="anonymous",
        account="",
        user_id="anonymous",
        principal=Principal(kind=PrincipalKind.ANONYMOUS, name="*"),
        policies=Policies(),
        context=_context(CallerKind.ANONYMOUS, "anonymous"),
    )


def _context(kind: CallerKind, user_id: str) -> dict[str, str]:
    return {"aws:PrincipalType": kind.value, "aws:userid": user_id}


@dataclass(slots=True)
class Sessions:
    """The sessions that were handed out, by access key, oldest first."""

    identities: Identities
    account: str
    live: dict[str, RoleSession]

    def caller(self, session: RoleSession) -> Caller | None:
        """Return the session's principal with its role's present policies.

        None where the role was deleted, or made anew under the same name: no policy, of a
        bucket or of anything else, may let such a session pass.
        """
        role = self.identities.role(session.role_name)
        if role is None or role.role_id != session.role_id or role.arn != session.role_arn:
            return None
        return session_caller(session, role, self.account)

    def add(self, session: RoleSession, *, now: float) -> None:
        """Keep a new session, and forget those that expired longer ago than REMEMBERED_SECONDS."""
        for key, old in list(self.live.items()):
            if old.expires_at + REMEMBERED_SECONDS <= now:
                del self.live[key]
        self.live[session.access_key_id] = session
