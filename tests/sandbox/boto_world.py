"""An AWS that only listens, and a run's credentials that can be revoked."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.config import Config

from valetkey.sandbox.boto_session import new_session
from valetkey.sandbox.errors import BrokerDeniedError
from valetkey.sandbox.run_credentials import Held, RunCredentials
from valetkey.sandbox.run_grant import RunGrant
from valetkey.secret import Secret

NOW = 1_800_000_000.0
REVOKED = BrokerDeniedError("run-revoked", "the run is revoked")
CONTAINER = json.dumps(
    {
        "AccessKeyId": "ASIACONTAINER",
        "SecretAccessKey": "x",
        "Token": "x",
        "Expiration": "2099-01-01T00:00:00Z",
    }
).encode()
ONCE = Config(retries={"total_max_attempts": 1})


class Aws(ThreadingHTTPServer):
    """What listens at an address: it keeps the authorizations that it saw, and says `{}`.

    At `/container` it is an ambient source of credentials.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    server: Aws

    def _serve(self) -> None:
        self.server.seen.append(self.headers.get("Authorization") or self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = CONTAINER if self.path == "/container" else b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class Run:
    """A run's credentials, which can be revoked, and sessions of them."""

    def __init__(self, endpoint_url: str | None = None, region: str | None = "eu-west-1") -> None:
        self.is_revoked = False
        self.count = 0
        self.now = NOW
        self.credentials = RunCredentials(
            self._draw, clock=lambda: self.now, launch=lambda work: work()
        )
        self.credentials.begin()
        self.grant = RunGrant(
            "tenant-data", region, endpoint_url=endpoint_url, credentials_url="http://x"
        )

    def _draw(self, now: float) -> Held:
        if self.is_revoked:
            raise REVOKED
        self.count += 1
        return Held(
            f"ASIARUN{self.count}",
            Secret("the-secret-key"),
            session_token=Secret("the-session-token"),
            account_id="111122223333",
            expiration=now + 3600,
            drawn_at=now,
        )

    def session(self, region: str | None = None) -> Any:
        return new_session(self.credentials, self.grant, region=region)

    def revoke(self) -> None:
        self.is_revoked = True
        self.now += 3600


def key_of(authorization: str) -> str:
    return authorization.partition("Credential=")[2].partition("/")[0]
