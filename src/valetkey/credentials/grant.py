"""A grant: what a run may draw. Here, an AWS role and how it is assumed."""

import re
from dataclasses import dataclass
from enum import Enum

from valetkey.credentials.errors import CredentialsError
from valetkey.credentials.role_arn import RoleArn
from valetkey.credentials.signing_key import Algorithm

MIN_SESSION_SECONDS = 900
MAX_SESSION_SECONDS = 12 * 3600
"""STS `AssumeRole`, DurationSeconds: 15 minutes to the role's own maximum of at most 12 hours."""

_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+", re.ASCII)


class GrantSource(Enum):
    """How the role is assumed."""

    ASSUME_ROLE = "assume-role"
    WEB_IDENTITY = "web-identity"


@dataclass(frozen=True, slots=True)
class Grant:
    """An AWS role as runs draw it. `duration` is in seconds; `session_policy` a JSON document.

    `region` is where the sandbox's calls go; without one its SDKs must be told by other means.
    `endpoint_url` is where the sandbox's SDKs find AWS when it is not at its usual address.
    `profile` is the AWS profile whose identity assumes the role; None is the broker's own.
    The last three are of web identity alone: the token's `aud` (None: STS's own), whether the
    sandbox may draw the token itself, and how it is signed (None: as the issuer does).
    """

    name: str
    role: RoleArn
    source: GrantSource
    duration: int
    region: str | None = None
    external_id: str | None = None
    session_policy: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    audience: str | None = None
    token_to_sandbox: bool = False
    algorithm: Algorithm | None = None


def check_grant(grant: Grant) -> None:
    """Raise `CredentialsError` for a value that STS would refuse when it is needed."""
    if not MIN_SESSION_SECONDS <= grant.duration <= MAX_SESSION_SECONDS:
        raise CredentialsError(
            "grant-duration",
            f"grant `{grant.name}`: a session lasts 15 minutes to 12 hours, "
            f"not {grant.duration} seconds",
            hint="one hour fits every role, and a run renews its sessions by itself",
        )
    if grant.external_id is not None and not _EXTERNAL_ID.fullmatch(grant.external_id):
        raise CredentialsError(
            "grant-external-id",
            f"grant `{grant.name}`: the external id is not 2 to 1,224 letters, digits or +=,.@:/-",
        )
    if grant.region is not None and not _REGION.fullmatch(grant.region):
        raise CredentialsError("region", f"grant `{grant.name}`: `{grant.region}` is no region")
