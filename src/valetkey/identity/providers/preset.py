"""What a preset of a provider is. It knows no provider.

A preset gives defaults, so that a configuration may leave them out, and checks that a configuration
cannot switch off.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from valetkey.identity.errors import IdentityError
from valetkey.identity.strictjson import JsonValue

NO_TYPE = ""  # stands in `Issuer.types` for a token without `typ`
DAY, HOUR = 86_400, 3600  # seconds

Members: TypeAlias = Mapping[str, JsonValue]
Demanded: TypeAlias = tuple[str | int | bool, ...]

PROFILE = frozenset(
    {
        *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
        *("profile", "picture", "website", "email", "gender", "birthdate", "zoneinfo", "locale"),
        *("phone_number", "address"),
    }
)
"""The claims of a profile, which identify nobody: OpenID Connect Core §5.1 and §5.7."""


class Provider(Enum):
    """Whose tokens a preset is for; the values are those of `provider` in the configuration."""

    COGNITO = "cognito"
    ENTRA = "entra"
    OKTA = "okta"
    AUTH0 = "auth0"
    KUBERNETES = "kubernetes"
    GITHUB_ACTIONS = "github-actions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Defaults and checks for one provider's issuers.

    `algorithms`, `types` and `max_lifetime` (seconds) hold where a configuration names none.
    Each issuer of the provider is at an address that `url` matches whole. `check_claims(claims,
    url)` raises TokenRejected for signed claims that the issuer at `url` never makes.
    `subject_claim(claims)` names the claim that says who the subject is, one and the same in every
    token of theirs; it is read as `sub`. `audience_claim(claims)` names the one that says whom a
    token is for, `id_claim` the one that no other token has. `other_audiences(url)` are the
    provider's own, besides the configured ones; `is_anybodys(audience, url)` says of an audience
    that tokens are for it which are shown to others than us, so that it can't be ours.
    `in_every_token` are claims that `check_claims` leaves no choice in: they single nobody out.
    `said_by_people` are those that a person may set, or that pass from one person to another.
    `pins(name, values, url)` says whether a trust rule that demands one of `values` of claim `name`
    shuts out strangers who can have tokens of the same issuer. `sub_fits_tags`: whether every `sub`
    is within AWS's tag alphabet.
    """

    algorithms: tuple[str, ...]
    types: tuple[str, ...]
    max_lifetime: int
    url: re.Pattern[str]
    url_hint: str
    check_claims: Callable[[Members, str], None]
    subject_claim: Callable[[Members], str] = lambda _: "sub"
    audience_claim: Callable[[Members], str] = lambda _: "aud"
    id_claim: str = "jti"
    other_audiences: Callable[[str], tuple[str, ...]] = lambda _: ()
    is_anybodys: Callable[[str, str], bool] = lambda _audience, _url: False
    in_every_token: frozenset[str] = frozenset()
    said_by_people: frozenset[str] = PROFILE
    pins: Callable[[str, Demanded, str], bool] = lambda _name, _values, _url: True
    pin_hint: str = ""
    sub_fits_tags: bool = True

    def check_url(self, url: str) -> None:
        """Raise IdentityError `provider-url` unless `url` has the shape of an issuer's."""
        if not self.url.fullmatch(url):
            raise IdentityError(
                "provider-url", f"`{url}` is no issuer of the named provider", hint=self.url_hint
            )


def text(members: Members, name: str) -> str | None:
    """Return the claim `name` if it is text that says something."""
    value = members.get(name)
    return value if isinstance(value, str) and value else None
