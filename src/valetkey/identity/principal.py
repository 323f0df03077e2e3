"""Who the caller is here: a verified subject that trust rules admitted, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from valetkey.identity.claims import Claims
from valetkey.identity.issuer import Issuer, IssuerUrl
from valetkey.identity.trust import Power, TrustRule


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified (issuer, subject) and the trust rules that admitted it, at least one.

    Equal subjects of two issuers are two principals: compare `identity`, store both its parts.
    """

    issuer: IssuerUrl
    subject: str
    issuer_name: str
    claims: Claims = field(repr=False)
    rules: tuple[TrustRule, ...] = field(repr=False)

    @property
    def identity(self) -> tuple[IssuerUrl, str]:
        """The issuer's URL and the subject: who this is, whatever it may do."""
        return (self.issuer, self.subject)

    @property
    def label(self) -> str:
        """`<issuer name>:<subject>`, for people to read; an issuer's name has no colon."""
        return f"{self.issuer_name}:{self.subject}"

    def may(self, power: Power) -> bool:
        """Say whether a rule that admitted this principal gives `power`."""
        return bool(self.rules_for(power))

    def rules_for(self, power: Power) -> tuple[TrustRule, ...]:
        """Return the rules that give `power`, in the configured order."""
        return tuple(rule for rule in self.rules if rule.may is power)

    def rules_to_work_for(self, subject: "Principal") -> tuple[TrustRule, ...]:
        """Return the rules by which this actor may open runs for `subject`; none means no.

        A rule counts if its `subjects_of` names a rule that lets `subject` be worked for. Only
        these rules' `attributes` may be set on such a run.
        """
        served = {rule.name for rule in subject.rules_for(Power.BE_WORKED_FOR)}
        return tuple(
            rule
            for rule in self.rules_for(Power.OPEN_RUNS)
            if served.intersection(rule.subjects_of)
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A denial. `public` is all that the caller may know; `reasons` are for the log alone."""

    code: str
    reasons: tuple[str, ...]
    public: str


def admit(claims: Claims, issuer: Issuer, rules: Sequence[TrustRule]) -> Principal | Refusal:
    """Return the principal that verified `claims` of `issuer` are under `rules`, or a Refusal.

    Every rule is tried and all that pass count; a rule of another issuer never does. Refusal
    codes: `issuer-mismatch` (claims of another issuer), `not-admitted`.
    """
    if claims.issuer != issuer.url:
        return Refusal(
            "issuer-mismatch", ("the claims are another issuer's",), "the token is not accepted"
        )
    own = [(rule, rule.objection(claims.all)) for rule in rules if rule.issuer == issuer.name]
    passed = tuple(rule for rule, objection in own if objection is None)
    if not passed:
        reasons = tuple(f"rule `{rule.name}`: {objection}" for rule, objection in own)
        return Refusal(
            "not-admitted",
            reasons or (f"no trust rule is for issuer `{issuer.name}`",),
            "no trust rule admits this token",
        )
    return Principal(claims.issuer, claims.subject, issuer.name, claims, passed)
