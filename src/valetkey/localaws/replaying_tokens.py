"""An issuer of this process alone: whatever its URL, tokens that it signs are good in one replay.

Standard: OpenID Connect Core 1.0 §2; the tags claim as in "Pass session tags in AWS STS".
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from valetkey.localaws.web_identity_claims import SOURCE_IDENTITY, TAGS

LIFE = 300
KID = "replay"


def _new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": KID, "use": "sig", "alg": "ES256"})


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Signs ES256, and is every issuer that is asked for its keys."""

    _key: ECKey = field(default_factory=_new_key, repr=False)

    def key_set(self, issuer: str) -> bytes:
        """Return the JWK Set, for the URL of any issuer."""
        return json.dumps({"keys": [self._key.as_dict(private=False)]}).encode()

    def token(
        self,
        issuer: str,
        claims: Mapping[str, Any],
        *,
        tags: Mapping[str, str],
        source_identity: str | None,
    ) -> str:
        """Return a token with these claims and session tags, good for five minutes."""
        now = int(time.time())
        said: dict[str, Any] = {"iss": issuer, "iat": now, "exp": now + LIFE, **claims}
        if tags:
            said[TAGS] = {"principal_tags": {key: [value] for key, value in tags.items()}}
        if source_identity is not None:
            said[SOURCE_IDENTITY] = source_identity
        return jwt.encode({"alg": "ES256", "kid": KID}, said, self._key)
