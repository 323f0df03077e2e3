"""The security token service, entirely ours: AssumeRole and GetCallerIdentity.

AssumeRoleWithWebIdentity has a module of its own, `assume_with_web_identity`. Every other operation
is refused by name: nothing that mints credentials is guessed.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.assume_role import (
    RoleRequest,
    read_role_request,
    role_asks,
    session_policies,
    session_seconds,
    session_size,
    session_source_identity,
)
from valetkey.localaws.callers import Caller, CallerKind, RoleSession, Sessions
from valetkey.localaws.decisions import Ask
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.identities import RoleRecord
from valetkey.localaws.models import Params, fail_operation
from valetkey.secret import Secret

UNSIGNED = frozenset({"AssumeRoleWithWebIdentity"})
"""The operations that need no signature: a token says who calls. They are served elsewhere."""

OPERATIONS = UNSIGNED | {"AssumeRole", "GetCallerIdentity"}

Require = Callable[[Ask], None]
"""Raises the AwsError of a denial; returns if the caller may."""

_KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class SecurityTokens:
    """Answers STS operations for verified callers."""

    sessions: Sessions

    def run(
        self, operation: str, params: Params, *, caller: Caller, require: Require, now: float
    ) -> dict[str, Any]:
        """Return the operation's result. Raises AwsError where STS would answer an error."""
        if caller.kind not in {CallerKind.ROOT, CallerKind.USER, CallerKind.SESSION}:
            raise fault(
                Service.STS, Trouble.MISSING_TOKEN, "Request is missing Authentication Token"
            )
        if operation == "GetCallerIdentity":  # needs no permission, not even against a Deny
            return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account}
        if operation == "AssumeRole":
            return self._assume_role(params, caller, require=require, now=now)
        raise fail_operation(Service.STS, operation)

    def _assume_role(
        self, params: Params, caller: Caller, *, require: Require, now: float
    ) -> dict[str, Any]:
        wanted = read_role_request(params, caller)
        if caller.kind is CallerKind.ROOT:
            raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.", status=403)
        role = self.sessions.identities.role_by_arn(wanted.role_arn)
        if role is None:
            raise _unknown_role(caller, wanted.role_arn)
        for ask in role_asks(wanted, role, caller):
            require(ask)
        seconds = session_seconds(wanted, role, caller)
        size = session_size(wanted)
        session, token = self.open_session(wanted, role, caller, seconds=seconds, now=now)
        return session_result(session, token, size)

    def open_session(
        self,
        wanted: RoleRequest,
        role: RoleRecord,
        caller: Caller,
        *,
        seconds: int,
        now: float,
        federated: Mapping[str, ContextValue] | None = None,
    ) -> tuple[RoleSession, str]:
        """Return a new session, which is live from now on, and its token. All was decided before.

        Raises AwsError for session policies that STS does not take.
        """
        token = secrets.token_urlsafe(192)
        account = self.sessions.account
        session = RoleSession(
            access_key_id="ASIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16)),
            secret=Secret(secrets.token_urlsafe(30)),
            token_digest=hashlib.sha256(token.encode()).digest(),
            role_arn=role.arn,
            role_name=role.name,
            role_id=role.role_id,
            session_arn=f"arn:aws:sts::{account}:assumed-role/{role.name}/{wanted.session_name}",
            session_name=wanted.session_name,
            tags=wanted.tags.all,
            transitive=wanted.tags.transitive,
            source_identity=session_source_identity(wanted, caller),
            session_policies=session_policies(wanted, self.sessions.identities),
            issued_at=now,
            expires_at=float(int(now) + seconds),
            federated=federated or {},
        )
        self.sessions.add(session, now=now)
        return session, token


def _unknown_role(caller: Caller, arn: str) -> AwsError:
    return AwsError(
        "AccessDenied",
        f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
        status=403,
    )


def session_result(session: RoleSession, token: str, size: int) -> dict[str, Any]:
    """Return what every AssumeRole… answers of a new session."""
    result: dict[str, Any] = {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret.reveal(),
            "SessionToken": token,
            "Expiration": datetime.fromtimestamp(session.expires_at, UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"{session.role_id}:{session.session_name}",
            "Arn": session.session_arn,
        },
    }
    if size:
        result["PackedPolicySize"] = size
    if session.source_identity is not None:
        result["SourceIdentity"] = session.source_identity
    return result
