"""Sessions of a local AWS: the root's, a user's, a role's; by somebody or by nobody."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.localaws.seeds import BROKER, ROLE, TWO_TENANTS, seed, sown
from tests.localaws.world import ACCOUNT, code_of
from valetkey.localaws import LocalAws, LocalAwsError


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with sown(seed(**TWO_TENANTS)) as made:
        yield made


def who(aws: LocalAws, role: str | None = None, **how: object) -> str:
    return str(aws.session(role, **how).client("sts").get_caller_identity()["Arn"])  # type: ignore[arg-type]


def test_a_session_is_whose_it_says(aws: LocalAws) -> None:
    assert who(aws) == f"arn:aws:iam::{ACCOUNT}:root"
    assert who(aws, user="broker") == BROKER
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Agent/"
    assert who(aws, "Agent") == session + "local"
    assert who(aws, ROLE, RoleSessionName="mine") == session + "mine"
    assert who(aws, "Agent", by="broker", tags={"tenant": "a"}) == session + "local"


def test_the_trust_policy_decides_only_where_somebody_asks(aws: LocalAws) -> None:
    aws.session("Agent")
    with pytest.raises(ClientError) as caught:  # it wants the tag
        aws.session("Agent", by="broker")
    assert code_of(caught.value) == "AccessDenied"


def test_a_session_of_nobody_keeps_the_rules_of_sts(aws: LocalAws) -> None:
    for asked in (
        {"tags": {"bad!key": "x"}},
        {"DurationSeconds": 7200},
        {"Unknown": 1},
        {"Policy": "{}"},
        {"RoleSessionName": "a b"},
    ):
        with pytest.raises(LocalAwsError) as caught:
            aws.session("Agent", **asked)
        assert caught.value.code == "no-session", asked


def test_a_session_policy_narrows(aws: LocalAws) -> None:
    s3 = aws.session(
        "Agent",
        tags={"tenant": "a"},
        Policy='{"Version":"2012-10-17","Statement":'
        '{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}}',
    ).client("s3")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="traces", Key="a/1")
    assert code_of(caught.value) == "AccessDenied"


def test_whom_there_is_not_nobody_acts_as(aws: LocalAws) -> None:
    for how, code in (({"role": "No"}, "unknown-role"), ({"user": "no"}, "unknown-user")):
        with pytest.raises(LocalAwsError) as caught:
            aws.session(**how)  # type: ignore[arg-type]
        assert caught.value.code == code


def test_a_user_without_a_key_gets_one(aws: LocalAws) -> None:
    aws.session().client("iam").create_user(UserName="new")
    assert who(aws, user="new").endswith(":user/new")
    keys = aws.session().client("iam").list_access_keys(UserName="new")["AccessKeyMetadata"]
    assert who(aws, user="new").endswith(":user/new")
    assert len(keys) == 1


def test_no_client_leaves_the_local_aws(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.setenv(name, "http://192.0.2.1")
    monkeypatch.setenv("AWS_PROFILE", "of-the-machine")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    session = aws.session("Agent", tags={"tenant": "a"})
    assert session.region_name == aws.region
    assert session.client("s3").meta.endpoint_url == aws.endpoint
    assert session.resource("s3").Object("traces", "a/1").get()["Body"].read() == b"of a"


def test_there_are_no_sessions_before_the_start() -> None:
    aws = LocalAws()
    try:
        aws.seed(seed(**TWO_TENANTS))
        with pytest.raises(LocalAwsError) as caught:
            aws.session("Agent")
        assert caught.value.code == "not-started"
    finally:
        aws.stop()
