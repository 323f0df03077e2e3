"""Whose tokens are believed, and under which conditions. It fetches nothing and checks no token."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NewType

from valetkey.identity.errors import IdentityError
from valetkey.identity.providers import NO_TYPE, PRESETS, Preset, Provider

IssuerUrl = NewType("IssuerUrl", str)

# Asymmetric only (RFC 7518 §3.1, RFC 8037, RFC 9864): whoever can check must not be able to sign.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
MAX_LEEWAY = 300  # seconds; the clocks of two servers do not differ by more unless one is broken
MAX_LIFETIME = 86_400  # seconds; the longest that Cognito, Entra and Okta give an ID token

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*)"
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """One OpenID Connect issuer whose tokens are believed; checked when made, so always valid.

    `name` is ours, for configuration and logs; `url` is compared with `iss` byte for byte.
    A token must name one of `audiences`, and none but `audiences` and `other_audiences`: whoever
    else is an audience holds the token and could present it here (OpenID Connect Core §3.1.3.7).
    `algorithms` are from `ALGORITHMS`. `leeway` is in seconds, 0 to 300, and stretches `exp`,
    `nbf` and `iat`. `max_lifetime` in seconds bounds `exp` from `iat` (from now without `iat`).
    `types` are accepted `typ` values, compared per RFC 7515 §4.1.9; `NO_TYPE` is "no `typ`".
    `jwks_uri` replaces discovery. With a `provider` its tokens are checked as its preset says.
    Tokens of a `single_use` issuer must have a `jti`, by which they are known when used again.
    Raises IdentityError `issuer-invalid`, or `provider-url` for a URL that is not the provider's,
    `provider-audience` for an audience that others have tokens for.
    """

    name: str
    url: IssuerUrl
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    leeway: int = 30
    max_lifetime: int = MAX_LIFETIME
    types: tuple[str, ...] = (NO_TYPE, "JWT", "at+jwt")
    other_audiences: tuple[str, ...] = ()
    jwks_uri: str | None = None
    provider: Provider | None = None
    single_use: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise _invalid(f"`{self.name}` is not a name for an issuer: letters, digits, `_`, `-`")
        issuer_url(self.url)
        if self.jwks_uri is not None:
            jwks_url(self.jwks_uri, self.url)
        if not self.audiences or not all((*self.audiences, *self.other_audiences)):
            raise _invalid(f"issuer `{self.name}` needs audiences, none of them empty")
        unknown = [name for name in self.algorithms if name not in ALGORITHMS]
        if unknown or not self.algorithms:
            raise _invalid(
                f"issuer `{self.name}` needs asymmetric algorithms, not `{', '.join(unknown)}`",
                hint=f"choose from {', '.join(ALGORITHMS)}",
            )
        if not 0 <= self.leeway <= MAX_LEEWAY:
            raise _invalid(f"issuer `{self.name}` has a leeway outside 0 to {MAX_LEEWAY} seconds")
        if self.max_lifetime <= 0:
            raise _invalid(f"issuer `{self.name}` has a lifetime limit of no seconds")
        if not self.types:
            raise _invalid(f"issuer `{self.name}` accepts no token type")
        if self.preset is not None:
            self.preset.check_url(self.url)
            self._check_audiences(self.preset)

    def _check_audiences(self, preset: Preset) -> None:
        for audience in self.audiences:
            if preset.is_anybodys(audience, self.url):
                raise IdentityError(
                    "provider-audience",
                    f"issuer `{self.name}`: tokens for `{audience}` are shown to others than "
                    "valetkey, who could present them here",
                    hint="have tokens made for an audience of valetkey's own",
                )

    @property
    def preset(self) -> Preset | None:
        """What is known of this issuer's tokens because of whose they are."""
        return None if self.provider is None else PRESETS[self.provider]


def issuer_url(text: str) -> IssuerUrl:
    """Return `text` as the identifier of an issuer, unchanged.

    An https URL (http for a loopback host), no query, no fragment, no credentials, no dot segments
    (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). Raises IdentityError `issuer-invalid`.
    """
    _check_url(text)
    return IssuerUrl(text)


def jwks_url(text: str, issuer: IssuerUrl) -> str:
    """Return `text` as an address for the keys of `issuer`; raises IdentityError `issuer-invalid`.

    The rules are those of `issuer_url`, and only a loopback http issuer has keys without https.
    """
    if _check_url(text) == "http" and issuer.startswith("https:"):
        raise _invalid(f"the keys of `{issuer}` must be served over https")
    return text


def check_issuers(issuers: Sequence[Issuer]) -> None:
    """Raise IdentityError `issuer-duplicate` if two issuers share a name or a URL."""
    names = [*(issuer.name for issuer in issuers), *(str(issuer.url) for issuer in issuers)]
    for name in names:  # a name has no colon and a URL does: one list holds both
        if names.count(name) > 1:
            raise IdentityError("issuer-duplicate", f"two issuers are called `{name}`")


def _check_url(text: str) -> str:
    match = _URL.fullmatch(text)
    if match is None or int(match["port"] or 1) > 65535:
        raise _invalid(
            f"`{text}` is not a plain https address",
            hint="no query, fragment, credentials or spaces; exactly as in the token's `iss`",
        )
    segments = match["path"].lower().replace("%2e", ".").split("/")
    if "." in segments or ".." in segments:
        raise _invalid(f"`{text}` has a dot segment in its path")
    if match["scheme"] == "http" and not _is_loopback(match["host"]):
        raise _invalid(f"`{text}` must be https", hint="http is accepted for a loopback host only")
    return match["scheme"]


def _is_loopback(host: str) -> bool:
    if host == "localhost":  # RFC 6761 §6.3
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _invalid(message: str, *, hint: str | None = None) -> IdentityError:
    return IdentityError("issuer-invalid", message, hint=hint)
