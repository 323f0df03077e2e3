"""The session tags that a token for STS carries, read back from its claims.

IAM guide, "Pass session tags using AssumeRoleWithWebIdentity": the nested form of the claim.
"""

from collections.abc import Mapping
from typing import Any

from valetkey.credentials.errors import CredentialsError

TAGS_CLAIM = "https://aws.amazon.com/tags"


def transitive_tags_said(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that STS would make of `claims`, every one of them transitive.

    Empty without the claim: then STS makes an untagged session. Raises `CredentialsError`
    `token-tags-claim` for a claim that is not the one that valetkey writes.
    """
    claim = claims.get(TAGS_CLAIM)
    if claim is None:
        return {}
    try:
        tags = {key: _only(values) for key, values in claim["principal_tags"].items()}
        transitive = claim["transitive_tag_keys"]
        if set(claim) != {"principal_tags", "transitive_tag_keys"} or list(tags) != transitive:
            raise ValueError("not every tag is transitive")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CredentialsError(
            "token-tags-claim", "the tags claim of the token is malformed", detail=repr(error)
        ) from None
    return tags


def _only(values: list[str]) -> str:
    (value,) = values
    if not isinstance(values, list) or not isinstance(value, str):
        raise TypeError("a tag is an array of one string")
    return value
