"""The five calls, against a broker that follows the contract."""

import pytest

from tests.fakes.broker_http import ACTOR_TOKEN, SUBJECT_TOKEN, FakeBroker, FakeRun, Fault
from valetkey.errors import ValetkeyError
from valetkey.sandbox.broker_client import BrokerClient, RunRequest
from valetkey.sandbox.errors import BrokerDeniedError, BrokerUnavailableError
from valetkey.secret import Secret

REQUEST = RunRequest(
    Secret(SUBJECT_TOKEN), {"task_id": "t1"}, grants=["tenant-data"], expires_in=600
)


def test_a_run_is_opened_with_what_was_asked(broker: FakeBroker) -> None:
    opened = BrokerClient(broker.url).open_run(REQUEST, Secret(ACTOR_TOKEN))
    assert opened.view.grants[0].name == "tenant-data"
    assert opened.token.reveal() in broker.runs[opened.view.id].tokens
    assert broker.requests[-1][2] == {
        "subject_token": SUBJECT_TOKEN,
        "attributes": {"task_id": "t1"},
        "grants": ["tenant-data"],
        "expires_in": 600,
    }


def test_what_was_not_asked_is_not_sent(broker: FakeBroker) -> None:
    request = RunRequest(Secret(SUBJECT_TOKEN), {}, grants=[], expires_in=None)
    BrokerClient(broker.url).open_run(request, Secret(ACTOR_TOKEN))
    assert broker.requests[-1][2] == {"subject_token": SUBJECT_TOKEN}


def test_a_denial_carries_the_brokers_code_and_hint(broker: FakeBroker) -> None:
    request = RunRequest(Secret("somebody-else"), {}, grants=[], expires_in=None)
    with pytest.raises(BrokerDeniedError) as caught:
        BrokerClient(broker.url).open_run(request, Secret(ACTOR_TOKEN))
    assert (caught.value.code, caught.value.hint) == ("no-trust-rule", "look at the trust rules")


def test_a_rotated_token_is_another_one(broker: FakeBroker, joined: FakeRun) -> None:
    client = BrokerClient(broker.url)
    rotated = client.rotate(Secret(joined.tokens[0]))
    assert rotated.reveal() != joined.tokens[0]
    assert client.describe_run(rotated).id == joined.id


def test_an_ended_run_opens_nothing(broker: FakeBroker, joined: FakeRun) -> None:
    client, token = BrokerClient(broker.url), Secret(joined.tokens[0])
    assert client.draw("tenant-data", token)[0] == 200
    client.end_run(token)
    assert client.draw("tenant-data", token)[0] == 403


def test_the_run_token_is_sent_raw_for_credentials(broker: FakeBroker, joined: FakeRun) -> None:
    BrokerClient(broker.url).draw("tenant-data", Secret(joined.tokens[0]))
    assert broker.seen_authorizations[-1] == joined.tokens[0]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"", b"<html>", b'{"run_token": ""}'])
def test_a_success_without_its_document_is_none(
    broker: FakeBroker, joined: FakeRun, body: bytes
) -> None:
    broker.fault = Fault(200, body)
    client, token = BrokerClient(broker.url), Secret(joined.tokens[0])
    for call in (client.describe_run, client.rotate):
        with pytest.raises(BrokerUnavailableError):
            call(token)


def test_the_client_refuses_a_broker_that_would_leak_the_token() -> None:
    with pytest.raises(ValetkeyError) as caught:
        BrokerClient("http://broker.internal")
    assert caught.value.code == "broker-url-insecure"
