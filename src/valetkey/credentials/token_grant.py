"""A grant of a token: what a run may draw for a tool's own API. No AWS role is in it."""

import re
from dataclasses import dataclass

from valetkey.credentials.errors import CredentialsError
from valetkey.credentials.signing_key import Algorithm

DEFAULT_TOKEN_SECONDS = 300
_AUDIENCE = re.compile(r"[\x21-\x7e]{1,1024}", re.ASCII)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}", re.ASCII)
"""RFC 6749 §3.3, `scope-token`."""


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """An audience that a run may get a token for. `duration` is in seconds, at most an hour.

    `audience` is the token's one `aud`, an absolute URI where it is asked for as a `resource`
    (RFC 8707 §2). `scopes` are the most that a token says (RFC 6749 §3.3), in this order.
    `algorithm` None: the issuer's own.
    """

    name: str
    audience: str
    scopes: tuple[str, ...] = ()
    duration: int = DEFAULT_TOKEN_SECONDS
    algorithm: Algorithm | None = None


def check_token_grant(grant: TokenGrant) -> None:
    """Raise `CredentialsError` for a grant whose tokens nobody could ask for or take."""
    if not _AUDIENCE.fullmatch(grant.audience):
        raise CredentialsError(
            "grant-audience",
            f"grant `{grant.name}`: an audience is 1 to 1,024 printable ASCII characters",
        )
    for scope in grant.scopes:
        if not _SCOPE.fullmatch(scope):
            raise CredentialsError("grant-scope", f"grant `{grant.name}`: `{scope}` is no scope")
    if len(set(grant.scopes)) < len(grant.scopes):
        raise CredentialsError("grant-scope", f"grant `{grant.name}` names a scope twice")
