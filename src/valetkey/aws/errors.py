"""What AWS refuses, in our words. Its own text stays in the operator's log: it names accounts."""

import re

from valetkey.errors import ValetkeyError


class AwsError(ValetkeyError):
    """AWS said no, said nothing, or can't be asked. `retryable` when the same call may go well."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        detail: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(code, message, hint=hint, detail=detail)
        self.retryable = retryable


def sts_error(code: str, text: str, *, role: str) -> AwsError:
    """Say what an error of STS `AssumeRole` means and what to do about it."""
    detail = f"{code}: {text}"
    if code == "AccessDenied":
        return AwsError(
            "aws-access-denied",
            f"AWS refused to assume `{role}`",
            hint="the role's trust policy must allow the broker's identity sts:AssumeRole, "
            "sts:TagSession and sts:SetSourceIdentity with these tags, and so must the broker's "
            "own policy",
            detail=detail,
        )
    if code in {"ExpiredToken", "ExpiredTokenException"}:
        return AwsError(
            "aws-credentials-expired",
            "the broker's own AWS credentials are expired",
            hint="renew them: for an SSO profile, `aws sso login`",
            detail=detail,
        )
    if code in {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}:
        return AwsError(
            "aws-credentials-invalid",
            "AWS does not know the broker's own credentials",
            hint="check the broker's profile, access key and clock",
            detail=detail,
        )
    if code == "PackedPolicyTooLarge":
        return AwsError(
            "aws-packed-policy-too-large",
            f"tags and session policy for `{role}` take {_percent(text)} of AWS's packed size",
            hint="shorten tag values or the session policy; tags are never dropped to fit",
            detail=detail,
        )
    if code == "RegionDisabledException":
        return AwsError(
            "aws-region-disabled",
            "STS is not active in this region for the account",
            hint="activate it in the account settings of IAM, or choose another region",
            detail=detail,
        )
    if "transitive" in text.lower():
        return AwsError(
            "aws-broker-session-tagged",
            "the broker's own AWS session carries a transitive tag that runs need",
            hint="give the broker a role without session tags; on EKS Pod Identity, disable the "
            "session tags of its association or use IRSA",
            detail=detail,
        )
    if code in {"Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceUnavailable"}:
        return AwsError("aws-throttled", "STS is busy", detail=detail, retryable=True)
    if code in {"ValidationError", "InvalidParameterValue", "MalformedPolicyDocument"}:
        return AwsError(
            "aws-request-refused",
            f"STS does not take what was asked for `{role}`",
            hint="most often the duration is above the role's maximum, or above 1 hour while the "
            "broker itself runs as a role; the log has STS's words",
            detail=detail,
        )
    return AwsError(
        "aws-failed", "STS failed", detail=detail, retryable=code.startswith("Internal")
    )


def _percent(text: str) -> str:
    found = re.search(r"[0-9]{3,6} ?%", text)
    return found[0] if found else "more than 100%"
