"""From an unverified token to verified claims: one function, its steps numbered.

Fetching keys, and deciding what the verified subject may do, happen elsewhere.
"""

from collections.abc import Sequence

from valetkey.identity.claims import Claims, read_claims
from valetkey.identity.errors import TokenRejected
from valetkey.identity.issuer import Issuer
from valetkey.identity.keys import KeySet, VerificationKey
from valetkey.identity.providers import NO_TYPE
from valetkey.identity.token import UnverifiedToken


def select_issuer(token: UnverifiedToken, issuers: Sequence[Issuer]) -> Issuer:
    """Return the issuer that the token names; raises TokenRejected `token-issuer` if none is it.

    This only chooses whose keys to try: `verify` decides.
    """
    for issuer in issuers:
        if issuer.url == token.issuer:
            return issuer
    raise TokenRejected(
        "token-issuer",
        "the token's issuer is not one that is believed here",
        hint="an issuer's url must equal the token's `iss`, to the last slash",
        detail=f"iss {token.issuer[:255]!a}",
    )


def verify(token: UnverifiedToken, issuer: Issuer, keys: KeySet, *, now: float) -> Claims:
    """Return the token's claims, which `issuer` signed and which hold at `now` (Unix seconds).

    1. The issuer is the configured one, byte for byte (RFC 8725 §3.8).
    2. The token is of an accepted kind (RFC 8725 §3.11) and is not bound to its sender (RFC 7800).
    3. The algorithm is one the issuer may use; this is decided before any key is looked at.
    4. The key is one the issuer published for that algorithm.
    5. The signature is that key's.
    6. Each registered claim is there and of its type.
    7. The audience is ours.
    8. The instant is within the token's life.
    9. What the issuer's provider says in every token is said; a token for one use has an id.

    Raises TokenRejected with the step's own code. It accepts a token any number of times: who
    needs it once keeps `token_id`, never the token's text (an ECDSA signature has two spellings).
    """
    select_issuer(token, (issuer,))
    _check_kind(token, issuer)
    if token.alg not in issuer.algorithms:
        raise TokenRejected(
            "token-algorithm",
            "the token's algorithm is not one that its issuer may use here",
            detail=f"alg {token.alg[:32]!a}",
        )
    key = _find_key(token, keys)
    if not key.verifies(token.alg, signing_input=token.signing_input, signature=token.signature):
        raise TokenRejected("token-signature", "the token's signature is not its issuer's")
    claims = _read(token, issuer)
    _check_audience(claims, issuer)
    _check_times(claims, issuer, now=now)
    if issuer.preset is not None:
        issuer.preset.check_claims(token.claims, issuer.url)
    if issuer.single_use and claims.token_id is None:
        raise TokenRejected(
            "token-id-missing", "the token is good for one use, but has no id to know it by"
        )
    return claims


def _check_kind(token: UnverifiedToken, issuer: Issuer) -> None:
    if _media_type(token.typ or NO_TYPE) not in map(_media_type, issuer.types):
        raise TokenRejected(
            "token-type",
            "the token is not of a kind that is accepted here",
            detail=f"typ {(token.typ or NO_TYPE)[:64]!a}",
        )
    if "events" in token.claims:  # a security event without its `typ`: RFC 8417 §2.2
        raise TokenRejected("token-type", "the token reports an event and identifies nobody")
    if "cnf" in token.claims:
        raise TokenRejected(
            "token-sender-bound",
            "the token is bound to its sender's key, which cannot be checked here",
            hint="ask the issuer for a bearer token without `cnf`",
        )


def _media_type(typ: str) -> str:
    """Return `typ` in lower case without `application/`, which RFC 7515 §4.1.9 lets one omit."""
    return typ.lower().removeprefix("application/")


def _find_key(token: UnverifiedToken, keys: KeySet) -> VerificationKey:
    key = keys.find(token.kid)
    if key is None and token.kid is None and len(keys.keys) > 1:
        raise TokenRejected(
            "token-key-id-missing", "the token names no key and its issuer has several"
        )
    if key is None:
        ignored = next((k.reason for k in keys.ignored if token.kid and k.kid == token.kid), None)
        raise TokenRejected(
            "token-key-unknown",
            "the token's key is not one that its issuer publishes for signatures",
            detail=f"kid {token.kid!a}, " + (f"ignored: {ignored}" if ignored else "not published"),
        )
    if token.alg not in key.algorithms:
        raise TokenRejected("token-key-mismatch", "the token's key is not for its algorithm")
    return key


def _read(token: UnverifiedToken, issuer: Issuer) -> Claims:
    preset = issuer.preset
    if preset is None:
        return read_claims(token.claims)
    return read_claims(
        token.claims,
        subject=preset.subject_claim(token.claims),
        audience=preset.audience_claim(token.claims),
        identifier=preset.id_claim,
    )


def _check_audience(claims: Claims, issuer: Issuer) -> None:
    if not any(name in issuer.audiences for name in claims.audience):
        raise TokenRejected("token-audience", "the token is not meant for this audience")
    if not all(name in (*issuer.audiences, *issuer.other_audiences) for name in claims.audience):
        raise TokenRejected(
            "token-audience",
            "the token is meant for another audience, too, which could replay it here",
            hint="list that audience in the issuer's `other_audiences` if you trust its holder",
        )


def _check_times(claims: Claims, issuer: Issuer, *, now: float) -> None:
    # each test says what must hold, so that a `now` which is not a number fails it
    if not now < claims.expires_at + issuer.leeway:
        raise TokenRejected("token-expired", "the token has expired")
    if claims.not_before is not None and not claims.not_before - issuer.leeway <= now:
        raise TokenRejected("token-not-yet-valid", "the token is not valid yet")
    if claims.issued_at is not None and not claims.issued_at - issuer.leeway <= now:
        raise TokenRejected("token-issued-in-future", "the token was issued in the future")
    begins = now + issuer.leeway if claims.issued_at is None else claims.issued_at
    if not claims.expires_at - begins <= issuer.max_lifetime:
        raise TokenRejected(
            "token-lifetime",
            f"the token lives longer than {issuer.max_lifetime} seconds",
            hint="shorten it at its issuer, or raise the issuer's `max_lifetime`",
        )
