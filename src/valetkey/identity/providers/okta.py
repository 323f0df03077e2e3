"""Okta: an org's authorization server, or a custom one of it.

https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/
https://developer.okta.com/docs/guides/validate-access-tokens/
"""

import re

from valetkey.identity.errors import TokenRejected
from valetkey.identity.providers.preset import DAY, NO_TYPE, Members, Preset, text

_URL = re.compile(r"https://[a-z0-9.-]+(?P<custom>/oauth2/[A-Za-z0-9]+)?")


def _check_claims(claims: Members, url: str) -> None:
    version = claims.get("ver")
    if type(version) is not int or version != 1:
        raise TokenRejected("token-version", "the token has a `ver` that Okta does not give")
    if "cid" not in claims:
        return
    match = _URL.fullmatch(url)
    if match is None or not match["custom"]:
        raise TokenRejected(
            "token-use",
            "the token is an access token for Okta itself, which nobody else can check",
            hint="have a custom authorization server make access tokens: https://DOMAIN/oauth2/…",
        )
    # `sub` is the login, which may be given to the next person, so that `uid` is read as `sub`;
    # without a person it is the client
    if text(claims, "uid") is None and text(claims, "sub") != text(claims, "cid"):
        raise TokenRejected(
            "token-subject-form", "the token is for a person but does not say for whom"
        )


def _subject_claim(claims: Members) -> str:
    """Return `uid` for a person's access token: an ID token has that person's id in `sub`."""
    return "uid" if "cid" in claims and "uid" in claims else "sub"


PRESET = Preset(
    algorithms=("RS256",),
    types=(NO_TYPE, "JWT", "at+jwt"),
    max_lifetime=DAY,  # the most that an access policy can give
    url=_URL,
    url_hint="https://DOMAIN/oauth2/default, or https://DOMAIN for ID tokens alone",
    check_claims=_check_claims,
    subject_claim=_subject_claim,
    in_every_token=frozenset({"ver"}),
)
