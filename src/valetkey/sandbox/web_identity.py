"""Web identity in the run: the SDKs call STS themselves, with a token that is kept in a file.

For SDKs that must do it; else the broker calls STS. Who holds the token chooses session name,
session policy and duration: nothing that isolates may rest on those three.
"""

import time
from collections.abc import Callable
from pathlib import Path

from valetkey.sandbox.environment import WebIdentity
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.kept_token import KeptToken
from valetkey.sandbox.run_grant import RunGrant, RunView
from valetkey.sandbox.run_source import RunSource
from valetkey.sandbox.token_request import IssuedToken, TokenRequest, parse_issued

SESSION_NAME_PREFIX = "vk-"
"""As the broker names its own sessions; it is a default here, the SDK may be told another."""


def web_identity(run: RunView, grant: RunGrant | None, *, token_file: str) -> WebIdentity:
    """Return what leads SDKs to `grant`'s role by the token that is in `token_file`.

    Raises `web-identity-not-granted` where the run may not draw such a token.
    """
    if grant is None or grant.web_identity_role is None:
        called = f"run `{run.id}`" if grant is None else f"grant `{grant.name}`"
        raise SandboxError(
            "web-identity-not-granted",
            f"{called} gives no token for STS: the broker alone calls it",
            hint='it needs a broker\'s grant with `source = "web-identity"` and'
            " `token_to_sandbox = true`",
        )
    return WebIdentity(grant.web_identity_role, f"{SESSION_NAME_PREFIX}{run.id}", token_file)


def kept_token(
    source: RunSource, grant: str, path: Path, *, clock: Callable[[], float] = time.time
) -> KeptToken:
    """Return the file `path` with a token of `grant`, of the run `source`; nothing is in it yet."""
    return KeptToken(path, lambda: draw_token(source, TokenRequest(grant), clock), clock=clock)


def draw_token(
    source: RunSource, request: TokenRequest, clock: Callable[[], float] = time.time
) -> IssuedToken:
    """Return the token that was asked for. Raises what the broker says, or why it says nothing."""
    asked_at = clock()
    status, body = source.exchange_token(request)
    return parse_issued(status, body, asked_at=asked_at)
