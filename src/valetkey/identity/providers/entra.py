"""Microsoft Entra ID, one tenant an issuer.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
"""

import re

from valetkey.identity.errors import TokenRejected
from valetkey.identity.providers.preset import DAY, PROFILE, Members, Preset, text

_CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"  # everybody's own Microsoft account
_TENANT = rf"(?P<tenant>(?!{_CONSUMERS})[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})"
_FIRST = r"sts\.(?:windows\.net|chinacloudapi\.cn)"
_SECOND = (
    r"(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn"
    r"|[a-z0-9-]+\.ciamlogin\.com)"
)
# tokens of version 1.0 have one kind of host and no path behind the tenant, those of 2.0 the other
_URL = re.compile(rf"https://(?:(?P<first>{_FIRST}/)|{_SECOND}/){_TENANT}/(?(first)|v2\.0)")


def _check_claims(claims: Members, url: str) -> None:
    match = _URL.fullmatch(url)
    if match is None or text(claims, "tid") != match["tenant"]:
        raise TokenRejected("token-tenant", "the token is of another tenant than its issuer's")
    if text(claims, "ver") != ("1.0" if match["first"] else "2.0"):
        raise TokenRejected("token-version", "the token has a `ver` that does not fit its issuer")


PRESET = Preset(
    algorithms=("RS256",),
    types=("JWT",),
    max_lifetime=DAY,  # the most that a token lifetime policy allows
    url=_URL,
    url_hint="name the tenant by its id, never `common`, `organizations` or `consumers`: "
    "https://login.microsoftonline.com/TENANT-ID/v2.0 for tokens of version 2.0, "
    "https://sts.windows.net/TENANT-ID/ for 1.0",
    check_claims=_check_claims,
    id_claim="uti",  # Entra's `jti`, says its reference
    in_every_token=frozenset({"tid", "ver"}),
    said_by_people=PROFILE | {"upn", "unique_name"},
)
