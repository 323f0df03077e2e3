"""A loopback server in STS's place that answers what a test tells it to."""

import asyncio
import re
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
FEDERATED = (
    ASSUMED.replace("AssumeRoleRe", "AssumeRoleWithWebIdentityRe")
    .replace("PACKED", "6")
    .replace(
        "<SourceIdentity>",
        "<SubjectFromWebIdentityToken>grant:g</SubjectFromWebIdentityToken>"
        "<Audience>sts.amazonaws.com</Audience>"
        "<Provider>arn:aws:iam::111122223333:oidc-provider/id.example.com</Provider>"
        "<SourceIdentity>",
    )
)
WHO = f"""<GetCallerIdentityResponse {NAMESPACE}><GetCallerIdentityResult>
<Arn>arn:aws:iam::111122223333:user/KEY</Arn><UserId>AIDA</UserId><Account>111122223333</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>req-3</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>"""
_SIGNER = re.compile(r"Credential=(\w+)/")


def error(code: str, message: str = "said AWS of 999988887777") -> str:
    return (
        f"<ErrorResponse {NAMESPACE}><Error><Type>Sender</Type><Code>{code}</Code>"
        f"<Message>{message}</Message></Error><RequestId>req-2</RequestId></ErrorResponse>"
    )


@dataclass
class FakeEndpoint:
    """`refuses` names access keys and the code of AWS with which each is refused."""

    status: int = 200
    body: str = ASSUMED.replace("PACKED", "6")
    date: float | None = NOW
    delay: float = 0.0
    answers: list[tuple[int, str]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def signers(self) -> list[str]:
        """The access keys that signed what was asked, in order; empty for what nobody signed."""
        found = [_SIGNER.search(each.get("Authorization", "")) for each in self.headers]
        return [match[1] if match else "" for match in found]

    async def answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append({key: str(value) for key, value in form.items()})
        self.headers.append(dict(request.headers))
        await asyncio.sleep(self.delay)
        status, body = self._what(self.signers[-1])
        headers = {} if self.date is None else {"Date": formatdate(self.date, usegmt=True)}
        return web.Response(status=status, text=body, content_type="text/xml", headers=headers)

    def _what(self, signer: str) -> tuple[int, str]:
        if signer in self.refuses:
            return 403, error(self.refuses[signer])
        if self.answers:
            return self.answers.pop(0)
        if self.status == 200 and self.asked[-1]["Action"] == "GetCallerIdentity":
            return 200, WHO.replace("KEY", signer)
        return self.status, self.body


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on loopback for the length of a block."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(endpoint: FakeEndpoint) -> AsyncIterator[str]:
    """Let the endpoint be reached for the length of a block."""
    app = web.Application()
    app.router.add_post("/", endpoint.answer)
    async with listening(app) as url:
        endpoint.url = url
        yield url


def as_a_user(patch: pytest.MonkeyPatch) -> None:
    """Have a user's key in the environment, and nothing else of AWS."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")


@asynccontextmanager
async def sts_at(
    endpoint: FakeEndpoint,
    patch: pytest.MonkeyPatch,
    *,
    endpoint_url: str | None = None,
    profile: str | None = None,
) -> AsyncIterator[StsClient]:
    """A client of the endpoint, whose ambient credentials are a user's key."""
    as_a_user(patch)
    async with serving(endpoint), aiohttp.ClientSession() as http:
        found = AmbientAws(
            clock=lambda: NOW,
            profile=profile,
            region="eu-west-1",
            endpoint_url=endpoint_url or endpoint.url,
        )
        yield StsClient(found, http)
