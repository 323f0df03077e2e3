"""Why no credentials were found: what botocore's providers raise, in our words.

Every sentence names the profile in force. What botocore said goes into `detail` alone.
"""

from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidConfigError,
    LoginError,
    MissingDependencyException,
    NoRegionError,
    PartialCredentialsError,
    ReadTimeoutError,
    RefreshWithMFAUnsupportedError,
    SSOError,
    TokenRetrievalError,
    UnknownCredentialError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from valetkey.aws.errors import AwsError
from valetkey.aws.refusals import RENEWABLE, login, owned, sts_error

_CONFIGURATION = (
    ConfigNotFound,
    ConfigParseError,
    InvalidConfigError,
    MissingDependencyException,
    PartialCredentialsError,
    UnknownCredentialError,
)
_SSO = (SSOError, TokenRetrievalError)
_TIMEOUTS = (ConnectTimeoutError, ReadTimeoutError, TimeoutError)
_NETWORK = (BotocoreConnectionError, HTTPClientError)
_PROCESS = "custom-process"
_PORTAL_SAYS_EXPIRED = frozenset({"UnauthorizedException", "ExpiredTokenException"})
_OWN_CODES = RENEWABLE | {"aws-clock", "aws-mfa-refused", "aws-throttled", "aws-region-disabled"}
"""What STS may say while a profile's own role is assumed that is not about that role."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the configuration says of the credentials that are looked for.

    `login` is the profile to log in with: one whose credentials come from another profile's SSO
    login can't be logged in itself. None is the default profile in both. `renewal` is what a person
    types to log in again, None where no login is behind the credentials.
    """

    profile: str | None
    login: str | None = None
    renewal: str | None = None
    has_process: bool = False
    role: str | None = None


def not_found(origin: Origin) -> AwsError:
    """Say that the whole chain of providers found nothing."""
    if origin.profile is not None:
        return AwsError(
            "aws-no-credentials",
            f"profile `{origin.profile}` has no AWS credentials",
            hint=f"log in with `{login(origin.profile)}`, or give the profile keys or a "
            "credential_process",
        )
    return AwsError(
        "aws-no-credentials",
        "no AWS credentials were found",
        hint="name a profile that has some (AWS_PROFILE, `[aws] profile`, or the grant's own), or "
        "run where a role is given",
    )


def credentials_error(error: Exception, origin: Origin) -> AwsError:
    """Say what a provider's failure means. Providers raise more than botocore's own errors."""
    if isinstance(error, AwsError):
        return error
    detail = repr(error)
    if isinstance(error, ClientError):
        return _refused(error, origin, detail=detail)
    if isinstance(error, _SSO):
        return _sso_expired(origin, detail=detail)
    if isinstance(error, LoginError):
        return AwsError(
            "aws-login-expired",
            f"the AWS login {owned(origin.profile)} has expired or is not there",
            hint=f"run `{login(origin.login, command='aws login')}`, then try again",
            detail=detail,
        )
    if isinstance(error, (RefreshWithMFAUnsupportedError, EOFError)):
        return mfa_needed(origin.profile, detail=detail)
    if isinstance(error, NoRegionError):
        return AwsError(
            "aws-region-missing",
            f"a role is behind the AWS credentials {owned(origin.profile)}, and no region is known",
            hint="write `region = …` into the profile, or set AWS_DEFAULT_REGION",
            detail=detail,
        )
    if isinstance(error, _CONFIGURATION):
        return unusable(error, origin.profile)
    return _no_answer(error, origin, detail=detail)


def unusable(error: BotoCoreError, profile: str | None) -> AwsError:
    """Say that the files can't be read, or do not say what they must."""
    path = error.kwargs.get("path")
    which = f"the file `{Path(path).name}`" if path else "the profile"
    return AwsError(
        "aws-configuration",
        f"the configuration of the AWS credentials {owned(profile)} can't be used",
        hint=f"check {which} of AWS's configuration; `aws configure list` reads it, too",
        detail=repr(error),
    )


def mfa_needed(profile: str | None, *, detail: str | None = None) -> AwsError:
    """Say that a code is needed and that nobody is asked for it now."""
    return AwsError(
        "aws-mfa-needed",
        f"the AWS credentials {owned(profile)} need an MFA code",
        hint="nobody is asked for a code while a command or a broker runs: start it again where "
        "it can ask, or use a profile that needs none",
        detail=detail,
    )


def _refused(error: ClientError, origin: Origin, *, detail: str) -> AwsError:
    problem = error.response.get("Error", {})
    code, text = str(problem.get("Code", "")), str(problem.get("Message", ""))
    if code in _PORTAL_SAYS_EXPIRED and error.operation_name == "GetRoleCredentials":
        return _sso_expired(origin, detail=detail)
    said = sts_error(
        code, text, role=origin.role or "", profile=origin.profile, renewal=origin.renewal
    )
    if said.code in _OWN_CODES:
        return said
    return AwsError(
        "aws-source-role-refused",
        f"AWS does not give the role behind the AWS credentials {owned(origin.profile)}",
        hint="that is the identity's own role, not the grant's: `aws sts get-caller-identity` "
        "with the same profile shows AWS's words",
        detail=detail,
    )


def _sso_expired(origin: Origin, *, detail: str) -> AwsError:
    return AwsError(
        "aws-sso-expired",
        f"the SSO login behind the AWS credentials {owned(origin.profile)} has expired or is "
        "not there",
        hint=f"run `{login(origin.login)}`, then try again",
        detail=detail,
    )


def _no_answer(error: Exception, origin: Origin, *, detail: str) -> AwsError:
    if isinstance(error, _TIMEOUTS):
        return AwsError(
            "aws-timeout",
            f"what gives the AWS credentials {owned(origin.profile)} did not answer in time",
            hint="check the network, then try again",
            detail=detail,
        )
    if isinstance(error, _NETWORK):
        return AwsError(
            "aws-unreachable",
            f"what gives the AWS credentials {owned(origin.profile)} can't be reached",
            hint="check the network and any proxy, then try again",
            detail=detail,
        )
    by_process = isinstance(error, CredentialRetrievalError) and _PROCESS in detail
    if by_process or (origin.has_process and not isinstance(error, BotoCoreError)):
        return AwsError(
            "aws-credential-process-failed",
            f"the credential_process of the AWS credentials {owned(origin.profile)} failed",
            hint="run it by hand to see why; it is started again at the next call",
            detail=detail,
        )
    how = f"with `{origin.renewal}`" if origin.renewal else "where they come from"
    return AwsError(
        "aws-credentials-expired",
        f"the AWS credentials {owned(origin.profile)} can't be renewed",
        hint=f"renew them {how}; the log has botocore's words",
        detail=detail,
    )
