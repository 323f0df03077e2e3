"""What STS is asked for a run by web identity: our own token in place of the broker's AWS keys.

STS API reference, `AssumeRoleWithWebIdentity`. Tags and source identity are in the token, not in
the call: without the tags claim STS makes an untagged session and says nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.credentials.grant import Grant
from valetkey.credentials.request import SESSION_NAME_PREFIX
from valetkey.credentials.role_arn import RoleArn
from valetkey.credentials.signing_key import Algorithm

STS_AUDIENCE = "sts.amazonaws.com"
STS_TOKEN_SECONDS = 300
"""STS takes a token until five minutes after its `exp`: the shortest that no clock breaks."""


@dataclass(frozen=True, slots=True)
class WebIdentityRequest:
    """The call and the token of one run's session, all chosen outside the sandbox.

    `issuer` is the token's `iss`, `subject` its `sub`. `duration` is the session's, in seconds.
    Every tag is transitive.
    """

    role: RoleArn
    session_name: str
    source_identity: str
    tags: Mapping[str, str]
    duration: int
    region: str | None
    session_policy: str | None
    issuer: str
    subject: str
    audience: str
    algorithm: Algorithm | None = None

    @property
    def provider(self) -> str:
        """The ARN of the IAM OIDC provider that must be registered in the role's account."""
        host = self.issuer.partition("://")[2]
        return f"arn:{self.role.partition}:iam::{self.role.account}:oidc-provider/{host}"


def web_identity_request(
    grant: Grant, *, issuer: str, run_id: str, tags: Mapping[str, str]
) -> WebIdentityRequest:
    """Ask for a run's session of a grant's role. `tags` are all session tags of the run.

    The subject is `grant:<name>`, so that a trust policy can pin it; whose work it is is in the
    tags, the source identity leads from CloudTrail to the run.
    """
    return WebIdentityRequest(
        role=grant.role,
        session_name=f"{SESSION_NAME_PREFIX}{run_id}",
        source_identity=run_id,
        tags=dict(sorted(tags.items())),
        duration=grant.duration,
        region=grant.region,
        session_policy=grant.session_policy,
        issuer=issuer,
        subject=f"grant:{grant.name}",
        audience=grant.audience or STS_AUDIENCE,
        algorithm=grant.algorithm,
    )


def web_identity_key(request: WebIdentityRequest) -> bytes:
    """Return 32 bytes that differ whenever anything that shapes the credentials differs."""
    everything = [
        "web-identity",
        str(request.role),
        request.session_name,
        request.source_identity,
        list(request.tags.items()),
        request.duration,
        request.region,
        request.session_policy,
        request.issuer,
        request.subject,
        request.audience,
        None if request.algorithm is None else request.algorithm.value,
    ]
    return hashlib.sha256(json.dumps(everything).encode()).digest()
