"""Whether what STS answered is what was asked, for a session by web identity (invariant 5)."""

from dataclasses import replace

import pytest

from valetkey.credentials import (
    AssumedRole,
    AssumeRoleRequest,
    WebIdentityRequest,
    mismatches,
    parse_role_arn,
)
from valetkey.secret import Secret

ROLE = parse_role_arn("arn:aws-cn:iam::111122223333:role/agents/Agent")
PROVIDER = "arn:aws-cn:iam::111122223333:oidc-provider/id.example.com/valetkey"
REQUEST = WebIdentityRequest(
    role=ROLE,
    session_name="vk-r-1",
    source_identity="r-1",
    tags={"user_id": "alice"},
    duration=3600,
    region=None,
    session_policy=None,
    issuer="https://id.example.com/valetkey",
    subject="grant:g",
    audience="sts.amazonaws.com",
)
ANSWER = AssumedRole(
    access_key_id="ASIA1",
    secret_access_key=Secret("secret"),
    session_token=Secret("token"),
    expiration=1_800_003_600,
    assumed_role_arn="arn:aws-cn:sts::111122223333:assumed-role/Agent/vk-r-1",
    source_identity="r-1",
    packed_policy_size=6,
    request_id="req-1",
    answered_at=1_800_000_000,
    subject="grant:g",
    audience="sts.amazonaws.com",
    provider=PROVIDER,
)


@pytest.mark.parametrize("provider", [PROVIDER, "https://id.example.com/valetkey"])
def test_an_answer_about_our_token_conforms(provider: str) -> None:
    assert mismatches(REQUEST, replace(ANSWER, provider=provider)) == ()


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"subject": "grant:G"}, "subject"),
        ({"subject": None}, "subject"),
        ({"audience": "sts.amazonaws.com/"}, "audience"),
        ({"audience": None}, "audience"),
        ({"provider": PROVIDER.replace("aws-cn", "aws")}, "provider"),
        ({"provider": PROVIDER.replace("111122223333", "999988887777")}, "provider"),
        ({"provider": PROVIDER + "2"}, "provider"),
        ({"provider": "id.example.com/valetkey"}, "provider"),
        ({"provider": None}, "provider"),
        ({"source_identity": "r-2"}, "source identity"),
        ({"source_identity": None}, "source identity"),
        ({"assumed_role_arn": ANSWER.assumed_role_arn + "2"}, "role session"),
        ({"expiration": 1_800_003_600 + 121}, "a life of"),
        ({"expiration": 1_800_003_600 - 121}, "only"),
        ({"packed_policy_size": 101}, "a packed policy size"),
        ({"access_key_id": ""}, "an empty part"),
    ],
)
def test_whatever_is_not_what_was_asked_is_named(change: dict[str, object], about: str) -> None:
    (found,) = mismatches(REQUEST, replace(ANSWER, **change))  # type: ignore[arg-type]
    assert found.startswith(about)


def test_assume_role_has_no_token_to_compare() -> None:
    request = AssumeRoleRequest(
        role=ROLE,
        session_name="vk-r-1",
        source_identity="r-1",
        tags={"user_id": "alice"},
        duration=3600,
        region=None,
        external_id=None,
        session_policy=None,
    )
    assert mismatches(request, replace(ANSWER, subject=None, audience=None, provider=None)) == ()
