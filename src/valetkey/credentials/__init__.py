"""What does AWS hand over, and does the answer match what was asked?"""

from valetkey.credentials.answer import (
    PACKED_SIZE_WARNING,
    AssumedRole,
    container_json,
    mismatches,
)
from valetkey.credentials.errors import CredentialsError
from valetkey.credentials.freshness import ADVISORY_WINDOW, Freshness, freshness
from valetkey.credentials.grant import Grant, GrantSource, check_grant
from valetkey.credentials.key_phases import phase
from valetkey.credentials.request import AssumeRoleRequest, assume_role_request, cache_key
from valetkey.credentials.role_arn import RoleArn, parse_role_arn
from valetkey.credentials.signing_key import (
    MAX_PUBLISHED,
    MAX_TOKEN_SECONDS,
    STS_LEEWAY,
    Algorithm,
    KeyPhase,
    KeySchedule,
    SigningKey,
)
from valetkey.credentials.token_grant import DEFAULT_TOKEN_SECONDS, TokenGrant, check_token_grant
from valetkey.credentials.web_identity import (
    STS_AUDIENCE,
    STS_TOKEN_SECONDS,
    WebIdentityRequest,
    web_identity_key,
    web_identity_request,
)

__all__ = [
    "ADVISORY_WINDOW",
    "DEFAULT_TOKEN_SECONDS",
    "MAX_PUBLISHED",
    "MAX_TOKEN_SECONDS",
    "PACKED_SIZE_WARNING",
    "STS_AUDIENCE",
    "STS_LEEWAY",
    "STS_TOKEN_SECONDS",
    "Algorithm",
    "AssumeRoleRequest",
    "AssumedRole",
    "CredentialsError",
    "Freshness",
    "Grant",
    "GrantSource",
    "KeyPhase",
    "KeySchedule",
    "RoleArn",
    "SigningKey",
    "TokenGrant",
    "WebIdentityRequest",
    "assume_role_request",
    "cache_key",
    "check_grant",
    "check_token_grant",
    "container_json",
    "freshness",
    "mismatches",
    "parse_role_arn",
    "phase",
    "web_identity_key",
    "web_identity_request",
]
