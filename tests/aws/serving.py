"""A loopback server in STS's place that answers what a test tells it to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

import aiohttp
import pytest
from aiohttp import web

from valetkey.aws import AmbientAws, StsClient

NOW = 1_800_000_000.0
NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
ASSUMED = f"""<AssumeRoleResponse {NAMESPACE}><AssumeRoleResult>
<SourceIdentity>r-1</SourceIdentity><AssumedRoleUser><AssumedRoleId>AROA:vk-r-1</AssumedRoleId>
<Arn>arn:aws:sts::111122223333:assumed-role/Agent/vk-r-1</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration></Credentials>
<PackedPolicySize>PACKED</PackedPolicySize></AssumeRoleResult>
<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></AssumeRoleResponse>"""


def error(code: str, message: str = "said AWS of 999988887777") -> str:
    return (
        f"<ErrorResponse {NAMESPACE}><Error><Type>Sender</Type><Code>{code}</Code>"
        f"<Message>{message}</Message></Error><RequestId>req-2</RequestId></ErrorResponse>"
    )


@dataclass
class FakeEndpoint:
    status: int = 200
    body: str = ASSUMED.replace("PACKED", "6")
    date: float | None = NOW
    answers: list[tuple[int, str]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append({key: str(value) for key, value in form.items()})
        self.headers.append(dict(request.headers))
        status, body = self.answers.pop(0) if self.answers else (self.status, self.body)
        headers = {} if self.date is None else {"Date": formatdate(self.date, usegmt=True)}
        return web.Response(status=status, text=body, content_type="text/xml", headers=headers)


@asynccontextmanager
async def sts_at(
    endpoint: FakeEndpoint, patch: pytest.MonkeyPatch, **ambient: str
) -> AsyncIterator[StsClient]:
    """A client of the endpoint, whose ambient credentials are a user's key."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
    app = web.Application()
    app.router.add_post("/", endpoint.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as http:
            found = AmbientAws(
                clock=lambda: NOW, **{"endpoint_url": endpoint.url, "region": "eu-west-1"} | ambient
            )
            yield StsClient(found, http)
    finally:
        await runner.cleanup()
