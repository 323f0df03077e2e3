"""What valetkey as an issuer publishes: its discovery document and its key set, as bytes.

OpenID Connect Discovery 1.0 §3 and §4, RFC 8414 §2, RFC 7517 §5; and what AWS reads when an IAM
OIDC provider is created (IAM guide, "Create an OpenID Connect identity provider"). Equal values
give equal bytes, so that a cache sees no change where there is none. It serves and writes nothing.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from valetkey.credentials.errors import CredentialsError
from valetkey.credentials.signing_key import MAX_PUBLISHED, Algorithm, SigningKey
from valetkey.credentials.token_claims import AWS_CLAIM

DISCOVERY: Final = "/.well-known/openid-configuration"
"""Where the discovery document is, below the issuer's URL (OpenID Connect Discovery 1.0 §4)."""
KEY_SET: Final = "/.well-known/jwks.json"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name
MEDIA_TYPE: Final = "application/json"

_METADATA: Final = "/.well-known/oauth-authorization-server"
_CLAIMS: Final = (
    *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "act", "client_id", "scope"),
    *("valetkey_run", f"{AWS_CLAIM}tags", f"{AWS_CLAIM}source_identity", f"{AWS_CLAIM}roles"),
)
_PUBLIC: Final[Mapping[Algorithm, tuple[str, ...]]] = {
    Algorithm.ES256: ("kty", "crv", "x", "y"),
    Algorithm.RS256: ("kty", "n", "e"),
}
"""The members of a public key, per RFC 7518 §6.2.1 and §6.3.1. None of a private key is here."""


def discovery_document(
    issuer: str, *, algorithms: Iterable[Algorithm], token_endpoint: str | None
) -> bytes:
    """Return the discovery document of `issuer`.

    There is no authorization endpoint: nobody logs in here, and neither AWS nor RFC 8414 §2 asks
    for one. The algorithms are those that sign, even where RS256 is not among them.
    """
    document: dict[str, object] = {
        "issuer": issuer,
        "jwks_uri": below(issuer, KEY_SET),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted({each.value for each in algorithms}),
        "claims_supported": list(_CLAIMS),
        "grant_types_supported": [TOKEN_EXCHANGE],
    }
    if token_endpoint is not None:
        document["token_endpoint"] = token_endpoint
        document["token_endpoint_auth_methods_supported"] = ["none"]
    return _bytes(document)


def key_set_document(keys: Iterable[SigningKey]) -> bytes:
    """Return the JWK Set of `keys`, the oldest first.

    Raises CredentialsError `signing-key-unfit` for a key whose public part is not one of its
    algorithm, and `signing-keys-too-many` above MAX_PUBLISHED.
    """
    listed = [_published(key) for key in sorted(keys, key=lambda k: (k.created_at, k.kid))]
    if len(listed) > MAX_PUBLISHED:
        raise CredentialsError(
            "signing-keys-too-many",
            f"{len(listed)} keys are too many for one key set of at most {MAX_PUBLISHED}",
            hint="`valetkey keys list` shows them; `valetkey keys retire KID` withdraws one",
        )
    return _bytes({"keys": listed})


def below(issuer: str, path: str) -> str:
    """Return the URL of a well-known `path` of `issuer` (OpenID Connect Discovery 1.0 §4.1)."""
    return issuer.removesuffix("/") + path


def path_of(issuer: str) -> str:
    """Return the issuer's path without a slash at its end: empty for most."""
    _, slash, path = issuer.partition("://")[2].partition("/")
    return (slash + path).removesuffix("/")


def metadata_path(issuer: str) -> str:
    """Return where RFC 8414 §3.1 has the same document: the issuer's path comes last there."""
    return _METADATA + path_of(issuer)


def _published(key: SigningKey) -> dict[str, str]:
    members = {name: key.public.get(name, "") for name in _PUBLIC[key.algorithm]}
    if not all(members.values()) or key.public.get("kid") != key.kid:
        raise CredentialsError(
            "signing-key-unfit",
            f"signing key `{key.kid}` has no public part of {key.algorithm.value}",
        )
    return {**members, "alg": key.algorithm.value, "kid": key.kid, "use": "sig"}


def _bytes(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
