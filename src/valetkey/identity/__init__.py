"""Who is calling? Unverified token + key set + instant → verified claims → principal. Pure."""

from valetkey.identity.claims import Claims, values_at
from valetkey.identity.errors import IdentityError, KeySetError, KeySourceError, TokenRejected
from valetkey.identity.issuer import (
    ALGORITHMS,
    MAX_LEEWAY,
    MAX_LIFETIME,
    Issuer,
    IssuerUrl,
    check_issuers,
    issuer_url,
    jwks_url,
)
from valetkey.identity.keys import MAX_DOCUMENT, IgnoredKey, KeySet, VerificationKey
from valetkey.identity.principal import Principal, Refusal, admit
from valetkey.identity.providers import NO_TYPE, PRESETS, Preset, Provider
from valetkey.identity.strictjson import JsonValue, StrictJsonError, parse_object
from valetkey.identity.token import UnverifiedToken, parse_unverified
from valetkey.identity.trust import ClaimCheck, Power, TrustRule, check_trust
from valetkey.identity.verify import select_issuer, verify

__all__ = [
    "ALGORITHMS",
    "MAX_DOCUMENT",
    "MAX_LEEWAY",
    "MAX_LIFETIME",
    "NO_TYPE",
    "PRESETS",
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
    "Preset",
    "Principal",
    "Provider",
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
