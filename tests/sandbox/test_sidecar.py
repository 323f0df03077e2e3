"""The loopback server: who may ask it, and what it says."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from valetkey.sandbox.errors import BrokerDeniedError
from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.run_grant import RunGrant, RunView, parse_run
from valetkey.sandbox.sidecar import Sidecar
from valetkey.secret import Secret

TOKEN = "sidecar-token"
RUN_SELF = "/v1/runs/self"
CREDENTIALS = {
    "AccessKeyId": "ASIA1",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2026-11-21T13:00:00Z",
}
DENIED = BrokerDeniedError(
    "run-revoked", "run `r-1` is revoked", hint="open a new run", detail="arn:aws:iam::1:role/X"
)


RUN = RunView(
    "r-1",
    (
        RunGrant("a", "eu-west-1", endpoint_url=None, credentials_url="https://broker/a"),
        RunGrant("denied", None, endpoint_url="http://127.0.0.1:9", credentials_url="x"),
        RunGrant("over", None, endpoint_url=None, credentials_url="x"),
    ),
    expires_at="2027-01-15T08:00:00Z",
)
EXPIRES_AT = 1_800_000_000


@dataclass
class Clock:
    now: float = EXPIRES_AT - 1

    def __call__(self) -> float:
        return self.now


def hand_out(grant: str) -> Answer:
    if grant == "over":
        return Answer(403, {}, BrokerDeniedError("run-expired", "the run has expired"))
    return Answer(200, CREDENTIALS) if grant == "a" else Answer(403, {}, DENIED)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sidecar(clock: Clock) -> Iterator[Sidecar]:
    sidecar = Sidecar(hand_out, RUN, token=Secret(TOKEN), clock=clock)
    sidecar.start()
    yield sidecar
    sidecar.close()


def ask(
    sidecar: Sidecar,
    *headers: tuple[str, str],
    method: str = "GET",
    grant: str = "a",
    target: str | None = None,
) -> tuple[int, dict[str, object], http.client.HTTPMessage]:
    """Send exactly `headers`; the address in `Host` unless they have one."""
    url = sidecar.url_of(grant) if target is None else sidecar.url + target
    _, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    connection = http.client.HTTPConnection(authority, timeout=5)
    connection.putrequest(method, slash + path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if not any(name == "Host" for name, _ in headers):
        connection.putheader("Host", authority)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if body else {}, response.headers


def test_the_token_and_nothing_else_opens_it(sidecar: Sidecar) -> None:
    status, document, headers = ask(sidecar, ("Authorization", TOKEN))
    assert (status, document) == (200, CREDENTIALS)
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "shown",
    [
        [],
        [""],
        ["x"],
        [TOKEN + "x"],
        [TOKEN[:-1]],
        [TOKEN.upper()],
        [f"Bearer {TOKEN}"],
        [TOKEN, TOKEN],
        ["x", TOKEN],
        ["ä"],
    ],
)
def test_without_the_exact_token_it_says_nothing(sidecar: Sidecar, shown: list[str]) -> None:
    status, document, _ = ask(sidecar, *(("Authorization", value) for value in shown))
    assert (status, document["code"]) == (401, "sidecar-token-invalid")


def test_an_empty_token_is_not_an_open_endpoint() -> None:
    with pytest.raises(ValueError, match="empty"):
        Sidecar(hand_out, RUN, token=Secret(""))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "evil.example:{}"])
def test_a_name_that_was_bound_to_loopback_is_refused(sidecar: Sidecar, host: str) -> None:
    port = sidecar.url_of("a").split(":")[2].split("/")[0]
    status, document, _ = ask(sidecar, ("Host", host.format(port)), ("Authorization", TOKEN))
    assert (status, document["code"]) == (403, "host-refused")


def test_two_hosts_are_refused(sidecar: Sidecar) -> None:
    authority = sidecar.url_of("a").split("/")[2]
    hosts = (("Host", authority), ("Host", authority))
    assert ask(sidecar, *hosts, ("Authorization", TOKEN))[0] == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"])
def test_only_get_is_answered(sidecar: Sidecar, method: str) -> None:
    status, document, headers = ask(sidecar, ("Authorization", TOKEN), method=method)
    assert status == 405
    assert headers["Allow"] == "GET"
    assert method == "HEAD" or document["code"] == "method-not-allowed"


@pytest.mark.parametrize("grant", ["b", "", "a/", "a/../a", "a?x=y", "%61"])
def test_only_the_runs_grants_are_here(sidecar: Sidecar, grant: str) -> None:
    status, document, _ = ask(sidecar, ("Authorization", TOKEN), grant=grant)
    assert (status, document["code"]) == (404, "grant-unknown")


def test_it_describes_the_run_as_a_broker_does_and_leads_to_itself(sidecar: Sidecar) -> None:
    status, document, _ = ask(sidecar, ("Authorization", f"Bearer {TOKEN}"), target=RUN_SELF)
    view = parse_run(document)
    assert (status, view.id, view.expires_at) == (200, RUN.id, RUN.expires_at)
    told = [(grant.name, grant.region, grant.endpoint_url) for grant in view.grants]
    assert told == [
        ("a", "eu-west-1", None),
        ("denied", None, "http://127.0.0.1:9"),
        ("over", None, None),
    ]
    urls = [grant.credentials_url for grant in view.grants]
    assert urls == [sidecar.url_of(name) for name, _, _ in told]


def test_a_run_that_has_expired_is_described_to_nobody(sidecar: Sidecar, clock: Clock) -> None:
    """A nested `valetkey run` would start its command in it."""
    shown = ("Authorization", f"Bearer {TOKEN}")
    assert ask(sidecar, shown, target=RUN_SELF)[0] == 200
    clock.now = EXPIRES_AT
    status, document, _ = ask(sidecar, shown, target=RUN_SELF)
    assert (status, document["code"]) == (403, "run-expired")
    assert "valetkey run" in str(document["hint"])


def test_an_expiry_that_cannot_be_read_is_past(clock: Clock) -> None:
    run = replace(RUN, expires_at="tomorrow")
    sidecar = Sidecar(hand_out, run, token=Secret(TOKEN), clock=clock)
    sidecar.start()
    status, _, _ = ask(sidecar, ("Authorization", f"Bearer {TOKEN}"), target=RUN_SELF)
    sidecar.close()
    assert status == 403


def test_a_run_that_has_expired_says_what_to_do(sidecar: Sidecar) -> None:
    _, document, _ = ask(sidecar, ("Authorization", TOKEN), grant="over")
    assert document["code"] == "run-expired"
    assert "--expires-in" in str(document["hint"])


@pytest.mark.parametrize("shown", [None, "", TOKEN, f"bearer {TOKEN}", "Bearer ", "Bearer x"])
def test_the_run_is_described_to_its_token_as_a_bearer_and_to_nobody_else(
    sidecar: Sidecar, shown: str | None
) -> None:
    headers = () if shown is None else (("Authorization", shown),)
    status, document, _ = ask(sidecar, *headers, target=RUN_SELF)
    assert (status, document["code"]) == (401, "sidecar-token-invalid")
    assert "Bearer" in str(document["hint"])


def test_a_web_page_does_not_learn_of_the_run(sidecar: Sidecar) -> None:
    headers = (("Host", "evil.example"), ("Authorization", f"Bearer {TOKEN}"))
    assert ask(sidecar, *headers, target=RUN_SELF)[0] == 403


@pytest.mark.parametrize("target", ["/v1/runs", "/v1/runs/self/", "/v1/runs/self/token"])
def test_nothing_else_of_a_broker_is_here(sidecar: Sidecar, target: str) -> None:
    for shown in (TOKEN, f"Bearer {TOKEN}"):
        assert ask(sidecar, ("Authorization", shown), target=target)[0] in {401, 404}


def test_the_run_is_not_ended_here(sidecar: Sidecar) -> None:
    shown = ("Authorization", f"Bearer {TOKEN}")
    assert ask(sidecar, shown, method="DELETE", target=RUN_SELF)[0] == 405


def test_the_brokers_no_is_passed_on_with_what_to_do(sidecar: Sidecar) -> None:
    status, document, headers = ask(sidecar, ("Authorization", TOKEN), grant="denied")
    assert status == 403
    assert headers["Content-Type"] == "application/problem+json"
    assert (document["code"], document["hint"]) == ("run-revoked", "open a new run")
    assert document["Code"] == "run-revoked"
    assert document["Message"] == "run `r-1` is revoked; open a new run"


def test_private_detail_stays_behind(sidecar: Sidecar) -> None:
    _, document, _ = ask(sidecar, ("Authorization", TOKEN), grant="denied")
    assert "arn:" not in json.dumps(document)


def test_a_head_that_is_no_http_gets_a_problem_without_an_echo(sidecar: Sidecar) -> None:
    address = ("127.0.0.1", int(sidecar.url_of("a").split(":")[2].split("/")[0]))
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(b"<script> what is this\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b'"request-malformed"' in answer
    assert b"script" not in answer


def test_it_listens_on_loopback_only(sidecar: Sidecar) -> None:
    assert sidecar.url_of("a").startswith("http://127.0.0.1:")


def test_a_client_that_stays_silent_holds_up_nobody(sidecar: Sidecar) -> None:
    address = ("127.0.0.1", int(sidecar.url_of("a").split(":")[2].split("/")[0]))
    with socket.create_connection(address, timeout=5):
        started = time.monotonic()
        assert ask(sidecar, ("Authorization", TOKEN))[0] == 200
        assert time.monotonic() - started < 1.0


def test_after_close_nobody_listens() -> None:
    before = threading.active_count()
    sidecar = Sidecar(hand_out, RUN, token=Secret(TOKEN))
    sidecar.start()
    sidecar.close()
    with pytest.raises(ConnectionRefusedError):
        ask(sidecar, ("Authorization", TOKEN))
    assert threading.active_count() == before
