"""Context keys that no call of a replay can carry: from where and when a request is made."""

from collections.abc import Iterator

from valetkey.localaws.replaying_outcome import Attempt

CARRIED = frozenset(
    {
        "dynamodb:leadingkeys",
        "dynamodb:firstpartitionkeyvalues",
        "s3:prefix",
        "s3:delimiter",
        "sts:rolesessionname",
        "sts:externalid",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
        "sts:roleauthorizedbyidp",
        "aws:tagkeys",
        "aws:federatedprovider",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
    }
)
AS_IT_IS = {
    "aws:sourceip": "127.0.0.1",
    "aws:securetransport": "true",
    "aws:viaawsservice": "false",
    "aws:principalisawsservice": "false",
    "aws:multifactorauthpresent": "false",
}
OF_TAGS = ("aws:requesttag/", "aws:principaltag/")
CLAIMS = (":aud", ":sub")


def not_carried(attempt: Attempt) -> Iterator[str]:
    """Give `KEY = VALUE` for each key of the request that the calls here can't have so."""
    for name in attempt.context:
        key, values = name.lower(), attempt.keys(name)
        if key in CARRIED or key.startswith(OF_TAGS) or key.endswith(CLAIMS):
            continue
        if values != (AS_IT_IS.get(key),):
            yield f"{name} = {', '.join(map(repr, values))}"
