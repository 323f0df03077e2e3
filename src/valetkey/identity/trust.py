"""Trust rules: which claims of which issuer give which power here. Nothing is given by default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from valetkey.identity.claims import values_at
from valetkey.identity.errors import IdentityError
from valetkey.identity.issuer import Issuer, check_issuers
from valetkey.identity.providers import PRESETS
from valetkey.identity.strictjson import JsonValue

# True of every token of the issuer for us: a rule that asks for no more trusts by audience alone.
_IN_EVERY_TOKEN = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti"})

_VERIFIED = "email_verified"


class Power(Enum):
    """What a trust rule may give. Powers do not contain each other."""

    BE_WORKED_FOR = "be-worked-for"
    OPEN_RUNS = "open-runs"
    APPROVE = "approve"
    REVOKE = "revoke"
    READ_AUDIT = "read-audit"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """What one claim must be: exactly one of `any_of`, type and all; no patterns.

    An array claim passes if it contains one of them. `true`, `"true"` and `1` are three values.
    """

    any_of: tuple[str | int | bool, ...]

    def __post_init__(self) -> None:
        if not self.any_of or "" in self.any_of:
            raise IdentityError("trust-rule-invalid", "a claim check needs values, none empty")

    @classmethod
    def of(cls, value: object) -> "ClaimCheck":
        """Return the check that a configured value means: a scalar is exact, a list is any of.

        Raises IdentityError `trust-rule-invalid` for anything but text, integers and booleans.
        """
        listed = value if isinstance(value, (list, tuple)) else [value]
        allowed = tuple(item for item in listed if isinstance(item, (str, int)))
        if len(allowed) != len(listed):
            raise IdentityError(
                "trust-rule-invalid", "a claim is checked against text, integers and booleans only"
            )
        return cls(allowed)

    def passes(self, value: JsonValue) -> bool:
        """Say whether a claim's value passes."""
        offered = value if isinstance(value, tuple) else (value,)
        return any(_same(want, have) for want in self.any_of for have in offered)


@dataclass(frozen=True, slots=True)
class TrustRule:
    """Tokens of the issuer named `issuer` whose claims pass every check get the power `may`.

    A key of `claims` is a dotted path. `subjects_of` names the rules whose principals an actor may
    open runs for; `attributes` the work attributes it may set; both only with OPEN_RUNS, and empty
    means none. Raises IdentityError `trust-rule-empty`, `trust-rule-too-wide` (only claims that
    every token of the issuer carries) or `trust-rule-invalid`.
    """

    name: str
    issuer: str
    claims: Mapping[str, ClaimCheck]
    may: Power
    subjects_of: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name or not self.issuer or not all(self.claims):
            raise IdentityError("trust-rule-invalid", "a trust rule and its claims need names")
        if not self.claims:
            raise IdentityError(
                "trust-rule-empty",
                f"trust rule `{self.name}` checks no claim and would admit every token",
                hint="name a claim that only the meant subjects carry, `sub` for one of them",
            )
        if not self.claims.keys() - _IN_EVERY_TOKEN:
            raise IdentityError(
                "trust-rule-too-wide",
                f"trust rule `{self.name}` checks only what every token of `{self.issuer}` carries",
                hint="name a claim that only the meant subjects carry, `sub` for one of them",
            )
        if (self.subjects_of or self.attributes) and self.may is not Power.OPEN_RUNS:
            raise IdentityError(
                "trust-rule-invalid",
                f"trust rule `{self.name}` has `for` or `attributes` but may not open runs",
            )
        object.__setattr__(self, "claims", MappingProxyType(dict(self.claims)))

    @property
    def verifies_email(self) -> bool:
        """Say whether who passes has an address that the issuer verified."""
        check = self.claims.get(_VERIFIED)
        return check is not None and all(v is True or v == "true" for v in check.any_of)

    def objection(self, claims: Mapping[str, JsonValue]) -> str | None:
        """Return why `claims` do not pass, naming no value of theirs; None if they pass."""
        for path, check in self.claims.items():
            values = values_at(claims, path)
            if not values:
                return f"claim `{path}` is absent"
            if len(values) > 1:
                return f"claim `{path}` has two meanings"
            if not check.passes(values[0]):
                return f"claim `{path}` differs"
        return None


def check_trust(issuers: Sequence[Issuer], rules: Sequence[TrustRule]) -> None:
    """Raise IdentityError unless issuers and rules fit together.

    Codes: `issuer-duplicate`; `trust-rule-duplicate`; `trust-rule-unknown-issuer`;
    `trust-rule-unknown-subjects` if `for` names no rule that gives `be-worked-for`;
    `trust-rule-too-wide` if strangers have tokens of the issuer that the rule admits, or if a rule
    that gives more than `be-worked-for` checks only what says nothing of whom a token is about.
    """
    check_issuers(issuers)
    names = [rule.name for rule in rules]
    served = {rule.name for rule in rules if rule.may is Power.BE_WORKED_FOR}
    named = {issuer.name: issuer for issuer in issuers}
    for rule in rules:
        if names.count(rule.name) > 1:
            raise IdentityError("trust-rule-duplicate", f"two trust rules are called `{rule.name}`")
        if rule.issuer not in named:
            raise IdentityError(
                "trust-rule-unknown-issuer",
                f"trust rule `{rule.name}` names issuer `{rule.issuer}`, which is not configured",
            )
        _check_telling(rule, named[rule.issuer])
        _check_pinned(rule, named[rule.issuer])
        for name in rule.subjects_of:
            if name not in served:
                raise IdentityError(
                    "trust-rule-unknown-subjects",
                    f"trust rule `{rule.name}` is for `{name}`, which lets nobody be worked for",
                    hint="`for` names rules whose `may` is `be-worked-for`: "
                    + (", ".join(f"`{each}`" for each in sorted(served)) or "there is none yet"),
                )


def _check_telling(rule: TrustRule, issuer: Issuer) -> None:
    """Refuse a power for what all have, or what each may say of themselves at that provider."""
    preset = issuer.preset
    if preset is None or rule.may is Power.BE_WORKED_FOR:
        return
    untelling = _IN_EVERY_TOKEN | preset.in_every_token | preset.said_by_people | {_VERIFIED}
    if rule.verifies_email:
        untelling -= {"email"}
    if all(path.partition(".")[0] in untelling for path in rule.claims):
        raise IdentityError(
            "trust-rule-too-wide",
            f"trust rule `{rule.name}` checks only what every token of `{rule.issuer}` carries, or "
            "what people may set themselves",
            hint="check `sub`, a group or a role, or `email` with `email_verified = true`",
        )


def _check_pinned(rule: TrustRule, issuer: Issuer) -> None:
    """Refuse by the issuer's URL: strangers have tokens of it whether `provider` says so or not."""
    telling = {name: c for name, c in rule.claims.items() if name not in _IN_EVERY_TOKEN}
    for preset in PRESETS.values():
        if not any(preset.pins(name, c.any_of, issuer.url) for name, c in telling.items()):
            raise IdentityError(
                "trust-rule-too-wide",
                f"trust rule `{rule.name}` checks only what strangers' tokens of `{issuer.name}` "
                "can say, too",
                hint=preset.pin_hint,
            )


def _same(want: str | int | bool, have: JsonValue) -> bool:
    return type(want) is type(have) and want == have
