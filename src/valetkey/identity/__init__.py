"""Who is calling? Unverified token + key set + instant → verified claims → principal. Pure."""

from valetkey.identity.claims import Claims, values_at
from valetkey.identity.errors import IdentityError, KeySetError, KeySourceError, TokenRejected
from valetkey.identity.issuer import (
    ALGORITHMS,
    NO_TYPE,
    Issuer,
    IssuerUrl,
    check_issuers,
    issuer_url,
    jwks_url,
)
from valetkey.identity.keys import MAX_DOCUMENT, IgnoredKey, KeySet, VerificationKey
from valetkey.identity.principal import Principal, Refusal, admit
from valetkey.identity.strictjson import JsonValue, StrictJsonError, parse_object
from valetkey.identity.token import UnverifiedToken, parse_unverified
from valetkey.identity.trust import ClaimCheck, Power, TrustRule, check_trust
from valetkey.identity.verify import select_issuer, verify

__all__ = [
    "ALGORITHMS",
    "MAX_DOCUMENT",
    "NO_TYPE",
    "ClaimCheck",
    "Claims",
    "IdentityError",
    "IgnoredKey",
    "Issuer",
    "IssuerUrl",
    "JsonValue",
    "KeySet",
    "KeySetError",
    "KeySourceError",
    "Power",
    "Principal",
    "Refusal",
    "StrictJsonError",
    "TokenRejected",
    "TrustRule",
    "UnverifiedToken",
    "VerificationKey",
    "admit",
    "check_issuers",
    "check_trust",
    "issuer_url",
    "jwks_url",
    "parse_object",
    "parse_unverified",
    "select_issuer",
    "values_at",
    "verify",
]
