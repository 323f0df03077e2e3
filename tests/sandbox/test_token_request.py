"""What is asked of `/oauth/token`, and which answers are a token."""

import json
from urllib.parse import parse_qs

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError, BrokerUnavailableError
from valetkey.sandbox.token_request import TokenRequest, parse_issued
from valetkey.secret import Secret

ANSWER = {"access_token": "aaa.bbb.ccc", "token_type": "Bearer", "expires_in": 300}


def test_the_form_is_a_token_exchange_of_the_run_token() -> None:
    form = TokenRequest("billing", scope="read write").form(Secret("vkr_r-1_&="))
    assert parse_qs(form.decode("ascii"), strict_parsing=True) == {
        "grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"],
        "subject_token": ["vkr_r-1_&="],
        "subject_token_type": ["urn:ietf:params:oauth:token-type:access_token"],
        "audience": ["billing"],
        "scope": ["read write"],
    }


def test_a_life_counts_from_when_it_was_asked_for() -> None:
    issued = parse_issued(200, json.dumps(ANSWER).encode(), asked_at=1_000.0)
    assert (issued.token.reveal(), issued.expires_at) == ("aaa.bbb.ccc", 1_300.0)
    assert "aaa" not in repr(issued)


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""},
        {"access_token": "a\nb"},
        {"access_token": None},
        {"expires_in": None},
        {"expires_in": 0},
        {"expires_in": True},
        {"expires_in": "300"},
        {"expires_in": 1e9},
        {"expires_in": 10**9},
    ],
)
def test_what_has_no_token_with_a_life_is_none(change: dict[str, object]) -> None:
    with pytest.raises(BrokerUnavailableError) as caught:
        parse_issued(200, json.dumps(ANSWER | change).encode(), asked_at=0.0)
    assert caught.value.code == "broker-answer-unreadable"


def test_a_refusal_is_the_brokers_own_words() -> None:
    told = {"error": "invalid_target", "error_description": "no such audience", "code": "a-b"}
    with pytest.raises(BrokerRefusedError) as caught:
        parse_issued(400, json.dumps(told).encode(), asked_at=0.0)
    assert (caught.value.code, caught.value.message) == ("a-b", "no such audience")


def test_a_broker_that_cannot_sign_now_is_no_refusal() -> None:
    told = {"error": "temporarily_unavailable", "code": "signing-key-missing"}
    with pytest.raises(ValetkeyError) as caught:
        parse_issued(503, json.dumps(told).encode(), asked_at=0.0)
    assert isinstance(caught.value, BrokerUnavailableError)
