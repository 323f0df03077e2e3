"""SIGKILL, rotation and retirement of a broker's keys while clients get tokens over HTTP."""

import http.client
import json
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from tests.e2e.world import Broker, Grant, OpenRun
from tests.fakes.own_issuer import SECRET
from valetkey.audit import Verified
from valetkey.credentials.issuer_documents import KEY_SET
from valetkey.demo.issuer import DemoIssuer
from valetkey.identity import Issuer, IssuerUrl, KeySet, parse_unverified, verify
from valetkey.secret import Secret
from valetkey.store import LogReader

pytestmark = pytest.mark.xdist_group("e2e-rotation")
AUDIENCE = "https://billing.internal/mcp"
CALLERS = 2
NO_AWS = cast(
    "Any", SimpleNamespace(aws=SimpleNamespace(endpoint="http://127.0.0.1:9", region="eu-west-1"))
)
"""Nothing listens there: who signs its own tokens for tools needs no AWS."""


class TokenBroker(Broker):
    """A broker that gives tokens for one tool, and no credentials."""

    def __init__(self, folder: Path, issuer: DemoIssuer) -> None:
        super().__init__(folder, NO_AWS, issuer, grants=[Grant("none")], keys={})

    def configure(self, grants: Sequence[Grant]) -> None:
        super().configure(())
        secret = self.folder / "issuer.secret"
        secret.write_text(SECRET.reveal())
        secret.chmod(0o600)
        with self.config.open("a") as file:
            file.write(
                f'[issuer]\nurl = "http://127.0.0.1:{self.port}"\n'
                'key_encryption = "file:issuer.secret"\n\n'
                f'[[grants]]\nname = "billing"\naudience = "{AUDIENCE}"\n'
            )

    def keys(self, *arguments: str) -> None:
        command, *rest = arguments
        done = self.command("keys", command, "--config", str(self.config), *rest)
        assert done.returncode == 0, done.stderr

    def key_set(self) -> bytes:
        status, document = self.call("GET", KEY_SET)
        assert status == 200
        return json.dumps(document).encode()


class Callers:
    """What clients of `/oauth/token` got. An answer that was cut off is not in it."""

    def __init__(self, port: int, run: OpenRun) -> None:
        self.tokens: list[Secret] = []
        self.refused: list[str] = []
        self._port = port
        self._body = urlencode(
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": run.token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "audience": AUDIENCE,
            }
        )
        self._is_over = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have clients that ask without a pause, until the block ends or nobody answers."""
        self._is_over.clear()
        threads = [threading.Thread(target=self._call, daemon=True) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join(30)
                assert not thread.is_alive()

    def _call(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            while not self._is_over.is_set():
                connection.request("POST", "/oauth/token", body=self._body, headers=headers)
                answer = connection.getresponse()
                said = json.loads(answer.read())
                if answer.status == 200:
                    self.tokens.append(Secret(said["access_token"]))
                else:
                    self.refused.append(said["error"])
                time.sleep(0.02)
        except (OSError, http.client.HTTPException, ValueError):
            return
        finally:
            connection.close()


def accepted(tokens: Sequence[Secret], url: str, key_set: bytes) -> set[str]:
    """Verify the tokens as one who has cached `key_set`; return the keys that signed them."""
    issuer = Issuer("own", IssuerUrl(url), (AUDIENCE,), ("ES256",))
    keys = KeySet.from_jwks(key_set, issuer.algorithms)
    parsed = [parse_unverified(token) for token in tokens]
    for token in parsed:
        verify(token, issuer, keys, now=time.time())
    return {str(token.kid) for token in parsed}


@pytest.mark.slow
def test_a_broker_that_is_killed_while_it_signs_goes_on_with_the_same_keys(
    tmp_path: Path, issuer: DemoIssuer
) -> None:
    broker = TokenBroker(tmp_path / "broker", issuer)
    try:
        callers = Callers(broker.port, broker.open())
        first = broker.key_set()
        with callers.at_work():
            time.sleep(0.3)
            broker.server.process.send_signal(signal.SIGKILL)
        before = len(callers.tokens)
        broker.server.restart(signal.SIGKILL)
        assert broker.key_set() == first
        with callers.at_work():
            broker.keys("rotate")
        (old,) = accepted(callers.tokens, broker.url, first)
        assert callers.refused == []
        assert 0 < before < len(callers.tokens)
        on_record = {leaf["jti"] for leaf in broker.leaves("token-issued")}
        given = {parse_unverified(token).claims["jti"] for token in callers.tokens}
        assert given <= on_record

        broker.keys("retire", old, "--because", "it leaked")
        time.sleep(1.1)
        callers.tokens.clear()
        with callers.at_work():
            time.sleep(0.2)
        second = broker.key_set()
        assert old not in second.decode()
        assert old not in accepted(callers.tokens, broker.url, second)
        assert callers.tokens
        with LogReader(broker.store) as log:
            assert isinstance(log.verify(), Verified)
    finally:
        broker.server.end(signal.SIGKILL)
