"""Amazon Cognito user pools.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import re

from valetkey.identity.errors import TokenRejected
from valetkey.identity.providers.preset import DAY, NO_TYPE, Members, Preset, text

# `issuer-cognito-idp` is the pool's updated issuer, which several regions serve
_URL = re.compile(
    r"https://(?:issuer-)?cognito-idp(?:-fips)?\.(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9])"
    r"\.amazonaws\.com(?:\.cn)?/(?P=region)_[A-Za-z0-9]+"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _check_claims(claims: Members, _url: str) -> None:
    use = text(claims, "token_use")
    if use not in ("id", "access"):
        raise TokenRejected(
            "token-use", "the token is neither an ID token nor an access token of Cognito"
        )
    client = text(claims, "client_id")
    if use == "access" and client is None:
        raise TokenRejected(
            "token-client", "the token is an access token of Cognito but names no `client_id`"
        )
    subject = text(claims, "sub") or ""
    # an app client without a person has its own id as `sub`, and never an ID token
    if not _UUID.fullmatch(subject) and not (use == "access" and subject == client):
        raise TokenRejected("token-subject-form", "the token has a `sub` that Cognito gives nobody")


def _audience_claim(claims: Members) -> str:
    """Return `client_id` for an access token without `aud`, which is most of them.

    An access token that was asked for with a resource has an `aud`, and that alone counts.
    """
    access = text(claims, "token_use") == "access"
    return "client_id" if access and "aud" not in claims else "aud"


PRESET = Preset(
    algorithms=("RS256",),
    types=(NO_TYPE, "JWT"),
    max_lifetime=DAY,  # the most that an app client can be given
    url=_URL,
    url_hint="https://cognito-idp.REGION.amazonaws.com/REGION_POOL, without a slash at the end",
    check_claims=_check_claims,
    audience_claim=_audience_claim,
    in_every_token=frozenset({"token_use"}),
)
