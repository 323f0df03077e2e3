"""Auth0 tenants, with their own domain or the tenant's.

https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles
"""

import re

from valetkey.identity.errors import TokenRejected
from valetkey.identity.providers.preset import DAY, Members, Preset, text

_URL = re.compile(r"https://[a-z0-9.-]+/")
_MACHINE = "@clients"


def _check_claims(claims: Members, _url: str) -> None:
    subject = text(claims, "sub") or ""
    machine = subject.endswith(_MACHINE)
    if machine == ("|" in subject):  # `connection|id` is a person, `client@clients` is none
        raise TokenRejected("token-subject-form", "the token has a `sub` that Auth0 gives nobody")
    if "gty" in claims and machine != (claims["gty"] == "client-credentials"):
        raise TokenRejected("token-use", "the token is of a grant that does not fit its subject")


PRESET = Preset(
    algorithms=("RS256",),
    types=("JWT", "at+jwt"),
    max_lifetime=DAY,  # what a new API is given
    url=_URL,
    url_hint="https://TENANT.REGION.auth0.com/ or your own domain, with the slash at the end",
    check_claims=_check_claims,
    # a sign-in with `openid` and an API puts this second; Auth0 itself is its holder
    other_audiences=lambda url: (f"{url}userinfo",),
    sub_fits_tags=False,
)
