"""What a web identity token whose signature was verified says to STS.

Standard: `AssumeRoleWithWebIdentity` (STS API reference), "Pass session tags in AWS STS" (the
claim in its nested and its flat form), "Monitor and control actions taken with assumed roles".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.faults import AwsError
from valetkey.localaws.web_identity_token import invalid_token

TOLERANCE = 300  # seconds that STS gives other clocks, in `exp` as in `nbf` and `iat`

_AWS = "https://aws.amazon.com/"
TAGS = f"{_AWS}tags"
SOURCE_IDENTITY = f"{_AWS}source_identity"
ROLES = f"{_AWS}roles"
_FLAT_TAG = f"{TAGS}/principal_tags/"
_FLAT_KEYS = f"{TAGS}/transitive_tag_keys"
_NESTED = frozenset({"principal_tags", "transitive_tag_keys"})

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebClaims:
    """The claims that count. `roles` is None where the token leaves open which role it is for.

    `original_audience` is `aud` where `azp` stands in for it.
    """

    subject: str
    audience: str
    original_audience: tuple[str, ...]
    methods: tuple[str, ...]
    email: str | None
    roles: tuple[str, ...] | None
    tags: tuple[tuple[str, str], ...]
    transitive_keys: tuple[str, ...]
    source_identity: str | None

    def session_keys(self, provider: str) -> dict[str, ContextValue]:
        """Return the condition keys that stay with the session ("IAM and AWS STS condition
        context keys"). `provider` is the issuer without its scheme.
        """
        keys: dict[str, ContextValue] = {
            f"{provider}:aud": self.audience,
            f"{provider}:sub": self.subject,
        }
        if self.methods:
            keys[f"{provider}:amr"] = self.methods
        return keys

    def trust_keys(self, provider: str) -> dict[str, ContextValue]:
        """Return the condition keys that a trust policy sees: STS knows no other claims."""
        keys = self.session_keys(provider)
        if self.original_audience:
            keys[f"{provider}:oaud"] = self.original_audience
        if self.email is not None:
            keys[f"{provider}:email"] = self.email
        return keys


def read_claims(claims: Claims, now: float) -> WebClaims:
    """Return what a verified token says at `now` (Unix seconds).

    Raises AwsError ExpiredTokenException, or InvalidIdentityToken for a claim that is missing,
    not yet good or of another type.
    """
    _check_times(claims, now)
    subject = _required_text(claims, "sub")
    audiences = _audiences(claims)
    azp = _text(claims, "azp")
    if azp is None and len(audiences) > 1:
        raise invalid_token("A token for several audiences needs an `azp` claim.")
    tags, transitive = _tags(claims)
    return WebClaims(
        subject=subject,
        audience=audiences[0] if azp is None else azp,
        original_audience=() if azp is None else audiences,
        methods=_listed(claims, "amr"),
        email=next(iter(_listed(claims, "email")), None),
        roles=_roles(claims),
        tags=tags,
        transitive_keys=transitive,
        source_identity=_text(claims, SOURCE_IDENTITY),
    )


def _check_times(claims: Claims, now: float) -> None:
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if name == "nbf" and name not in claims:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid_token(f"The token needs an `{name}` claim of whole seconds.")
        if name != "exp" and value > now + TOLERANCE:
            raise invalid_token(f"The token is not good yet: `{name}` is {value}.")
    if now >= claims["exp"] + TOLERANCE:
        message = (
            f"Token expired: current date/time {int(now)} must be before the expiration "
            f"date/time {claims['exp']}"
        )
        raise AwsError("ExpiredTokenException", message, status=400)


def _audiences(claims: Claims) -> tuple[str, ...]:
    found = claims.get("aud")
    listed = found if isinstance(found, list) else [found]
    if not listed or not all(isinstance(one, str) and one for one in listed):
        raise invalid_token("Missing a required claim: aud")
    return tuple(listed)


def _listed(claims: Claims, name: str) -> tuple[str, ...]:
    """Return the texts of a claim that nothing hangs on but conditions; others are not there."""
    found = claims.get(name)
    listed = found if isinstance(found, list) else [found]
    return tuple(one for one in listed if isinstance(one, str) and one)


def _roles(claims: Claims) -> tuple[str, ...] | None:
    """Return the ARNs that the issuer lists, as a list or as a text with `;` between them."""
    found = claims.get(ROLES)
    if found is None:
        return None
    if not isinstance(found, str | list):
        raise invalid_token("The roles claim is a text or a list of role ARNs.")
    listed = found.split(";") if isinstance(found, str) else found
    return tuple(one.strip() for one in listed if isinstance(one, str) and one.strip())


def _tags(claims: Claims) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return the session's tags and their transitive keys, from whichever form the token has."""
    flat = {name: value for name, value in claims.items() if name.startswith(_FLAT_TAG)}
    is_flat = bool(flat) or _FLAT_KEYS in claims
    if TAGS not in claims:
        tags = {name.removeprefix(_FLAT_TAG): value for name, value in flat.items()}
        return _texts(tags), _keys(claims.get(_FLAT_KEYS, []))
    nested = claims[TAGS]
    if is_flat or not isinstance(nested, dict) or set(nested) - _NESTED:
        raise invalid_token("The tags claim has one form: nested, or flat, and nothing else in it.")
    listed = nested.get("principal_tags", {})
    if not isinstance(listed, dict):
        raise invalid_token("The principal_tags are an object.")
    if not all(isinstance(value, list) and len(value) == 1 for value in listed.values()):
        raise invalid_token("Each of the principal_tags is a list of one text.")
    tags = {key: value[0] for key, value in listed.items()}
    return _texts(tags), _keys(nested.get("transitive_tag_keys", []))


def _texts(tags: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if not all(isinstance(value, str) for value in tags.values()):
        raise invalid_token("The value of a tag is a text.")
    return tuple(tags.items())


def _keys(listed: Any) -> tuple[str, ...]:
    if not isinstance(listed, list) or not all(isinstance(key, str) for key in listed):
        raise invalid_token("The transitive_tag_keys are a list of texts.")
    return tuple(listed)


def _required_text(claims: Claims, name: str) -> str:
    found = _text(claims, name)
    if found is None:
        raise invalid_token(f"Missing a required claim: {name}")
    return found


def _text(claims: Claims, name: str) -> str | None:
    found = claims.get(name)
    if name in claims and not (isinstance(found, str) and found):
        raise invalid_token(f"The `{name}` claim is not a text.")
    return found
