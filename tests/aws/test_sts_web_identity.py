"""Web identity: an unsigned call without AWS credentials; what each refusal of a token means."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.aws.serving import FEDERATED, NOW, FakeEndpoint, error, sts_at
from tests.fakes.issuer import FakeIssuer
from valetkey.aws import AmbientAws, AwsError, StsClient
from valetkey.aws.sts import FIRST_PAUSE
from valetkey.credentials import WebIdentityRequest, mismatches, parse_role_arn
from valetkey.secret import Secret

REQUEST = WebIdentityRequest(
    role=parse_role_arn("arn:aws:iam::111122223333:role/Agent"),
    session_name="vk-r-1",
    source_identity="r-1",
    tags={"user_id": "alice", "valetkey_run": "r-1"},
    duration=3600,
    region="eu-west-1",
    session_policy='{"Statement":[]}',
    issuer="https://id.example.com",
    subject="grant:g",
    audience="sts.amazonaws.com",
)
TOKEN = FakeIssuer().sign({"iss": REQUEST.issuer, "sub": REQUEST.subject})
DENIED = "Not authorized to perform sts:"


@pytest.fixture
def endpoint() -> FakeEndpoint:
    return FakeEndpoint(body=FEDERATED)


@pytest.fixture
async def sts(endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StsClient]:
    """A client with no AWS credentials anywhere, which may not even look for some."""

    async def nowhere(*_: object, **__: object) -> None:
        raise AssertionError("nobody may look for credentials")

    monkeypatch.setattr("valetkey.aws.sts.FIRST_PAUSE", 0.001)
    monkeypatch.setattr(AmbientAws, "credentials", nowhere)
    async with sts_at(endpoint, monkeypatch) as client:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        yield client


async def refused(
    sts: StsClient, endpoint: FakeEndpoint, code: str, text: str, *, status: int = 400
) -> AwsError:
    endpoint.status, endpoint.body = status, error(code, text)
    with pytest.raises(AwsError) as caught:
        await sts.assume_role_with_web_identity(REQUEST, TOKEN)
    return caught.value


async def test_exactly_what_was_asked_is_sent_and_nobody_signs_it(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    """Tags and source identity are in the token; a signature would need a credential."""
    await sts.assume_role_with_web_identity(REQUEST, TOKEN)
    assert endpoint.asked == [
        {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": "arn:aws:iam::111122223333:role/Agent",
            "RoleSessionName": "vk-r-1",
            "WebIdentityToken": TOKEN.reveal(),
            "DurationSeconds": "3600",
            "Policy": '{"Statement":[]}',
        }
    ]
    assert {"Authorization", "X-Amz-Security-Token", "X-Amz-Date"}.isdisjoint(endpoint.headers[0])


async def test_what_sts_says_of_the_token_is_read_and_conforms(sts: StsClient) -> None:
    answer = await sts.assume_role_with_web_identity(REQUEST, TOKEN)
    assert (answer.subject, answer.audience) == ("grant:g", "sts.amazonaws.com")
    assert answer.provider == "arn:aws:iam::111122223333:oidc-provider/id.example.com"
    assert (answer.source_identity, answer.packed_policy_size) == ("r-1", 6)
    assert mismatches(REQUEST, answer) == ()
    assert (answer.answered_at, sts.clock_skew) == (NOW, 0)


@pytest.mark.parametrize(
    ("code", "text", "expected", "hint"),
    [
        (
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://id.example.com",
            "aws-issuer-not-registered",
            "create-open-id-connect-provider --url https://id.example.com",
        ),
        (
            "InvalidIdentityToken",
            "Incorrect token audience",
            "aws-token-audience",
            "add-client-id-to-open-id-connect-provider",
        ),
        (
            "InvalidIdentityToken",
            "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            "aws-issuer-certificate",
            "thumbprint",
        ),
        ("InvalidIdentityToken", "Something else", "aws-token-invalid", "valetkey doctor"),
        ("ExpiredTokenException", "Token expired: at 1", "aws-token-expired", "clock"),
        ("IDPRejectedClaim", "no", "aws-token-rejected", "claims"),
        ("AccessDenied", DENIED + "TagSession", "aws-access-denied-tags", "sts:TagSession"),
        (
            "AccessDenied",
            "not authorized to perform: sts:SetSourceIdentity on resource",
            "aws-access-denied-source-identity",
            "sts:SetSourceIdentity",
        ),
        (
            "AccessDenied",
            DENIED + "AssumeRoleWithWebIdentity",
            "aws-access-denied-trust",
            "id.example.com:sub is `grant:g`",
        ),
        (
            "PackedPolicyTooLarge",
            "Packed policy consumes 112% of",
            "aws-packed-policy-too-large",
            "never dropped",
        ),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "aws-duration-above-role-maximum",
            "max-session-duration",
        ),
        ("RegionDisabledException", "no", "aws-region-disabled", "activate"),
        ("SomethingNew", "no", "aws-failed", ""),
    ],
)
async def test_each_refusal_of_a_token_says_what_to_mend(
    sts: StsClient, endpoint: FakeEndpoint, code: str, text: str, *, expected: str, hint: str
) -> None:
    found = await refused(sts, endpoint, code, text + " 999988887777")
    assert found.code == expected
    assert hint in (found.hint or "")
    assert "999988887777" not in f"{found.message} {found.hint}"
    assert "999988887777" in str(found.detail)
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("IDPCommunicationError", "An error occurred"),
        ("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider"),
    ],
)
async def test_an_issuer_that_aws_does_not_reach_is_tried_once_more_and_told(
    sts: StsClient, endpoint: FakeEndpoint, code: str, text: str
) -> None:
    found = await refused(sts, endpoint, code, text)
    assert found.code == "aws-issuer-unreachable"
    assert "reachable from AWS" in str(found.hint)
    assert len(endpoint.asked) == 2


async def test_the_second_try_comes_when_an_issuer_is_asked_again(
    sts: StsClient, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local AWS lets an issuer be for a second that it asked in vain."""
    pauses: list[float] = []

    async def slept(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("valetkey.aws.sts.FIRST_PAUSE", FIRST_PAUSE)
    monkeypatch.setattr("valetkey.aws.sts.asyncio.sleep", slept)
    endpoint.answers = [(400, error("IDPCommunicationError"))]
    await sts.assume_role_with_web_identity(REQUEST, TOKEN)
    assert [each for each in pauses if each] == [pytest.approx(1.4)]


async def test_a_second_try_that_goes_well_is_an_answer(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    endpoint.answers = [(400, error("IDPCommunicationError"))]
    assert (await sts.assume_role_with_web_identity(REQUEST, TOKEN)).access_key_id == "ASIA1"


async def test_a_busy_sts_is_asked_again(sts: StsClient, endpoint: FakeEndpoint) -> None:
    endpoint.answers = [(400, error("Throttling")), (503, error("ServiceUnavailable"))]
    await sts.assume_role_with_web_identity(REQUEST, TOKEN)
    assert len(endpoint.asked) == 3


async def test_a_packed_policy_too_large_says_by_how_much_and_no_tag_is_dropped(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    """Lesson 28."""
    found = await refused(sts, endpoint, "PackedPolicyTooLarge", "consumes 112% of allotted space")
    assert "112%" in found.message
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        f"Value '{TOKEN.reveal()}' at 'webIdentityToken' failed to satisfy constraint",
        f"Value '{TOKEN.reveal()[:60]}...' is not a valid JWT",
        f"payload {TOKEN.reveal().split('.')[1]}",
        f"signature {TOKEN.reveal().split('.')[2]}",
    ],
    ids=["whole", "cut", "payload", "signature"],  # its signature is another in each process
)
@pytest.mark.parametrize("code", ["ValidationError", "InvalidIdentityToken", "AccessDenied"])
async def test_the_token_is_in_no_error_although_aws_quotes_it(
    sts: StsClient,
    endpoint: FakeEndpoint,
    caplog: pytest.LogCaptureFixture,
    *,
    code: str,
    said: str,
) -> None:
    found = await refused(sts, endpoint, code, said)
    parts = TOKEN.reveal().split(".")
    for text in (str(found), repr(found), found.message, str(found.hint), str(found.detail)):
        assert not any(part[:40] in text for part in parts)


async def test_the_token_is_in_no_log_not_even_for_debugging(
    sts: StsClient, caplog: pytest.LogCaptureFixture
) -> None:
    """botocore logs what it writes and reads when it is told to."""
    with caplog.at_level(logging.DEBUG):
        await sts.assume_role_with_web_identity(REQUEST, TOKEN)
    assert caplog.records, "nothing was logged, so nothing was shown"
    heard = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert not any(part[:40] in heard for part in TOKEN.reveal().split("."))


@pytest.mark.parametrize(
    "body", ["", "<html>portal</html>", "<AssumeRoleWithWebIdentityResponse/>"]
)
async def test_nonsense_is_never_taken_for_credentials(
    sts: StsClient, endpoint: FakeEndpoint, body: str
) -> None:
    endpoint.body = body
    with pytest.raises(AwsError) as caught:
        await sts.assume_role_with_web_identity(REQUEST, TOKEN)
    assert caught.value.code == "aws-failed"


async def test_a_token_longer_than_sts_takes_is_told_before_sts_is_asked(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    await sts.assume_role_with_web_identity(REQUEST, Secret("x" * 20_000))
    with pytest.raises(AwsError) as caught:
        await sts.assume_role_with_web_identity(REQUEST, Secret("x" * 20_001))
    assert caught.value.code == "aws-token-too-long"
    assert len(endpoint.asked) == 1


async def test_without_a_region_anywhere_sts_is_still_found(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    await sts.assume_role_with_web_identity(replace(REQUEST, region=None), TOKEN)
    assert len(endpoint.asked) == 1


async def test_a_look_needs_no_credentials_and_a_refusal_is_an_answer(
    sts: StsClient, endpoint: FakeEndpoint
) -> None:
    endpoint.status, endpoint.body = 403, error("MissingAuthenticationToken")
    endpoint.date = NOW + 90
    await sts.look(None)
    assert endpoint.signers == [""]
    assert sts.clock_skew == 90


async def test_a_look_at_what_is_not_sts_or_not_there_is_no_answer(
    sts: StsClient, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for endpoint.status, endpoint.body in ((200, "portal"), (403, "portal"), (302, "")):
        with pytest.raises(AwsError) as caught:
            await sts.look(None)
        assert caught.value.code == "aws-failed"
    async with sts_at(endpoint, monkeypatch, endpoint_url="http://127.0.0.1:9") as nowhere:
        with pytest.raises(AwsError) as caught:
            await nowhere.look(None)
    assert caught.value.code == "aws-unreachable"
