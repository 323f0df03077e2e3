"""Mint a token of our own: issue, then check (invariant 5). What it says is decided elsewhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.broker.errors import BrokerError
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import Algorithm, SigningKey
from valetkey.credentials.own_token import (
    MAX_OWN_TOKEN,
    compact,
    differences,
    header_text,
    is_too_long,
    signing_input,
)
from valetkey.credentials.token_claims import Json
from valetkey.identity import KeySet
from valetkey.secret import Secret

ACCESS_TOKEN = "at+jwt"  # noqa: S105 - a media type, RFC 9068 §2.1
JWT = "JWT"

_ES256_BYTES = 64
"""RFC 7518 §3.4: r and s of 32 bytes each, never DER."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A finished token. It may leave when its record is durable; `expires_at` is its `exp`."""

    token: Secret
    key_id: str
    token_id: str
    expires_at: int


async def mint(
    own: OwnIssuer,
    claims: Mapping[str, Json],
    *,
    typ: str,
    algorithm: Algorithm | None,
    now: float,
) -> Minted:
    """Sign exactly `claims` with the key that signs at `now`; `algorithm` None: the issuer's own.

    The finished token is read back before anybody gets it: its header and every claim are what was
    asked, and a signature that was made elsewhere is good under the key that we publish.
    Raises BrokerError `token-too-long`, before anything is signed, and `token-not-as-asked`, and
    whatever the ring raises where no key may sign.
    """
    token_id, expires_at = claims.get("jti"), claims.get("exp")
    if type(token_id) is not str or type(expires_at) is not int or claims.get("iss") != own.url:
        raise _not_as_asked("a token has a `jti`, an `exp` and our own `iss`")
    key = await own.ring.signing(algorithm or own.algorithm, now=now)
    header = header_text(key.algorithm.value, key.kid, typ)
    message = signing_input(header, claims)
    if is_too_long(message):
        raise BrokerError(
            "token-too-long",
            f"the token would have more than {MAX_OWN_TOKEN} characters",
            hint="it carries the run's tags or its scopes: there must be fewer, or shorter ones",
        )
    signature = await own.ring.sign(key, message)
    token = compact(message, signature)
    if found := differences(token, header, claims):
        raise _not_as_asked("; ".join(found))
    if not _is_good(key, message, signature):
        raise _not_as_asked(f"the signature is not one of key {key.kid}")
    return Minted(Secret(token), key.kid, token_id, expires_at)


def key_set(public: Mapping[str, str], algorithm: str) -> KeySet:
    """Return a published key as those who verify our tokens read it."""
    return KeySet.from_jwks(json.dumps({"keys": [dict(public)]}).encode(), (algorithm,))


def _is_good(key: SigningKey, message: bytes, signature: bytes) -> bool:
    """Look at a signature's form, and at what it proves where it was made elsewhere."""
    if key.algorithm is Algorithm.ES256 and len(signature) != _ES256_BYTES:
        return False
    return key.kms_key is None or proves(key, message, signature)


def proves(key: SigningKey, message: bytes, signature: bytes) -> bool:
    """Say whether who has the published key takes `signature` for one of `message`."""
    name = key.algorithm.value
    published = key_set(key.public, name).find(key.kid)
    return published is not None and published.verifies(
        name, signing_input=message, signature=signature
    )


def _not_as_asked(detail: str) -> BrokerError:
    return BrokerError(
        "token-not-as-asked",
        "the token that was signed is not the one that was asked for",
        hint="nothing was handed out; this is a fault of valetkey or of its key's keeper",
        detail=detail,
    )
