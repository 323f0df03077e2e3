"""An OpenID-certified provider that runs here, and a person's browser that signs in at it.

`async with oidc_provider() as provider:` starts `server.mjs` on a free loopback port. It needs
node and the folder that `npm ci` made: `$VALETKEY_OIDC_PROVIDER` or this one.
"""

import asyncio
import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp
import pytest

from valetkey.secret import Secret

HERE = Path(__file__).parent
FOLDER_VARIABLE = "VALETKEY_OIDC_PROVIDER"
CALLBACK = "http://127.0.0.1/callback"
_START_SECONDS = 20.0
_MAX_PAGES = 10


def modules_folder() -> Path | None:
    """The folder whose `node_modules` has the provider, if somebody installed it there."""
    folder = Path(os.environ.get(FOLDER_VARIABLE) or HERE).resolve()
    return folder if (folder / "node_modules" / "oidc-provider").is_dir() else None


# whoever sets the variable wants the tests: then what is missing is an error, no skip
needs_provider = pytest.mark.skipif(
    FOLDER_VARIABLE not in os.environ
    and (modules_folder() is None or shutil.which("node") is None),
    reason="npm oidc-provider is not installed: run `npm ci` in tests/providers, "
    "or name the folder of its node_modules in VALETKEY_OIDC_PROVIDER",
)


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint answered to a person's sign-in."""

    id_token: Secret
    access_token: Secret


@dataclass
class OidcProvider:
    """A running provider. `client_id` is people's public client, `actor_id` the platform's own."""

    url: str
    process: asyncio.subprocess.Process
    client_id: str = "valetkey-cli"
    actor_id: str = "orchestrator"
    actor_secret: str = "secret-of-a-test-orchestrator"

    async def approve_device(self, verification_uri_complete: str, account: str = "alice") -> None:
        """Do what a person does who opens the address: confirm the code, sign in, consent."""
        async with _Browser() as browser:
            page = await browser.open(verification_uri_complete)
            last = await browser.sign_in(page, account)
            assert "Sign-in Success" in last.text, last.text

    async def deny_device(self, verification_uri_complete: str) -> None:
        """Do what a person does who does not expect the code: abort."""
        async with _Browser() as browser:
            page = await browser.open(verification_uri_complete)
            page = await browser.submit(page)
            await browser.submit(page, confirm="", abort="yes")

    async def sign_in(
        self, account: str = "alice", *, resource: str | None = None, scope: str = "openid email"
    ) -> Tokens:
        """Sign `account` in by authorization code with PKCE (RFC 7636), pages and all."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        asked = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": scope if resource is None else f"{scope} runs",
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "state": (state := secrets.token_urlsafe(8)),
            "nonce": secrets.token_urlsafe(8),
        }
        indicator = {} if resource is None else {"resource": resource}
        async with _Browser() as browser:
            page = await browser.open(f"{self.url}/auth", **asked, **indicator)
            last = await browser.sign_in(page, account)
        came_back = parse_qs(urlsplit(last.url).query)
        assert last.url.startswith(CALLBACK), last.text
        assert came_back["state"] == [state]
        answer = await self._token(
            grant_type="authorization_code",
            client_id=self.client_id,
            code=came_back["code"][0],
            redirect_uri=CALLBACK,
            code_verifier=verifier,
            **indicator,
        )
        return Tokens(Secret(answer["id_token"]), Secret(answer["access_token"]))

    async def actor_token(self, resource: str) -> Secret:
        """A client-credentials token of the platform for `resource` (RFC 6749 §4.4, RFC 8707)."""
        answer = await self._token(
            grant_type="client_credentials",
            client_id=self.actor_id,
            client_secret=self.actor_secret,
            resource=resource,
            scope="runs",
        )
        return Secret(answer["access_token"])

    async def rotate_key(self) -> str:
        """Sign with a new key, whose `kid` is returned; the old one stays published."""
        return await self._command("rotate")

    async def withdraw_old_keys(self) -> str:
        """Publish the key that signs and no other."""
        return await self._command("withdraw")

    async def _command(self, line: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()
        return str((await _said(self.process))["kid"])

    async def _token(self, **form: str) -> dict[str, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/token", data=form) as response,
        ):
            answer = await response.json()
            assert response.status == 200, answer
            return dict(answer)


@asynccontextmanager
async def oidc_provider() -> AsyncIterator[OidcProvider]:
    """A provider of its own: it listens when this begins, and its process is gone afterwards."""
    folder = modules_folder()
    assert folder is not None, "npm oidc-provider is not where `modules_folder` looks"
    process = await asyncio.create_subprocess_exec(
        *("node", str(HERE / "server.mjs"), str(folder), CALLBACK),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # its advice against the development pages
    )
    try:
        yield OidcProvider(url=str((await _said(process))["url"]), process=process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def _said(process: asyncio.subprocess.Process) -> dict[str, object]:
    """Return the next line that is ours: the provider prints its advice there, too."""
    assert process.stdout is not None
    while line := await asyncio.wait_for(process.stdout.readline(), _START_SECONDS):
        if line.startswith(b"{"):
            return dict(json.loads(line))
    raise AssertionError("the provider ended")


@dataclass(frozen=True)
class _Page:
    url: str
    text: str


class _Form(HTMLParser):
    """The first form of a page: its address and the values that it comes with."""

    def __init__(self, page: _Page) -> None:
        super().__init__()
        self.action: str | None = None
        self.values: dict[str, str] = {}
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        members = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = members.get("action")
        if tag == "input" and (name := members.get("name")):
            self.values[name] = members.get("value") or ""


class _Browser:
    """Cookies, forms and redirects, which it follows until one leads to the client."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> "_Browser":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._session.close()

    async def open(self, url: str, **query: str) -> _Page:
        return await self._ask("GET", url, params=query)

    async def submit(self, page: _Page, **typed: str) -> _Page:
        """Send the page's form with what was `typed`; an empty value leaves its field out."""
        form = _Form(page)
        assert form.action is not None, page.text
        values = {name: text for name, text in (form.values | typed).items() if text}
        return await self._ask("POST", urljoin(page.url, form.action), data=values)

    async def sign_in(self, page: _Page, account: str) -> _Page:
        """Fill in whatever is asked until no form is left or the client is reached."""
        for _ in range(_MAX_PAGES):
            form = _Form(page)
            if form.action is None or page.url.startswith(CALLBACK):
                return page
            typed = {"login": account, "password": "any"} if "login" in form.values else {}
            page = await self.submit(page, **typed)
        raise AssertionError(f"still asked after {_MAX_PAGES} pages: {page.text}")

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
    ) -> _Page:
        for _ in range(_MAX_PAGES):
            async with self._session.request(
                method, url, params=params or None, data=data, allow_redirects=False
            ) as response:
                if response.status not in (302, 303):
                    return _Page(str(response.url), await response.text())
                url = urljoin(str(response.url), response.headers["Location"])
            method, params, data = "GET", None, None
            if url.startswith(CALLBACK):
                return _Page(url, "")
        raise AssertionError(f"too many redirects: {url}")
