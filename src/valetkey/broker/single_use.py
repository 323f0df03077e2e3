"""Tokens that are good for one run: what of them is claimed when a run is opened with them.

RFC 7519 §4.1.7: `jti` names a token whatever its text, so an ECDSA signature's second spelling is
the same token.
"""

from collections.abc import Iterable, Sequence

from valetkey.broker.outcomes import TokenUse
from valetkey.identity import MAX_LEEWAY, Issuer, Principal


def token_uses(callers: Iterable[Principal], issuers: Sequence[Issuer]) -> tuple[TokenUse, ...]:
    """Return a use for each caller's token whose issuer is configured with `single_use`."""
    single = {issuer.url for issuer in issuers if issuer.single_use}
    return tuple(
        TokenUse(
            caller.issuer,
            caller.claims.token_id,
            # the most that a leeway can be: today's may be raised before the token has expired
            until=caller.claims.expires_at + MAX_LEEWAY,
        )
        for caller in callers
        if caller.issuer in single and caller.claims.token_id is not None
    )
