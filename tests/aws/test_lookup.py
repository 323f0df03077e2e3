"""What botocore's providers raise, beside what real files and a portal make them raise."""

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from valetkey.aws import AwsError
from valetkey.aws.lookup import Origin, credentials_error, not_found

DEV = Origin("dev", login="dev")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.UnauthorizedSSOTokenError(), "aws-sso-expired"),
        (exceptions.SSOTokenLoadError(error_msg="x"), "aws-sso-expired"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="x"), "aws-sso-expired"),
        (exceptions.LoginRefreshRequired(), "aws-login-expired"),
        (exceptions.LoginTokenLoadError(error_msg="x"), "aws-login-expired"),
        (exceptions.MissingDependencyException(msg="awscrt"), "aws-configuration"),
        (exceptions.InvalidConfigError(error_msg="x"), "aws-configuration"),
        (exceptions.RefreshWithMFAUnsupportedError(), "aws-mfa-needed"),
        (exceptions.ConnectTimeoutError(endpoint_url="u"), "aws-timeout"),
        (exceptions.ReadTimeoutError(endpoint_url="u"), "aws-timeout"),
        (TimeoutError(), "aws-timeout"),
        (exceptions.EndpointConnectionError(endpoint_url="u"), "aws-unreachable"),
        (exceptions.ProxyConnectionError(proxy_url="u"), "aws-unreachable"),
        (exceptions.SSLError(endpoint_url="u", error="x"), "aws-unreachable"),
        (exceptions.ConnectionClosedError(endpoint_url="u"), "aws-unreachable"),
        (
            exceptions.CredentialRetrievalError(provider="custom-process", error_msg="x"),
            "aws-credential-process-failed",
        ),
        (
            exceptions.CredentialRetrievalError(provider="container-role", error_msg="x"),
            "aws-credentials-expired",
        ),
        (exceptions.MetadataRetrievalError(error_msg="x"), "aws-credentials-expired"),
        (RuntimeError("the refreshed credentials are still expired"), "aws-credentials-expired"),
        (ValueError("x"), "aws-credentials-expired"),
    ],
)
def test_each_failure_of_a_provider_has_its_code_and_names_the_profile(
    error: Exception, code: str
) -> None:
    said = credentials_error(error, DEV)
    assert said.code == code
    assert "`dev`" in said.message
    assert said.detail == repr(error)


@pytest.mark.parametrize(
    ("aws_code", "operation", "code"),
    [
        ("UnauthorizedException", "GetRoleCredentials", "aws-sso-expired"),
        ("ForbiddenException", "GetRoleCredentials", "aws-source-role-refused"),
        ("AccessDenied", "AssumeRole", "aws-source-role-refused"),
        ("AccessDenied", "AssumeRoleWithWebIdentity", "aws-source-role-refused"),
        ("ExpiredTokenException", "AssumeRoleWithWebIdentity", "aws-credentials-expired"),
        ("Throttling", "AssumeRole", "aws-throttled"),
    ],
)
def test_what_aws_answers_a_provider_has_its_code(aws_code: str, operation: str, code: str) -> None:
    answer = {"Error": {"Code": aws_code, "Message": "of 999988887777"}}
    said = credentials_error(ClientError(answer, operation), DEV)
    assert said.code == code
    assert "999988887777" not in f"{said.message} {said.hint}"


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (Origin("dev", login="dev"), "`aws sso login --profile dev`"),
        (Origin("role", login="dev"), "`aws sso login --profile dev`"),
        (Origin(None), "`aws sso login`"),
    ],
)
def test_the_command_to_log_in_names_the_profile_that_logs_in(origin: Origin, command: str) -> None:
    said = credentials_error(exceptions.UnauthorizedSSOTokenError(), origin)
    assert command in str(said.hint)


@pytest.mark.parametrize(
    ("renewal", "says"),
    [("aws sso login --profile dev", "`aws sso login --profile dev`"), (None, "where they come")],
)
def test_who_can_be_renewed_by_a_login_alone_is_told_of_one(renewal: str | None, says: str) -> None:
    said = credentials_error(ValueError("x"), Origin("dev", login="dev", renewal=renewal))
    assert says in str(said.hint)
    assert ("login" in str(said.hint)) is (renewal is not None)


def test_no_credentials_at_all_are_nobodys_in_particular() -> None:
    assert not_found(Origin(None)).message == "no AWS credentials were found"


def test_the_newer_login_has_its_own_command() -> None:
    said = credentials_error(exceptions.LoginRefreshRequired(), DEV)
    assert "`aws login --profile dev`" in str(said.hint)


def test_an_error_of_ours_stays_what_it_is() -> None:
    ours = AwsError("aws-mfa-needed", "x")
    assert credentials_error(ours, DEV) is ours
