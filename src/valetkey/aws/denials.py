"""Which action AWS denied, and which kind of policy: read from its access-denied message.

Standard: "Troubleshoot access denied error messages" (IAM user guide): `because no TYPE policy
allows the ACTION action` for an implicit denial, `with an explicit deny in a TYPE policy` for an
explicit one. Where AWS says neither, all that may be in the way is named.
"""

import re
from enum import Enum

from valetkey.aws.errors import AwsError


class Layer(Enum):
    """Where a denial comes from, and what opens it."""

    TRUST = "the role's trust policy"
    IDENTITY = "the policies of the identity that asks"
    ORGANIZATION = "a policy of the organization or of the network"
    UNTOLD = "one of the two sides"


_ACTION = re.compile(r"not authorized to perform:? (sts:\w+)", re.IGNORECASE)
_LAYERS = (
    (re.compile(r"(service|resource) control policy|endpoint policy", re.I), Layer.ORGANIZATION),
    (
        re.compile(r"identity-based policy|permissions boundary|session policy", re.I),
        Layer.IDENTITY,
    ),
    (re.compile(r"role trust policy|resource-based policy", re.I), Layer.TRUST),
)
_EXPLICIT = re.compile(r"explicit deny", re.IGNORECASE)
_MFA = "multifactorauthentication"


def denied(text: str, *, role: str, profile: str | None, detail: str) -> AwsError:
    """Say what a denial of `AssumeRole` means and which side has to let it through."""
    if _MFA in text.lower():
        return AwsError(
            "aws-mfa-refused",
            "AWS did not accept the MFA code",
            hint="each code works once: wait for the next one, and check `mfa_serial`",
            detail=detail,
        )
    action = (_ACTION.search(text) or ["", "sts:AssumeRole"])[1].lower()
    layer = next((layer for words, layer in _LAYERS if words.search(text)), Layer.UNTOLD)
    opens = _what_opens(layer, explicit=bool(_EXPLICIT.search(text)), profile=profile)
    if action == "sts:tagsession":
        return AwsError(
            "aws-access-denied-tags",
            f"AWS refused the session tags of the run for `{role}`",
            hint=f"sts:TagSession with the run's tag keys {opens}",
            detail=detail,
        )
    if action == "sts:setsourceidentity":
        return AwsError(
            "aws-access-denied-source-identity",
            f"AWS refused the source identity of the run for `{role}`",
            hint=f"sts:SetSourceIdentity {opens}",
            detail=detail,
        )
    return _not_assumed(layer, opens, who=_who(profile), role=role, detail=detail)


def _not_assumed(layer: Layer, opens: str, *, who: str, role: str, detail: str) -> AwsError:
    hint = f"sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity {opens}"
    if layer is Layer.TRUST:
        return AwsError(
            "aws-access-denied-trust",
            f"the trust policy of `{role}` does not let in {who}",
            hint=f"{hint}; a condition on external id, tags or MFA counts, too",
            detail=detail,
        )
    if layer is Layer.IDENTITY:
        return AwsError(
            "aws-access-denied-identity",
            f"{who} may not assume `{role}`",
            hint=hint,
            detail=detail,
        )
    if layer is Layer.ORGANIZATION:
        return AwsError(
            "aws-access-denied-organization",
            f"a policy above both sides denies to assume `{role}`",
            hint=hint,
            detail=detail,
        )
    return AwsError(
        "aws-access-denied",
        f"AWS refused to assume `{role}`",
        hint=f"{hint}; see that the role exists and its external id is the grant's",
        detail=detail,
    )


def _who(profile: str | None) -> str:
    if profile is None:
        return "the identity that valetkey runs with"
    return f"the identity of profile `{profile}`"


def _what_opens(layer: Layer, *, explicit: bool, profile: str | None) -> str:
    who = _who(profile)
    if layer is Layer.ORGANIZATION:
        return (
            "must be let through by the service control, resource control and VPC endpoint "
            "policies; their administrator can see which one denies"
        )
    if layer is Layer.TRUST:
        verb = "is denied to" if explicit else "must be allowed to"
        tail = ": remove the Deny" if explicit else ""
        return f"{verb} {who} by the role's trust policy{tail}"
    if layer is Layer.IDENTITY:
        verb = "is denied by" if explicit else "must be allowed by"
        tail = ": remove the Deny" if explicit else ""
        return f"{verb} the policies, boundary and session policy of {who}{tail}"
    return (
        f"must be allowed to {who} by the role's trust policy and by that identity's own policies"
    )
