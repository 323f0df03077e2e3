"""STS calls: what is sent, what is read, and what each of AWS's refusals means."""

import logging
from collections.abc import AsyncIterator

import pytest

from tests.aws.serving import ASSUMED, NOW, WHO, FakeEndpoint, error, sts_at
from valetkey.aws import AwsError, StsClient
from valetkey.credentials import AssumeRoleRequest, parse_role_arn

REQUEST = AssumeRoleRequest(
    role=parse_role_arn("arn:aws:iam::111122223333:role/Agent"),
    session_name="vk-r-1",
    source_identity="r-1",
    tags={"user_id": "alice", "valetkey_run": "r-1"},
    duration=3600,
    region="eu-west-1",
    external_id="x-1",
    session_policy='{"Statement":[]}',
)


@pytest.fixture
def endpoint() -> FakeEndpoint:
    return FakeEndpoint()


@pytest.fixture
async def sts(endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StsClient]:
    monkeypatch.setattr("valetkey.aws.sts.FIRST_PAUSE", 0.001)
    async with sts_at(endpoint, monkeypatch) as client:
        yield client


async def test_exactly_what_was_asked_is_sent_and_signed(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    await sts.assume_role(REQUEST)
    assert endpoint.asked == [
        {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": "arn:aws:iam::111122223333:role/Agent",
            "RoleSessionName": "vk-r-1",
            "SourceIdentity": "r-1",
            "DurationSeconds": "3600",
            "ExternalId": "x-1",
            "Policy": '{"Statement":[]}',
            "Tags.member.1.Key": "user_id",
            "Tags.member.1.Value": "alice",
            "Tags.member.2.Key": "valetkey_run",
            "Tags.member.2.Value": "r-1",
            "TransitiveTagKeys.member.1": "user_id",
            "TransitiveTagKeys.member.2": "valetkey_run",
        }
    ]
    assert "/eu-west-1/sts/aws4_request" in endpoint.headers[0]["Authorization"]


async def test_the_answer_is_read_whole(sts: StsClient) -> None:
    answer = await sts.assume_role(REQUEST)
    assert answer.access_key_id == "ASIA1"
    assert answer.secret_access_key.reveal() == "secret"
    assert answer.session_token.reveal() == "token"
    assert answer.expiration == NOW + 3600
    assert answer.source_identity == "r-1"
    assert (answer.packed_policy_size, answer.request_id) == (6, "req-1")
    assert "secret_access_key=***, session_token=***" in repr(answer)


@pytest.mark.parametrize(
    ("status", "aws_code", "message", "code"),
    [
        (403, "AccessDenied", "no", "aws-access-denied"),
        (403, "ExpiredToken", "no", "aws-credentials-expired"),
        (403, "InvalidClientTokenId", "no", "aws-credentials-invalid"),
        (403, "SignatureDoesNotMatch", "no", "aws-credentials-invalid"),
        (400, "PackedPolicyTooLarge", "consumes 112% of", "aws-packed-policy-too-large"),
        (403, "RegionDisabledException", "no", "aws-region-disabled"),
        (400, "ValidationError", "DurationSeconds exceeds", "aws-request-refused"),
        (
            400,
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts",
            "aws-broker-session-tagged",
        ),
        (400, "SomethingNew", "no", "aws-failed"),
    ],
)
async def test_each_refusal_of_aws_says_what_to_do(
    sts: StsClient, endpoint: FakeEndpoint, status: int, aws_code: str, message: str, code: str
) -> None:
    endpoint.status, endpoint.body = status, error(aws_code, message + " 999988887777")
    with pytest.raises(AwsError) as caught:
        await sts.assume_role(REQUEST)
    assert caught.value.code == code
    assert len(endpoint.asked) == 1
    public = f"{caught.value.message} {caught.value.hint}"
    assert "999988887777" not in public
    assert "999988887777" in str(caught.value.detail)


async def test_a_packed_policy_too_large_says_by_how_much(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    """Lesson 28: fail with the number and what to cut; tags are not dropped."""
    endpoint.status = 400
    endpoint.body = error("PackedPolicyTooLarge", "Packed policy consumes 112% of allotted space")
    with pytest.raises(AwsError) as caught:
        await sts.assume_role(REQUEST)
    assert "112%" in caught.value.message
    assert len(endpoint.asked) == 1


async def test_a_busy_sts_is_asked_again(sts: StsClient, endpoint: FakeEndpoint) -> None:
    endpoint.answers = [(400, error("Throttling")), (503, error("ServiceUnavailable"))]
    assert (await sts.assume_role(REQUEST)).access_key_id == "ASIA1"
    assert len(endpoint.asked) == 3


async def test_a_busy_sts_is_not_asked_for_ever(sts: StsClient, endpoint: FakeEndpoint) -> None:
    endpoint.status, endpoint.body = 400, error("Throttling")
    with pytest.raises(AwsError) as caught:
        await sts.assume_role(REQUEST)
    assert caught.value.code == "aws-throttled"
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, ""),
        (200, "<html>captive portal</html>"),
        (200, "not xml"),
        (200, "<AssumeRoleResponse/>"),
        (500, "oops"),
        (302, ""),
        (200, ASSUMED.replace("2027-01-15T09:00:00Z", "soon")),
    ],
)
async def test_nonsense_is_never_taken_for_credentials(
    sts: StsClient, endpoint: FakeEndpoint, status: int, body: str
) -> None:
    endpoint.status, endpoint.body = status, body
    with pytest.raises(AwsError) as caught:
        await sts.assume_role(REQUEST)
    assert caught.value.code == "aws-failed"


