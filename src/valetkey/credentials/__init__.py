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
from valetkey.credentials.request import AssumeRoleRequest, assume_role_request, cache_key
from valetkey.credentials.role_arn import RoleArn, parse_role_arn

__all__ = [
    "ADVISORY_WINDOW",
    "PACKED_SIZE_WARNING",
    "AssumeRoleRequest",
    "AssumedRole",
    "CredentialsError",
    "Freshness",
    "Grant",
    "GrantSource",
    "RoleArn",
    "assume_role_request",
    "cache_key",
    "check_grant",
    "container_json",
    "freshness",
    "mismatches",
    "parse_role_arn",
]
