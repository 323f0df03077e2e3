"""An OpenID Connect issuer in a thread, and a local AWS whose account trusts it."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore
from botocore.config import Config

from tests.fakes.issuer import FakeIssuer, SigningKey
from tests.localaws.refusals import refused
from tests.localaws.world import ACCOUNT, Clock
from valetkey.localaws import LocalAws
from valetkey.localaws.faults import AwsError
from valetkey.localaws.web_identity_token import UnverifiedWebToken, read_web_token

AUDIENCE = "sts.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/WebData"
TAGS = "https://aws.amazon.com/tags"
ROLES = "https://aws.amazon.com/roles"
SOURCE = "https://aws.amazon.com/source_identity"
ACTIONS = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
DISCOVERY = "/.well-known/openid-configuration"


def tags_claim(*transitive: str, **tags: str) -> dict[str, Any]:
    """Return the claim of session tags in its nested form."""
    listed = {key: [value] for key, value in tags.items()}
    return {TAGS: {"principal_tags": listed, "transitive_tag_keys": list(transitive)}}


@dataclass
class WebIssuer:
    """A loopback issuer; `answers` by path replace what it would say."""

    issuer: FakeIssuer
    server: ThreadingHTTPServer
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The `iss` of its tokens."""
        return self.issuer.url

    @property
    def name(self) -> str:
        """What its provider's ARN and condition keys begin with."""
        return self.url.removeprefix("http://")

    @property
    def provider(self) -> str:
        """The ARN of its provider."""
        return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{self.name}"

    def token(self, key: SigningKey | None = None, /, **changes: Any) -> str:
        """Return a token that is good now; a change to None removes a claim."""
        now = int(time.time())
        claims = {"iss": self.url, "sub": "grant:data", "aud": AUDIENCE, "iat": now - 5}
        members = {**claims, "exp": now + 300, **changes}
        present = {name: value for name, value in members.items() if value is not None}
        signer = FakeIssuer(self.url, [key or self.issuer.keys[0]])
        return signer.sign(present).reveal()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of what is at `path`."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path == DISCOVERY:
            document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            return 200, {}, json.dumps(document).encode()
        return 200, {}, self.issuer.jwks()


@contextmanager
def web_issuer(issuer: FakeIssuer | None = None) -> Iterator[WebIssuer]:
    """Serve an issuer on a free loopback port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    made = WebIssuer(issuer or FakeIssuer(), server)
    made.issuer.url = f"http://127.0.0.1:{server.server_address[1]}"

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = made.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server.RequestHandlerClass = Answering
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def trusting(issuer: WebIssuer, actions: list[str] | None = None, **condition: Any) -> Any:
    """Return a trust statement for the issuer's tokens with the right audience."""
    return {
        "Effect": "Allow",
        "Principal": {"Federated": issuer.provider},
        "Action": ACTIONS if actions is None else actions,
        "Condition": {"StringEquals": {f"{issuer.name}:aud": AUDIENCE}, **condition},
    }


@dataclass
class WebWorld:
    """A local AWS with the data of two people, and an issuer that its account trusts."""

    aws: LocalAws
    issuer: WebIssuer
    clock: Clock
    unsigned: Any

    def exchange(self, token: str, role: str = ROLE, **more: Any) -> Mapping[str, Any]:
        """Return what STS answers to a token."""
        wanted = {"RoleSessionName": "vk-run", **more}
        found: Mapping[str, Any] = self.unsigned.assume_role_with_web_identity(
            RoleArn=role, WebIdentityToken=token, **wanted
        )
        return found

    def client(self, service: str, answer: Mapping[str, Any]) -> Any:
        """Return a client of the session that STS answered."""
        return self.aws._clients().session(answer["Credentials"]).client(service)

    def role(self, name: str, *trust: Any, **more: Any) -> str:
        """Create a role that may read what is tagged as its session, and return its ARN."""
        reads = {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::web-data/${aws:PrincipalTag/user_id}/*",
        }
        policies = {"own": reads, **more.pop("policies", {})}
        self.aws.seed({"roles": [{"name": name, "trust": [*trust], "policies": policies, **more}]})
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def reads(self, answer: Mapping[str, Any], key: str) -> bool:
        """Tell whether the session may read an object."""
        s3 = self.client("s3", answer)
        try:
            s3.get_object(Bucket="web-data", Key=key)
        except s3.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied"
            return False
        return True


@contextmanager
def web_world() -> Iterator[WebWorld]:
    """Start a local AWS and an issuer that it trusts."""
    clock = Clock()
    with web_issuer() as issuer, LocalAws(clock=clock) as aws:
        aws.seed(
            {
                "oidc_providers": [{"url": issuer.url, "client_ids": [AUDIENCE, "other"]}],
                "buckets": [{"name": "web-data", "objects": {"alice/1": "a", "bob/1": "b"}}],
            }
        )
        quiet = Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1})
        made = WebWorld(aws, issuer, clock, aws.session().client("sts", config=quiet))
        made.role("WebData", trusting(issuer), max_session="12h")
        yield made


def refuses(web: WebWorld, token: str, role: str = ROLE, **more: Any) -> str:
    """Return the code with which STS refuses a token."""
    return refused(lambda: web.exchange(token, role, **more))


def why_not(text: str) -> str:
    """Return the code and sentence with which a token's text is refused."""
    try:
        read_web_token(text)
    except AwsError as error:
        return f"{error.code}: {error.message}"
    return "good"


def parts(text: str) -> UnverifiedWebToken:
    """Return a token's parts."""
    return read_web_token(text)


def part(value: object) -> str:
    """Return one part of a compact JWS: the bytes, or what JSON says of the value."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
