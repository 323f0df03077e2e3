"""Where a token for STS goes: to the region's own endpoint, and nowhere that others can read it."""

from typing import Any

import pytest

from tests.aws.serving import FEDERATED, NOW, FakeEndpoint, error, sts_at
from tests.aws.test_sts_web_identity import REQUEST, TOKEN
from valetkey.aws import AmbientAws, AwsError, StsClient


async def test_a_look_is_at_the_regions_own_sts(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = FakeEndpoint(status=403, body=error("MissingAuthenticationToken"))
    regions: list[str | None] = []
    found = AmbientAws.sts_endpoint

    async def noted(self: AmbientAws, region: str | None) -> Any:
        regions.append(region)
        return await found(self, region)

    monkeypatch.setattr(AmbientAws, "sts_endpoint", noted)
    async with sts_at(refusing, monkeypatch) as sts:
        await sts.look("us-east-1")
    assert set(regions) == {"us-east-1"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2.example:PORT",
        "http://0.0.0.0:PORT",
        "http://sts.example",
        "http://10.1.2.3",
    ],
)
@pytest.mark.parametrize("by_environment", [True, False], ids=["environment", "configuration"])
async def test_the_token_goes_by_plain_http_to_loopback_alone_and_to_no_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, by_environment: bool
) -> None:
    """Who reads it on the way is given the session."""
    endpoint = FakeEndpoint(body=FEDERATED)
    async with sts_at(endpoint, monkeypatch) as near:
        at = url.replace("PORT", endpoint.url.rpartition(":")[2])
        monkeypatch.setenv("HTTP_PROXY", endpoint.url)
        monkeypatch.setenv("http_proxy", endpoint.url)
        await near.assume_role_with_web_identity(REQUEST, TOKEN)
        if by_environment:
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", at)
        found = AmbientAws(
            clock=lambda: NOW,
            region="eu-west-1",
            endpoint_url=None if by_environment else at,
        )
        far = StsClient(found, near._http)
        for call in (far.assume_role_with_web_identity(REQUEST, TOKEN), far.look("eu-west-1")):
            with pytest.raises(AwsError) as caught:
                await call
            assert caught.value.code == "aws-endpoint-plain"
    assert len(endpoint.asked) == 1
