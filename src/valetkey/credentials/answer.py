"""What AWS handed over, and whether it is what was asked: issue, then check."""

from dataclasses import dataclass
from datetime import UTC, datetime

from valetkey.credentials.request import AssumeRoleRequest
from valetkey.credentials.role_arn import RoleArn
from valetkey.credentials.web_identity import WebIdentityRequest
from valetkey.secret import Secret

EXPIRY_TOLERANCE = 120
"""Seconds by which STS's Expiration may differ from request time plus duration: clock and wire."""

PACKED_SIZE_WARNING = 80
"""Percent of the packed policy size from which the operator is warned (STS `PackedPolicySize`)."""


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """The answer of STS `AssumeRole`, or of `AssumeRoleWithWebIdentity`: the last three are its.

    Instants are Unix seconds; `packed_policy_size` a percentage. `answered_at` is STS's own
    `Date`, by which its Expiration is to be judged. `subject`, `audience` and `provider` are of
    the token that STS believed.
    """

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expiration: int
    assumed_role_arn: str
    source_identity: str | None
    packed_policy_size: int | None
    request_id: str
    answered_at: int
    subject: str | None = None
    audience: str | None = None
    provider: str | None = None


def mismatches(
    request: AssumeRoleRequest | WebIdentityRequest, answer: AssumedRole
) -> tuple[str, ...]:
    """Return each way in which the answer is not what was asked; empty when it conforms.

    Session tags are not in AWS's answer: only their effect can show them.
    """
    found: list[str] = []
    expected_arn = request.role.session_arn(request.session_name)
    if answer.assumed_role_arn != expected_arn:
        found.append(f"role session `{answer.assumed_role_arn}` instead of `{expected_arn}`")
    if answer.source_identity != request.source_identity:
        found.append(
            f"source identity `{answer.source_identity}` instead of `{request.source_identity}`"
        )
    life = answer.expiration - answer.answered_at
    if life > request.duration + EXPIRY_TOLERANCE:
        found.append(f"a life of {life} s where {request.duration} s were asked")
    if life < request.duration - EXPIRY_TOLERANCE:
        found.append(f"only {life} s of life where {request.duration} s were asked")
    if answer.packed_policy_size is not None and not 0 <= answer.packed_policy_size <= 100:
        found.append(f"a packed policy size of {answer.packed_policy_size} percent")
    if not (answer.access_key_id and answer.secret_access_key and answer.session_token):
        found.append("an empty part of the credentials")
    if isinstance(request, WebIdentityRequest):
        found += _of_another_token(request, answer)
    return tuple(found)


def _of_another_token(request: WebIdentityRequest, answer: AssumedRole) -> list[str]:
    """Return what STS says of the token that is not so of the one it was given.

    STS names the provider by its ARN, where the API reference has the token's `iss`: either is
    ours, nothing else is.
    """
    found: list[str] = []
    if answer.subject != request.subject:
        found.append(f"subject `{answer.subject}` instead of `{request.subject}`")
    if answer.audience != request.audience:
        found.append(f"audience `{answer.audience}` instead of `{request.audience}`")
    if answer.provider not in (request.provider, request.issuer):
        found.append(f"provider `{answer.provider}` instead of `{request.provider}`")
    return found


def container_json(answer: AssumedRole, role: RoleArn) -> dict[str, str]:
    """Return the container-credentials document (AWS SDK reference, container provider)."""
    return {
        "AccessKeyId": answer.access_key_id,
        "SecretAccessKey": answer.secret_access_key.reveal(),
        "Token": answer.session_token.reveal(),
        "Expiration": datetime.fromtimestamp(answer.expiration, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "AccountId": role.account,
        "RoleArn": str(role),
    }
