"""A person's home folder with AWS's files in it, and the SSO portal that it logs in to."""

import hashlib
import json
import os
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

from tests.aws.serving import NOW, FakeEndpoint, listening, serving
from valetkey.aws import AmbientAws, AwsError, StsClient

START_URL = "https://example.awsapps.com/start"
SSO = """
    [profile dev]
    sso_start_url = https://example.awsapps.com/start
    sso_region = eu-west-1
    sso_account_id = 111122223333
    sso_role_name = Developer
"""
FAR = 4_000_000_000
"""2096: when the credentials of these tests expire by the machine's clock."""


@dataclass
class Clock:
    """Stands still, or goes on by `step` seconds whenever it is read."""

    now: float = NOW
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@dataclass
class Home:
    """What `~/.aws` of one person says. Writing a file is what that person does."""

    path: Path
    patch: pytest.MonkeyPatch

    def config(self, text: str) -> None:
        self.write("config", textwrap.dedent(text))

    def keys(self, **profiles: str) -> None:
        """Put one access key a profile into the credentials file."""
        sections = [
            f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = s-{key}\n"
            for name, key in profiles.items()
        ]
        self.write("credentials", "\n".join(sections))

    def write(self, name: str, text: str) -> Path:
        path = self.path / ".aws" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def log_in(self, token: str, *, key: str = START_URL, seconds: float = 3600) -> None:
        """Leave what `aws sso login` leaves: for a start URL, or for the name of a session."""
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        name = hashlib.sha1(key.encode()).hexdigest()
        document = {"accessToken": token, "expiresAt": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.write(f"sso/cache/{name}.json", json.dumps(document))

    def command(self, name: str, source: str) -> str:
        """Make a program of Python's lines and return the words that start it."""
        path = self.write(name, textwrap.dedent(source))
        return f"{sys.executable} -I -S {path}"


def home_at(path: Path, patch: pytest.MonkeyPatch) -> Home:
    """Let this process live in an empty home folder, without any AWS setting."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            patch.delenv(name)
    patch.setenv("HOME", str(path))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    cache = str(path / ".aws" / "sso" / "cache")
    for provider in (SSOProvider, SSOTokenProvider):  # botocore expanded `~` at import
        patch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", cache)
    return Home(path, patch)


@dataclass
class Portal:
    """AWS's SSO portal: gives a role's credentials for a login that it knows."""

    known: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    forbids: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        token = request.headers.get("x-amz-sso_bearer_token", "")
        self.asked.append(token)
        if token not in self.known:
            return _refusal(401, "UnauthorizedException", "Session token not found or invalid")
        if self.forbids:
            return _refusal(403, "ForbiddenException", "No access")
        return web.json_response(
            {
                "roleCredentials": {
                    "accessKeyId": f"ASIA{token.upper()}",
                    "secretAccessKey": "portal-secret",
                    "sessionToken": "portal-session",
                    "expiration": FAR * 1000,
                }
            }
        )


def _refusal(status: int, code: str, message: str) -> web.Response:
    return web.json_response(
        {"message": message}, status=status, headers={"x-amzn-ErrorType": code}
    )


@asynccontextmanager
async def portal_open(portal: Portal, patch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/federation/credentials", portal.answer)
    async with listening(app) as url:
        patch.setenv("AWS_ENDPOINT_URL_SSO", url)
        yield


@dataclass
class Laptop:
    """A client of STS in a home folder; every STS call, botocore's own too, meets `sts`."""

    home: Home
    sts: FakeEndpoint
    clock: Clock
    http: aiohttp.ClientSession

    def ambient(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
    ) -> AmbientAws:
        return AmbientAws(
            clock=self.clock,
            profile=profile,
            region=region,
            endpoint_url=endpoint_url,
            prompter=_nobody,
        )

    def client(self) -> StsClient:
        return StsClient(self.ambient(), self.http)


def _nobody(prompt: str) -> str:
    raise AssertionError(f"somebody was asked: {prompt}")


@asynccontextmanager
async def laptop_at(path: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Laptop]:
    home = home_at(path, patch)
    endpoint = FakeEndpoint()
    async with serving(endpoint) as url, aiohttp.ClientSession() as http:
        patch.setenv("AWS_ENDPOINT_URL_STS", url)
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        yield Laptop(home, endpoint, Clock(), http)


async def refusal(sts: StsClient, profile: str | None = None) -> AwsError:
    """Return what asking for a profile's ARN raises."""
    with pytest.raises(AwsError) as caught:
        await sts.caller_arn(profile)
    return caught.value
