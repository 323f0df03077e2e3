"""AssumeRoleWithWebIdentity: what is sent for it, and what each refusal of a token means.

Nothing is signed: the token alone speaks for us. AWS may quote it in an error, so each part of it
and whatever looks like a token is cut out of AWS's words before they go anywhere.
Codes: STS API reference, `AssumeRoleWithWebIdentity`, Errors.
"""

import re
from typing import Any

from valetkey.aws.errors import AwsError
from valetkey.aws.refusals import about_request
from valetkey.credentials import WebIdentityRequest
from valetkey.secret import Secret

MAX_TOKEN_CHARACTERS = 20_000
"""STS API reference, WebIdentityToken."""

ASKED_TWICE = frozenset({"aws-issuer-unreachable"})
"""AWS could not fetch the issuer's documents: worth one more call, not more (API reference)."""
ISSUER_PAUSES = 7
"""As many pauses lie before that call: an issuer that was asked in vain is not asked at once."""

# Header and payload of every JWS are JSON objects, and base64url of `{"` begins so.
_TOKEN = re.compile(r"eyJ[\w.-]*", re.ASCII)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


def parameters_of(request: WebIdentityRequest, token: Secret) -> dict[str, Any]:
    """Return the parameters of the call. Tags and source identity are in the token.

    Raises `aws-token-too-long` for a token that STS would not take.
    """
    text = token.reveal()
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise AwsError(
            "aws-token-too-long",
            f"the token for `{request.role}` has {len(text)} characters, "
            f"STS takes {MAX_TOKEN_CHARACTERS}",
            hint="shorten tag values or take fewer tags; tags are never dropped to fit",
        )
    parameters = {
        "RoleArn": str(request.role),
        "RoleSessionName": request.session_name,
        "WebIdentityToken": text,
        "DurationSeconds": request.duration,
    }
    if request.session_policy is not None:
        parameters["Policy"] = request.session_policy
    return parameters


def token_error(code: str, text: str, *, request: WebIdentityRequest, token: Secret) -> AwsError:
    """Say what an error of STS means that was given our `token`, and what mends it."""
    role, said = str(request.role), _without(token, text)
    detail = f"{code}: {said}"
    if code in _DENIED:
        return _denied(said, request, detail=detail)
    if code == "InvalidIdentityToken":
        return _invalid(said.lower(), request, detail=detail)
    if code in {"ExpiredTokenException", "ExpiredToken"}:
        return AwsError(
            "aws-token-expired",
            "AWS takes the token that valetkey has just signed for expired",
            hint="set this machine's clock: it is minutes behind AWS",
            detail=detail,
        )
    if code == "IDPCommunicationError":
        return AwsError(
            "aws-issuer-unreachable",
            f"AWS did not get the documents of `{request.issuer}`",
            hint=_DOCUMENTS,
            detail=detail,
            retryable=True,
        )
    if code == "IDPRejectedClaim":
        return AwsError(
            "aws-token-rejected",
            f"AWS rejected a claim of the token for `{role}`",
            hint="compare the token's claims with the provider in IAM; the log has STS's words",
            detail=detail,
        )
    return about_request(code, said, role=role, detail=detail) or AwsError(
        "aws-failed", "STS failed", detail=detail, retryable=code.startswith("Int")
    )


def _without(token: Secret, text: str) -> str:
    for part in token.reveal().split("."):
        text = text.replace(part, "***") if part else text
    return _TOKEN.sub("***", text)


_DOCUMENTS = (
    "its discovery document and key set must be reachable from AWS, by https and without a port; "
    "`valetkey keys publish` writes them, and `valetkey doctor` looks at them"
)


def _invalid(said: str, request: WebIdentityRequest, *, detail: str) -> AwsError:
    """Tell the kinds of InvalidIdentityToken apart, by AWS's own words where it has any."""
    if "no openidconnect provider" in said:
        return AwsError(
            "aws-issuer-not-registered",
            f"account {request.role.account} has no OpenID Connect provider `{request.issuer}`",
            hint="register it: `aws iam create-open-id-connect-provider --url "
            f"{request.issuer} --client-id-list {request.audience}`",
            detail=detail,
        )
    if "audience" in said:
        return AwsError(
            "aws-token-audience",
            f"`{request.audience}` is not an audience of the provider in IAM",
            hint="add it: `aws iam add-client-id-to-open-id-connect-provider "
            f"--open-id-connect-provider-arn {request.provider} --client-id {request.audience}`",
            detail=detail,
        )
    if "thumbprint" in said:
        return AwsError(
            "aws-issuer-certificate",
            f"AWS does not trust the certificate of `{request.issuer}`",
            hint="serve the documents under a certificate of a public authority, or put its "
            "thumbprint on the provider in IAM",
            detail=detail,
        )
    if "verification key" in said:
        return AwsError(
            "aws-issuer-unreachable",
            f"AWS found no key of `{request.issuer}` that the token is signed with",
            hint=_DOCUMENTS,
            detail=detail,
            retryable=True,
        )
    return AwsError(
        "aws-token-invalid",
        f"AWS does not take the token for `{request.role}`",
        hint="`valetkey doctor` walks the way from the issuer to the role; the log has STS's words",
        detail=detail,
    )


def _denied(said: str, request: WebIdentityRequest, *, detail: str) -> AwsError:
    role, words = f"`{request.role}`", said.lower()
    if "sts:tagsession" in words:
        return AwsError(
            "aws-access-denied-tags",
            f"AWS refused the session tags of the run for {role}",
            hint="sts:TagSession with the run's tag keys must be allowed to "
            f"{request.provider} by the role's trust policy",
            detail=detail,
        )
    if "sts:setsourceidentity" in words:
        return AwsError(
            "aws-access-denied-source-identity",
            f"AWS refused the source identity of the run for {role}",
            hint=f"sts:SetSourceIdentity must be allowed to {request.provider} by the role's "
            "trust policy",
            detail=detail,
        )
    name = request.issuer.partition("://")[2]
    return AwsError(
        "aws-access-denied-trust",
        f"the trust policy of {role} does not let the token in",
        hint=f"it must allow sts:AssumeRoleWithWebIdentity, sts:TagSession and "
        f"sts:SetSourceIdentity to the federated principal {request.provider}, where "
        f"{name}:aud is `{request.audience}` and {name}:sub is `{request.subject}`; "
        "see that the role exists",
        detail=detail,
    )
