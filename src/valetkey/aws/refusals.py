"""What STS refuses, in our words: which code, whose credentials, and what to do about it.

AWS's own text goes into `detail` alone. Who is denied by what is read by `denials.py`.
"""

import re

from valetkey.aws.denials import denied
from valetkey.aws.errors import AwsError

RENEWABLE = frozenset({"aws-credentials-expired", "aws-credentials-invalid"})
"""Codes after which other credentials may have been put in the refused ones' place."""

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
_UNKNOWN = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"})
_BUSY = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
    }
)
_MALFORMED = frozenset({"ValidationError", "InvalidParameterValue", "MalformedPolicyDocument"})
# AWS says: Signature expired (or: not yet current): its time is now earlier (later) than ours
_CLOCK = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_ROLE_MAXIMUM = "maxsessionduration"
_CHAINED = "role chaining"


def owned(profile: str | None) -> str:
    """Return whose credentials are meant, to be put after "the AWS credentials"."""
    return "that valetkey runs with" if profile is None else f"of profile `{profile}`"


def login(profile: str | None, *, command: str = "aws sso login") -> str:
    """Return what a person types to log in again."""
    return command if profile is None else f"{command} --profile {profile}"


def sts_error(
    code: str, text: str, *, role: str, profile: str | None = None, renewal: str | None = None
) -> AwsError:
    """Say what an error of STS means that was asked for `role` with a profile's credentials.

    `renewal` is what a person types to log in again, where a login is behind them.
    """
    detail = f"{code}: {text}"
    if code in {"AccessDenied", "AccessDeniedException"}:
        return denied(text, role=role, profile=profile, detail=detail)
    return (
        about_credentials(code, text, profile=profile, renewal=renewal, detail=detail)
        or about_request(code, text, role=role, detail=detail)
        or AwsError("aws-failed", "STS failed", detail=detail, retryable=code.startswith("Int"))
    )


def about_credentials(
    code: str, text: str, *, profile: str | None, renewal: str | None, detail: str
) -> AwsError | None:
    """Say what is wrong with the credentials of a call; None where it is something else."""
    if code in _EXPIRED:
        how = f"with `{renewal}`" if renewal else "where they come from"
        return AwsError(
            "aws-credentials-expired",
            f"the AWS credentials {owned(profile)} are expired",
            hint=f"renew them {how}; they are read again at the next call",
            detail=detail,
        )
    if code == "RequestExpired" or _CLOCK.search(text):
        return AwsError(
            "aws-clock",
            "AWS does not accept the time of this machine",
            hint="set the clock, then try again: a machine that slept may be behind for a moment",
            detail=detail,
        )
    if code in _UNKNOWN or code == "SignatureDoesNotMatch":
        return AwsError(
            "aws-credentials-invalid",
            f"AWS does not know the AWS credentials {owned(profile)}",
            hint="check the access key, its secret and the profile; they are read again at the "
            "next call",
            detail=detail,
        )
    return None


def about_request(code: str, text: str, *, role: str, detail: str) -> AwsError | None:
    """Say what is wrong with what was asked, whoever asked; None where it is something else."""
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
            "the AWS session that valetkey runs with carries a transitive tag that runs need",
            hint="use an identity without session tags; on EKS Pod Identity, disable the session "
            "tags of its association or use IRSA",
            detail=detail,
        )
    if code in _BUSY:
        return AwsError("aws-throttled", "STS is busy", detail=detail, retryable=True)
    if code in _MALFORMED:
        return _not_taken(text, role=role, detail=detail)
    return None


def _not_taken(text: str, *, role: str, detail: str) -> AwsError:
    if _ROLE_MAXIMUM in text.lower():
        return AwsError(
            "aws-duration-above-role-maximum",
            f"the sessions of `{role}` may not last as long as the grant asks",
            hint="shorten the grant's duration, or raise the role's maximum session duration: "
            "`aws iam update-role --max-session-duration`",
            detail=detail,
        )
    if _CHAINED in text.lower():
        return AwsError(
            "aws-duration-chained",
            f"one role's session may hold `{role}` for 1 hour at most, and the grant asks for more",
            hint="set the grant's duration to 1h, which is refreshed by itself, or use an identity "
            "that is no role's session",
            detail=detail,
        )
    return AwsError(
        "aws-request-refused",
        f"STS does not take what was asked for `{role}`",
        hint="check duration, external id and session policy of the grant; the log has STS's words",
        detail=detail,
    )


def _percent(text: str) -> str:
    found = re.search(r"[0-9]{3,6} ?%", text)
    return found[0] if found else "more than 100%"
