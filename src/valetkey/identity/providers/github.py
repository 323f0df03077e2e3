"""GitHub Actions workflows: on GitHub, in an enterprise with an issuer of its own, on a server.

https://docs.github.com/en/actions/reference/security/oidc
"""

import re

from valetkey.identity.errors import TokenRejected
from valetkey.identity.providers.preset import HOUR, Demanded, Members, Preset, text

_SHARED = "https://token.actions.githubusercontent.com"
_URL = re.compile(
    rf"{re.escape(_SHARED)}(?:/[A-Za-z0-9-]+)?"
    r"|https://token\.actions\.[a-z0-9-]+\.ghe\.com"
    r"|https?://[A-Za-z0-9.:-]+/_services/token"
)
# `job_workflow_ref` is not among them: a stranger's workflow may call a public one of ours
_OWNERS = frozenset(
    {
        *("repository", "repository_id", "repository_owner", "repository_owner_id"),
        *("workflow_ref", "enterprise", "enterprise_id"),
    }
)
# an organization chooses what its `sub` is made of; what comes first cannot be made to look so
_SUBJECTS = (
    *("repo:", "repository:", "repository_id:", "repository_owner:", "repository_owner_id:"),
    *("workflow_ref:", "enterprise:", "enterprise_id:"),
)


def _check_claims(claims: Members, _url: str) -> None:
    owner, repository = text(claims, "repository_owner"), text(claims, "repository")
    if not owner or not repository or not repository.startswith(f"{owner}/"):
        raise TokenRejected(
            "token-repository", "the token does not say whose repository its workflow is in"
        )


def _pins(name: str, values: Demanded, url: str) -> bool:
    if url != _SHARED:  # an issuer that strangers have no tokens of
        return True
    if name == "sub":
        return all(isinstance(value, str) and value.startswith(_SUBJECTS) for value in values)
    return name in _OWNERS


PRESET = Preset(
    algorithms=("RS256",),
    types=("JWT",),
    max_lifetime=6 * HOUR,  # the longest job; tokens live for minutes
    url=_URL,
    url_hint=f"{_SHARED}, or https://HOST/_services/token of a GitHub Enterprise Server",
    check_claims=_check_claims,
    pins=_pins,
    pin_hint="check `repository_owner_id` or `repository_id` (a name can be registered anew), "
    "or a `sub` that begins with `repo:`",
)
