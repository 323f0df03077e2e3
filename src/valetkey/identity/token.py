"""A bearer token taken apart, believed in nothing. Signature, times and audience come later.

Our own parser, because every library tried takes the last of two equal members or a float `exp`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from valetkey.identity.base64url import decode_base64url
from valetkey.identity.errors import TokenRejected
from valetkey.identity.strictjson import JsonValue, StrictJsonError, parse_object
from valetkey.secret import Secret

MAX_TOKEN = 16_384  # characters; twice what servers accept as a header, real tokens are 1 to 4 kB
MAX_KEY_ID = 255  # characters; real ones are thumbprints and UUIDs


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A well-formed compact JWS whose every word is still only somebody's claim.

    `alg`, `kid` and `typ` are from the header, `issuer` is the payload's `iss`, `claims` is the
    whole payload. Other header members (`jku`, `x5u`, `jwk`, `x5c`) are dropped: a token never
    says where its own key comes from.
    """

    alg: str
    kid: str | None
    typ: str | None
    issuer: str
    claims: Mapping[str, JsonValue] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def parse_unverified(token: Secret) -> UnverifiedToken:
    """Return the parts of a token in JWS compact serialization (RFC 7515 §3.1, §5.2).

    Three base64url parts without padding, in their one canonical form; header and payload are
    strict JSON objects; `alg` and `iss` are there; no extension is critical (RFC 7515 §4.1.11) and
    the payload is encoded (no `b64`, RFC 7797). Raises TokenRejected `token-too-large`,
    `token-malformed`, `token-duplicate-member` or `token-critical`.
    """
    text = token.reveal()
    if len(text) > MAX_TOKEN:
        raise TokenRejected("token-too-large", f"the token is longer than {MAX_TOKEN} characters")
    parts = text.split(".")
    if len(parts) != 3:
        raise _malformed("is not three parts joined by dots")
    header = _object(_decode(parts[0]))
    claims = _object(_decode(parts[1]))
    signature = _decode(parts[2])
    if "crit" in header or "b64" in header:
        raise TokenRejected(
            "token-critical", "the token demands an extension that is not supported"
        )
    alg = _text(header, "alg")
    issuer = _text(claims, "iss")
    if alg is None or issuer is None:
        raise _malformed("lacks `alg` or `iss`")
    return UnverifiedToken(
        alg=alg,
        kid=_text(header, "kid"),
        typ=_text(header, "typ"),
        issuer=issuer,
        claims=claims,
        signing_input=text[: text.rindex(".")].encode("ascii"),
        signature=signature,
    )


def _decode(part: str) -> bytes:
    try:
        return decode_base64url(part)
    except ValueError as error:
        raise _malformed("has a part that is not canonical base64url") from error


def _object(data: bytes) -> Mapping[str, JsonValue]:
    try:
        return parse_object(data)
    except StrictJsonError as error:
        if error.code == "json-duplicate-member":
            raise TokenRejected("token-duplicate-member", error.message) from error
        raise TokenRejected(
            "token-malformed", "the token is not strict JSON", detail=error.message
        ) from error


def _text(members: Mapping[str, JsonValue], name: str) -> str | None:
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, str) or not value:
        raise _malformed(f"has a `{name}` that is not text")
    if name == "kid" and len(value) > MAX_KEY_ID:
        raise _malformed("has a `kid` that is too long")
    return value


def _malformed(what: str) -> TokenRejected:
    return TokenRejected("token-malformed", f"the token {what}")
