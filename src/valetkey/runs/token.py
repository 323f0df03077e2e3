"""The run token: the bearer secret a sandbox holds for its run.

It reads `vkr_<run id>_<43 characters>`, so that the run is found without a search by digest and a
secret scanner can know it. Only its SHA-256 is stored.
"""

import base64
import hmac
import re

from valetkey.runs.errors import RunError
from valetkey.runs.run import Run, RunId
from valetkey.secret import Secret

TOKEN_ENTROPY_BYTES = 32
PREVIOUS_TOKEN_GRACE = 60
"""Seconds an old token stays good after a rotation: one slow request may still carry it."""

_TOKEN = re.compile(r"vkr_(r-[a-z2-7]{26})_([A-Za-z0-9_-]{43})", re.ASCII)


def new_run_token(run_id: RunId, entropy: bytes) -> Secret:
    """Make the token of a run out of 32 random bytes."""
    if len(entropy) != TOKEN_ENTROPY_BYTES:
        raise ValueError("a run token is made of exactly 32 random bytes")
    secret = base64.urlsafe_b64encode(entropy).rstrip(b"=").decode()
    return Secret(f"vkr_{run_id}_{secret}")


def run_id_of(token: Secret) -> RunId:
    """Read which run a presented token claims to be of. It proves nothing yet.

    Raises `RunError("run-token-malformed")`.
    """
    match = _TOKEN.fullmatch(token.reveal())
    if match is None:
        raise RunError(
            "run-token-malformed",
            "the authorization is not a run token",
            hint="send the exact content of the run token file, without a newline",
        )
    return RunId(match[1])


def opens(token: Secret, run: Run, *, now: float) -> bool:
    """Say in constant time whether `token` is the run's own, or its last one within the grace."""
    digest = token.digest()
    current = hmac.compare_digest(digest, run.token_digest)
    previous = run.previous_digest is not None and hmac.compare_digest(digest, run.previous_digest)
    return current or (previous and now < run.previous_until)