async def test_an_endpoint_that_is_not_there_is_one_clear_error(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.aws.sts.FIRST_PAUSE", 0.001)
    async with sts_at(endpoint, monkeypatch, endpoint_url="http://127.0.0.1:9") as client:
        with pytest.raises(AwsError) as caught:
            await client.assume_role(REQUEST)
    assert caught.value.code == "aws-unreachable"
    assert "`http://127.0.0.1:9/`" in caught.value.message


async def test_an_sts_that_is_too_slow_is_told_from_one_that_is_not_there(
    sts: StsClient, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valetkey.aws.sts.CALL_SECONDS", 0.05)
    endpoint.delay = 0.2
    with pytest.raises(AwsError) as caught:
        await sts.assume_role(REQUEST)
    assert caught.value.code == "aws-timeout"
    assert f"`{endpoint.url}/`" in caught.value.message
    assert len(endpoint.asked) == 3


async def test_an_sts_that_does_not_say_who_we_are_has_not_answered(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    endpoint.answers = [(200, WHO.replace("arn:aws:iam::111122223333:user/KEY", ""))]
    with pytest.raises(AwsError) as caught:
        await sts.caller_arn()
    assert caught.value.code == "aws-failed"


@pytest.mark.parametrize("skew", [-3600.0, 0.0, 61.0, 3600.0])
async def test_the_skew_is_measured_by_the_date_that_sts_answers(
    sts: StsClient, endpoint: FakeEndpoint, skew: float
) -> None:
    endpoint.date = NOW + skew
    answer = await sts.assume_role(REQUEST)
    assert sts.clock_skew == skew
    assert answer.answered_at == NOW + skew


async def test_a_packed_size_from_80_percent_warns_the_operator(
    sts: StsClient, endpoint: FakeEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "valetkey.aws"):
        endpoint.body = ASSUMED.replace("PACKED", "79")
        await sts.assume_role(REQUEST)
        assert caplog.records == []
        endpoint.body = ASSUMED.replace("PACKED", "80")
        await sts.assume_role(REQUEST)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_without_credentials_of_its_own_the_broker_asks_nothing(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sts_at(endpoint, monkeypatch) as client:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(AwsError) as caught:
            await client.assume_role(REQUEST)
    assert caught.value.code == "aws-no-credentials"
    assert endpoint.asked == []


@pytest.mark.parametrize("error", [OSError("disk"), ValueError("not JSON"), KeyError("Token")])
async def test_whatever_a_credential_provider_raises_is_one_clear_error(
    sts: StsClient, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A bad `credential_process` or a refused source role raises no error of botocore's family."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(sts._ambient._chain.session, "get_credentials", fail)
    with pytest.raises(AwsError) as caught:
        await sts.assume_role(REQUEST)
    assert caught.value.code == "aws-credentials-expired"
    assert endpoint.asked == []


async def test_a_profile_that_is_not_there_is_found_at_start(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AwsError) as caught:
        async with sts_at(endpoint, monkeypatch, profile="nope"):
            pass
    assert caught.value.code == "aws-profile-unknown"


async def test_a_session_of_eks_pod_identity_is_known_to_be_tagged(
    sts: StsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await sts.has_session_tags()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials")
    sts._ambient._chain._found.method = "container-role"
    assert await sts.has_session_tags()
