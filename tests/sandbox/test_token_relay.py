"""The sidecar's token endpoint: who shows its token gets the run's, and chooses nothing else."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.run_grant import RunGrant, RunTool, RunView, parse_run
from valetkey.sandbox.sidecar import Sidecar
from valetkey.sandbox.token_relay import relayed
from valetkey.sandbox.token_request import FORM, TokenRequest
from valetkey.secret import Secret

TOKEN = Secret("sidecar-token")
FIELDS = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token": "sidecar-token",
    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "audience": "billing",
}
RUN = RunView(
    "r-1",
    (RunGrant("a", "eu-west-1", endpoint_url=None, credentials_url="x", web_identity_role="arn"),),
    expires_at="2099-01-15T08:00:00Z",
    tools=(RunTool("billing", "https://billing.internal/mcp", ("read",)),),
)


class Broker:
    """Answers each request and keeps it."""

    def __init__(self) -> None:
        self.seen: list[TokenRequest] = []
        self.error: Exception | None = None

    def exchange(self, request: TokenRequest) -> tuple[int, bytes]:
        self.seen.append(request)
        if self.error is not None:
            raise self.error
        return 200, b'{"access_token": "t"}'


@pytest.fixture
def broker() -> Broker:
    return Broker()


def ask(broker: Broker, fields: dict[str, str] | str) -> tuple[int, dict[str, object]]:
    form = fields if isinstance(fields, str) else urlencode(fields)
    status, body = relayed(form.encode(), broker.exchange, token=TOKEN)
    return status, json.loads(body)


def test_what_is_wanted_reaches_the_broker_and_the_answer_comes_back(broker: Broker) -> None:
    more = {"scope": "read", "resource": "https://b/x", "requested_token_type": "urn:t"}
    assert ask(broker, FIELDS | more) == (200, {"access_token": "t"})
    assert broker.seen == [TokenRequest("billing", "https://b/x", "read", "urn:t")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subject_token": "another"}, "sidecar-token-invalid"),
        ({"subject_token": ""}, "sidecar-token-invalid"),
        ({"subject_token_type": "urn:x"}, "sidecar-token-invalid"),
        ({"grant_type": "client_credentials"}, "grant-type-unsupported"),
        ({"actor_token": "x"}, "request-malformed"),
    ],
)
def test_any_other_form_is_refused_and_the_broker_not_asked(
    broker: Broker, change: dict[str, str], code: str
) -> None:
    status, answer = ask(broker, FIELDS | change)
    assert (status, answer["code"]) == (400, code)
    assert broker.seen == []


@pytest.mark.parametrize(
    "form",
    ["a", "a&b", urlencode(FIELDS) + "&audience=other", urlencode(FIELDS) + "&x=%ff", "é"],
)
def test_what_is_no_form_is_refused(broker: Broker, form: str) -> None:
    assert ask(broker, form)[1]["code"] == "request-malformed"
    assert broker.seen == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ValetkeyError("broker-unreachable", "down"), 503, "broker-unreachable"),
        (RuntimeError("defect"), 500, "internal-error"),
    ],
)
def test_no_answer_is_told_as_oauth_tells_it(
    broker: Broker, error: Exception, status: int, code: str
) -> None:
    broker.error = error
    got, answer = ask(broker, FIELDS)
    assert (got, answer["code"]) == (status, code)
    assert "error" in answer


@pytest.fixture
def sidecar(broker: Broker) -> Iterator[Sidecar]:
    sidecar = Sidecar(lambda _: Answer(503, {}), RUN, token=TOKEN, exchange=broker.exchange)
    sidecar.start()
    yield sidecar
    sidecar.close()


def post(
    sidecar: Sidecar, *headers: tuple[str, str], body: bytes, path: str = "/oauth/token"
) -> int:
    port = int(sidecar.url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", path, skip_host=any(name == "Host" for name, _ in headers))
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(body)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


FORM_BODY = urlencode(FIELDS).encode()
LENGTH = ("Content-Length", str(len(FORM_BODY)))


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ((LENGTH, ("Content-Type", FORM)), "/oauth/token", 200),
        ((LENGTH, ("Host", "evil.example")), "/oauth/token", 403),
        ((), "/oauth/token", 400),
        ((("Content-Length", "0000000000000001"),), "/oauth/token", 400),
        ((("Content-Length", "99999"),), "/oauth/token", 400),
        ((LENGTH, LENGTH), "/oauth/token", 400),
        ((LENGTH,), "/v1/credentials/a", 405),
    ],
)
def test_a_form_comes_whole_and_to_this_address_or_not_at_all(
    broker: Broker,
    sidecar: Sidecar,
    headers: tuple[tuple[str, str], ...],
    path: str,
    status: int,
) -> None:
    body = FORM_BODY if headers else b""
    assert post(sidecar, *headers, body=body, path=path) == status
    assert len(broker.seen) == (status == 200)


def test_the_run_in_the_run_names_its_tools_and_its_role(sidecar: Sidecar) -> None:
    port = int(sidecar.url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {TOKEN.reveal()}"}
    connection.request("GET", "/v1/runs/self", headers=headers)
    view = parse_run(json.loads(connection.getresponse().read()))
    connection.close()
    assert view.tools == RUN.tools
    assert view.grants[0].web_identity_role == "arn"
