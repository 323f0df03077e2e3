"""A web identity token taken apart, believed in nothing: a compact JWS (RFC 7515 §3.1, §5.2).

Stricter than AWS in two ways, so that a token has one reading: no member comes twice (AWS takes
the last), and the header names its key (AWS takes the only one of a set, too).
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.strict_json import read_json

MIN_TOKEN, MAX_TOKEN = 4, 20_000  # characters; STS API reference, AssumeRoleWithWebIdentity
MAX_NAME = 255  # characters of `kid`, `iss` and `alg`: more is no name
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class UnverifiedWebToken:
    """The parts of a well-formed token; each is still only somebody's claim.

    Other members of the header (`jku`, `x5u`, `jwk`, `x5c`) are dropped: a token never says where
    its own key comes from.
    """

    alg: str
    kid: str
    issuer: str
    claims: Mapping[str, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def invalid_token(message: str) -> AwsError:
    """Return the refusal of a token. The message tells nothing that its bearer does not know."""
    return AwsError("InvalidIdentityToken", message, status=400)


def read_web_token(text: str) -> UnverifiedWebToken:
    """Return the token's parts. Raises AwsError InvalidIdentityToken, or ValidationError where
    STS does not take a text of such a length.
    """
    if not MIN_TOKEN <= len(text) <= MAX_TOKEN:
        message = f"WebIdentityToken has {MIN_TOKEN} to {MAX_TOKEN} characters."
        raise AwsError("ValidationError", message, status=400)
    parts = text.split(".")
    if len(parts) != 3:
        raise _no_jwt()
    header, claims = (_object(decoded_base64url(part)) for part in parts[:2])
    if "crit" in header or "b64" in header:
        raise invalid_token("The token demands an extension that is not supported.")
    return UnverifiedWebToken(
        alg=_name(header, "alg"),
        kid=_name(header, "kid"),
        issuer=_name(claims, "iss"),
        claims=claims,
        signing_input=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=decoded_base64url(parts[2]),
    )


def decoded_base64url(part: str) -> bytes:
    """Return what `part` spells: base64url without padding, in its one canonical spelling.

    Raises AwsError InvalidIdentityToken.
    """
    if not _BASE64URL.fullmatch(part):
        raise _no_jwt()
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise _no_jwt() from None
    if base64.urlsafe_b64encode(decoded).decode().rstrip("=") != part:
        raise _no_jwt()
    return decoded


def _object(data: bytes) -> dict[str, Any]:
    try:
        return read_json(data)
    except AwsError:
        raise _no_jwt() from None


def _name(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME:
        raise invalid_token(f"The token needs a `{name}` that is a text.")
    return value


def _no_jwt() -> AwsError:
    return invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
        "Token)"
    )
