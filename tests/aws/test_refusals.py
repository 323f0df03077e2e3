"""Each of AWS's own messages and what it means: a code, whose fault, what to do."""

import pytest

from valetkey.aws.refusals import sts_error

ROLE = "arn:aws:iam::111122223333:role/Agent"
WHO = "User: arn:aws:iam::999988887777:user/jane is not authorized to perform: "
ON = f" on resource: {ROLE}"
TAGS = "aws-access-denied-tags"
SOURCE = "aws-access-denied-source-identity"
TRUST = "aws-access-denied-trust"
IDENTITY = "aws-access-denied-identity"
ABOVE = "aws-access-denied-organization"

DENIALS = [
    ("sts:AssumeRole" + ON, "aws-access-denied"),
    ("sts:TagSession" + ON, TAGS),
    ("sts:SetSourceIdentity" + ON, SOURCE),
    ("sts:AssumeRole because no role trust policy allows the sts:AssumeRole action", TRUST),
    ("sts:AssumeRole with an explicit deny in the role trust policy", TRUST),
    (
        f"sts:AssumeRole{ON} because no resource-based policy allows the sts:AssumeRole action",
        TRUST,
    ),
    (
        f"sts:AssumeRole{ON} because no identity-based policy allows the sts:AssumeRole action",
        IDENTITY,
    ),
    (f"sts:AssumeRole{ON} with an explicit deny in an identity-based policy", IDENTITY),
    (
        f"sts:AssumeRole{ON} with an explicit deny in an identity-based policy: "
        "arn:aws:iam::999988887777:policy/NoRoles",
        IDENTITY,
    ),
    (
        f"sts:AssumeRole{ON} because no permissions boundary allows the sts:AssumeRole action",
        IDENTITY,
    ),
    (f"sts:AssumeRole{ON} with an explicit deny in a permissions boundary", IDENTITY),
    (f"sts:AssumeRole{ON} because no session policy allows the sts:AssumeRole action", IDENTITY),
    (
        f"sts:AssumeRole{ON} because no service control policy allows the sts:AssumeRole action",
        ABOVE,
    ),
    (f"sts:AssumeRole{ON} with an explicit deny in a service control policy", ABOVE),
    (f"sts:AssumeRole{ON} with an explicit deny in a resource control policy", ABOVE),
    (
        f"sts:AssumeRole{ON} because no VPC endpoint policy allows the sts:AssumeRole action",
        ABOVE,
    ),
    ("sts:TagSession because no role trust policy allows the sts:TagSession action", TAGS),
    (f"sts:TagSession{ON} with an explicit deny in a service control policy", TAGS),
    (
        f"sts:SetSourceIdentity{ON} because no identity-based policy allows the "
        "sts:SetSourceIdentity action",
        SOURCE,
    ),
    ("sts:SomethingNew" + ON, "aws-access-denied"),
]


@pytest.mark.parametrize(("text", "code"), DENIALS)
@pytest.mark.parametrize("aws_code", ["AccessDenied", "AccessDeniedException"])
def test_a_denial_is_told_apart_by_the_action_and_the_layer_that_aws_names(
    aws_code: str, text: str, code: str
) -> None:
    error = sts_error(aws_code, WHO + text, role=ROLE)
    assert error.code == code
    assert not error.retryable
    assert "999988887777" not in f"{error.message} {error.hint}"
    assert "999988887777" in str(error.detail)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DENIALS[0][0], ["trust policy", "own policies"]),
        (DENIALS[3][0], ["trust policy", "must be allowed"]),
        (DENIALS[4][0], ["trust policy", "remove the Deny"]),
        (DENIALS[6][0], ["boundary", "must be allowed"]),
        (DENIALS[7][0], ["boundary", "remove the Deny"]),
        (DENIALS[13][0], ["service control", "administrator"]),
        (DENIALS[17][0], ["sts:TagSession", "service control"]),
    ],
)
def test_a_denial_says_which_side_has_to_open(text: str, says: list[str]) -> None:
    hint = sts_error("AccessDenied", WHO + text, role=ROLE).hint
    assert hint is not None
    assert [word for word in says if word not in hint] == []


def test_a_denial_names_the_profile_whose_identity_was_denied() -> None:
    assert "`dev`" in str(sts_error("AccessDenied", "no", role=ROLE, profile="dev").hint)
    assert "profile" not in str(sts_error("AccessDenied", "no", role=ROLE).hint)


@pytest.mark.parametrize(
    ("aws_code", "text", "code"),
    [
        ("ExpiredToken", "The security token included in the request is expired", "expired"),
        ("ExpiredTokenException", "", "expired"),
        (
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            "invalid",
        ),
        ("InvalidAccessKeyId", "The AWS Access Key Id does not exist in our records.", "invalid"),
        ("UnrecognizedClientException", "", "invalid"),
        (
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
            "invalid",
        ),
    ],
)
def test_refused_credentials_are_named_by_their_profile(
    aws_code: str, text: str, code: str
) -> None:
    error = sts_error(aws_code, text, role=ROLE, profile="dev")
    assert error.code == f"aws-credentials-{code}"
    assert "of profile `dev`" in error.message
    without = sts_error(aws_code, text, role=ROLE)
    assert without.code == error.code
    assert "profile" not in without.message


def test_an_expired_login_says_the_command_that_renews_it() -> None:
    how = "aws sso login --profile dev"
    expired = sts_error("ExpiredToken", "", role=ROLE, profile="dev", renewal=how)
    assert f"`{how}`" in str(expired.hint)


def test_no_login_is_advised_where_none_is_behind_the_credentials() -> None:
    expired = sts_error("ExpiredToken", "", role=ROLE, profile="dev")
    assert "login" not in str(expired.hint)
    assert "where they come from" in str(expired.hint)


@pytest.mark.parametrize(
    ("aws_code", "text", "code"),
    [
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "aws-duration-above-role-maximum",
        ),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
            "by role chaining.",
            "aws-duration-chained",
        ),
        (
            "ValidationError",
            "1 validation error detected: Value '2' at 'durationSeconds' failed to satisfy "
            "constraint: Member must have value greater than or equal to 900",
            "aws-request-refused",
        ),
        ("MalformedPolicyDocument", "Syntax errors in policy.", "aws-request-refused"),
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z "
            "(20260101T003000Z - 15 min.)",
            "aws-clock",
        ),
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 20260101T010000Z is still later than 20260101T001500Z",
            "aws-clock",
        ),
        ("RequestExpired", "Request has expired.", "aws-clock"),
        (
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            "aws-mfa-refused",
        ),
        (
            "AccessDenied",
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your "
            "MFA serial number is valid and associated with this user.",
            "aws-mfa-refused",
        ),
        ("Throttling", "Rate exceeded", "aws-throttled"),
        ("InternalFailure", "", "aws-failed"),
        ("NewInThatYear", "", "aws-failed"),
    ],
)
def test_what_else_sts_says_has_a_code_of_its_own(aws_code: str, text: str, code: str) -> None:
    error = sts_error(aws_code, text, role=ROLE)
    assert error.code == code
    assert text in str(error.detail)
    assert error.retryable is (aws_code in {"Throttling", "InternalFailure"})
