"""AssumeRoleWithWebIdentity: whose token, for which role, from which issuer."""

import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.fakes.issuer import signing_key
from tests.localaws.refusals import refused
from tests.localaws.web_issuer import (
    AUDIENCE,
    ROLE,
    ROLES,
    SOURCE,
    WebWorld,
    refuses,
    tags_claim,
    trusting,
    web_issuer,
)
from tests.localaws.world import ACCOUNT
from valetkey.localaws.assume_with_web_identity import OPERATION

ALICE = tags_claim("user_id", user_id="alice")


def test_a_token_becomes_a_session_of_the_role_with_its_tags(web: WebWorld) -> None:
    answer = web.exchange(web.issuer.token(**ALICE, **{SOURCE: "run-1"}))
    assert answer["SubjectFromWebIdentityToken"] == "grant:data"
    assert answer["Audience"] == AUDIENCE
    assert answer["Provider"] == web.issuer.provider
    assert answer["SourceIdentity"] == "run-1"
    assert answer["PackedPolicySize"] > 0
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/WebData/vk-run"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert web.client("sts", answer).get_caller_identity()["Arn"] == arn
    assert web.reads(answer, "alice/1")
    assert not web.reads(answer, "bob/1")
    assert web.aws.calls(f"sts:{OPERATION}") > 0


def test_a_token_without_the_tags_claim_reads_nothing(web: WebWorld) -> None:
    answer = web.exchange(web.issuer.token())
    assert "PackedPolicySize" not in answer
    assert not web.reads(answer, "alice/1")
    assert not web.reads(answer, "bob/1")
    web.client("sts", answer).get_caller_identity()


@pytest.mark.parametrize(
    ("listed", "good"),
    [
        (ROLE, True),
        ([ROLE], True),
        (["x", 1, f" {ROLE} "], True),
        (f"{ROLE}x; {ROLE}", True),
        (f"{ROLE}x", False),
        (ROLE.lower(), False),
        (f"arn:aws:iam::{ACCOUNT}:role/*", False),
        ("WebData", False),
        ([], False),
        ("", False),
        ({"a": ROLE}, False),
    ],
)
def test_the_roles_claim_lists_the_role_exactly(web: WebWorld, listed: Any, good: bool) -> None:
    token = web.issuer.token(**{ROLES: listed})
    if good:
        web.exchange(token)
    else:
        assert refuses(web, token) == "InvalidIdentityToken"


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({"aud": ["other"]}, True),
        ({"aud": ["a", "b"], "azp": "other"}, True),
        ({"aud": "a", "azp": "other"}, True),
        ({"aud": "unknown"}, False),
        ({"aud": [AUDIENCE, "other"]}, False),
        ({"aud": AUDIENCE, "azp": "unknown"}, False),
        ({"aud": []}, False),
        ({"aud": None}, False),
        ({"aud": [AUDIENCE, 1], "azp": AUDIENCE}, False),
    ],
)
def test_the_audience_is_one_that_the_provider_has(
    web: WebWorld, changes: dict[str, Any], good: bool
) -> None:
    any_audience = {"Condition": {"StringLike": {f"{web.issuer.name}:aud": "*"}}}
    role = web.role(f"aud-{abs(hash(str(changes)))}", {**trusting(web.issuer), **any_audience})
    token = web.issuer.token(**changes)
    if good:
        assert web.exchange(token, role)["Audience"] == "other"
    else:
        assert refuses(web, token, role) == "InvalidIdentityToken"


def test_an_expired_token_is_taken_five_minutes_long(web: WebWorld) -> None:
    now = int(time.time())
    web.exchange(web.issuer.token(iat=now - 900, exp=now - 290))
    expired = web.issuer.token(iat=now - 900, exp=now - 301)
    assert refuses(web, expired) == "ExpiredTokenException"


@pytest.mark.parametrize(
    "change",
    [
        {"RoleSessionName": "a:b"},
        {"ProviderId": "www.amazon.com"},
        {"RoleArn": f"arn:aws:iam::{ACCOUNT}:user/WebData"},
        {"RoleArn": ROLE.replace(ACCOUNT, "999999999999")},
    ],
)
def test_parameters_that_sts_does_not_take_are_refused(
    web: WebWorld, change: dict[str, Any]
) -> None:
    asked = {"RoleArn": ROLE, "RoleSessionName": "vk-run", "WebIdentityToken": web.issuer.token()}
    call = web.aws.session().client("sts").assume_role_with_web_identity
    call(**asked)
    code = refused(lambda: call(**{**asked, **change}))
    assert code in {"ValidationError", "InvalidIdentityToken"}


def test_a_token_of_an_issuer_that_is_not_registered_is_not_asked_about(web: WebWorld) -> None:
    with web_issuer() as stranger:
        assert refuses(web, stranger.token()) == "InvalidIdentityToken"
        assert refuses(web, web.issuer.token(iss=stranger.url)) == "InvalidIdentityToken"
        assert stranger.asked == []


def test_a_slash_at_the_issuers_end_makes_another_issuer(web: WebWorld) -> None:
    assert refuses(web, web.issuer.token(iss=f"{web.issuer.url}/")) == "InvalidIdentityToken"


def test_a_key_that_the_issuer_does_not_publish_signs_nothing(web: WebWorld) -> None:
    stranger = signing_key("stranger")
    assert refuses(web, web.issuer.token(stranger)) == "InvalidIdentityToken"
    same_name = type(stranger)("key-1", "ES256", stranger.private)
    assert refuses(web, web.issuer.token(same_name)) == "InvalidIdentityToken"


def test_a_provider_that_is_deleted_opens_nothing_whatever_is_remembered(web: WebWorld) -> None:
    iam = web.aws.session().client("iam")
    with web_issuer() as other:
        made = iam.create_open_id_connect_provider(Url=other.url, ClientIDList=[AUDIENCE])
        role = web.role("for-other", trusting(other))
        web.exchange(other.token(), role)
        arn = made["OpenIDConnectProviderArn"]
        iam.remove_client_id_from_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, ClientID=AUDIENCE
        )
        assert refuses(web, other.token(), role) == "InvalidIdentityToken"
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        assert refuses(web, other.token(), role) == "InvalidIdentityToken"


def test_an_issuer_that_is_gone_is_a_communication_error(web: WebWorld) -> None:
    with web_issuer() as gone:
        token = gone.token()
    web.aws.seed({"oidc_providers": [{"url": gone.url, "client_ids": [AUDIENCE]}]})
    assert refuses(web, token) == "IDPCommunicationError"


def test_sdks_take_the_token_from_a_file(
    web: WebWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(web.issuer.token(**ALICE))
    nothing = str(tmp_path / "none")
    for name, value in {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ROLE_ARN": ROLE,
        "AWS_ROLE_SESSION_NAME": "agent",
        "AWS_ENDPOINT_URL": web.aws.endpoint,
        "AWS_DEFAULT_REGION": web.aws.region,
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    s3 = boto3.session.Session().client("s3")
    try:
        assert s3.get_object(Bucket="web-data", Key="alice/1")["Body"].read() == b"a"
        assert refused(lambda: s3.get_object(Bucket="web-data", Key="bob/1")) == "AccessDenied"
    finally:
        s3.close()
