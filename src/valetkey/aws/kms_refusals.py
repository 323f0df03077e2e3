"""What AWS KMS refuses, in our words. AWS's own text goes into `detail` alone."""

from valetkey.aws.errors import AwsError
from valetkey.aws.refusals import about_credentials, owned

_BUSY = frozenset(
    {
        "ThrottlingException",
        "LimitExceededException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KeyUnavailableException",
        "InternalFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
_UNKNOWN = frozenset({"NotFoundException", "InvalidArnException"})
_UNUSABLE = frozenset({"DisabledException", "KMSInvalidStateException"})
_UNFIT = frozenset({"InvalidKeyUsageException", "UnsupportedOperationException"})
_SIGNATURE = {"InvalidSignatureException": "SignatureDoesNotMatch"}
"""KMS's name of an error, and STS's."""


def kms_error(
    code: str,
    text: str,
    *,
    key: str,
    profile: str | None,
    renewal: str | None,
    is_busy: bool = False,
) -> AwsError:
    """Say what an error of KMS means that was asked about `key`.

    `is_busy` says that the status was one of the server's own.
    """
    detail = f"{code}: {text}"
    found = about_credentials(
        _SIGNATURE.get(code, code), text, profile=profile, renewal=renewal, detail=detail
    )
    if found is not None:
        return found
    if code in {"AccessDeniedException", "AccessDenied"}:
        return AwsError(
            "aws-kms-denied",
            f"AWS KMS does not let the AWS credentials {owned(profile)} use `{key}`",
            hint="allow kms:Sign and kms:GetPublicKey on this key, in the key's policy or in that "
            "identity's own",
            detail=detail,
        )
    if code in _BUSY or is_busy:
        return AwsError("aws-kms-throttled", "AWS KMS is busy", detail=detail, retryable=True)
    return _about_key(code, key=key, detail=detail)


def unfit(key: str, why: str) -> AwsError:
    """Say that a key can't sign tokens of the issuer."""
    return AwsError(
        "aws-kms-key-unfit",
        f"`{key}` can't sign tokens: {why}",
        hint="make a key with `--key-usage SIGN_VERIFY` and `--key-spec ECC_NIST_P256` (ES256) or "
        "`RSA_2048` (RS256)",
    )


def _about_key(code: str, *, key: str, detail: str) -> AwsError:
    if code in _UNKNOWN:
        return AwsError(
            "aws-kms-key-unknown",
            f"AWS KMS has no key `{key}`",
            hint="check account and region of the ARN",
            detail=detail,
        )
    if code in _UNUSABLE:
        return AwsError(
            "aws-kms-key-unusable",
            f"`{key}` is disabled or is being deleted",
            hint="enable it again, or `valetkey keys rotate --kms-key ARN` to another one",
            detail=detail,
        )
    if code in _UNFIT:
        error = unfit(key, "its usage or its kind is another")
        return AwsError(error.code, error.message, hint=error.hint, detail=detail)
    return AwsError("aws-kms-failed", "AWS KMS failed", detail=detail)
