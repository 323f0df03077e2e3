"""The gateway's token: one request at a time, renewed in time, never shown again once refused."""

import json
import threading
from dataclasses import dataclass, field

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError, BrokerUnavailableError
from valetkey.sandbox.gateway_token import GatewayToken
from valetkey.sandbox.token_request import TokenRequest

RESOURCE = "https://broker.example/mcp"


@dataclass
class Issuer:
    """Issues `t1`, `t2`, … for `life` seconds each, or fails."""

    life: int = 300
    now: float = 1_000.0
    error: Exception | None = None
    status: int = 200
    asked: list[TokenRequest] = field(default_factory=list)
    gate: threading.Event | None = None

    def exchange(self, request: TokenRequest) -> tuple[int, bytes]:
        self.asked.append(request)
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        if self.status != 200:
            return self.status, b'{"error": "invalid_request", "code": "run-revoked"}'
        token = {"access_token": f"t{len(self.asked)}", "expires_in": self.life}
        return 200, json.dumps(token).encode()

    def clock(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def token(issuer: Issuer) -> GatewayToken:
    return GatewayToken(issuer.exchange, RESOURCE, clock=issuer.clock)


def test_it_is_asked_for_by_the_gateways_own_uri_and_kept(
    issuer: Issuer, token: GatewayToken
) -> None:
    assert [token.current().reveal() for _ in range(3)] == ["t1"] * 3
    assert issuer.asked == [TokenRequest(None, resource=RESOURCE)]


def test_it_is_renewed_at_half_its_life(issuer: Issuer, token: GatewayToken) -> None:
    token.current()
    issuer.now += 149
    assert token.current().reveal() == "t1"
    issuer.now += 1
    assert token.current().reveal() == "t2"


def test_while_the_broker_is_away_a_good_token_is_used_to_its_end(
    issuer: Issuer, token: GatewayToken
) -> None:
    token.current()
    issuer.error = BrokerUnavailableError("broker-unreachable", "down")
    issuer.now += 200
    assert token.current().reveal() == "t1"
    asked = len(issuer.asked)
    assert token.current().reveal() == "t1"
    assert len(issuer.asked) == asked, "it is not asked at every call"
    issuer.now += 96
    with pytest.raises(BrokerUnavailableError):
        token.current()


def test_the_brokers_no_wins_over_a_good_token(issuer: Issuer, token: GatewayToken) -> None:
    token.current()
    issuer.status = 400
    issuer.now += 200
    for _ in range(2):
        with pytest.raises(BrokerRefusedError) as refused:
            token.current()
        assert refused.value.code == "run-revoked"


def test_a_refused_token_is_never_shown_again(issuer: Issuer, token: GatewayToken) -> None:
    refused = token.current()
    other = token.after_refusal(refused)
    assert other is not None and other.reveal() == "t2"
    assert token.current().reveal() == "t2"


def test_of_two_that_were_refused_together_one_renews(issuer: Issuer, token: GatewayToken) -> None:
    refused = token.current()
    token.after_refusal(refused)
    other = token.after_refusal(refused)
    assert other is not None and other.reveal() == "t2"
    assert len(issuer.asked) == 2


def test_a_short_life_does_not_make_every_call_ask(issuer: Issuer, token: GatewayToken) -> None:
    issuer.life = 6
    assert token.current().reveal() == token.current().reveal() == "t1"


def test_a_clock_that_was_set_back_does_not_keep_a_token(
    issuer: Issuer, token: GatewayToken
) -> None:
    token.current()
    issuer.now -= 10_000
    assert token.current().reveal() == "t2"


def test_all_who_come_together_share_one_request(issuer: Issuer, token: GatewayToken) -> None:
    issuer.gate = threading.Event()
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append(token.current().reveal())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    issuer.gate.set()
    for thread in threads:
        thread.join(10)
    assert set(got) == {"t1"} and len(got) == 8
    assert len(issuer.asked) == 1


def test_nobody_waits_for_a_renewal_while_a_token_is_good(
    issuer: Issuer, token: GatewayToken
) -> None:
    token.current()
    issuer.now += 200
    issuer.gate = threading.Event()
    renewing = threading.Thread(target=token.current)
    renewing.start()
    while len(issuer.asked) < 2:
        pass
    assert token.current().reveal() == "t1"
    issuer.gate.set()
    renewing.join(10)
    assert token.current().reveal() == "t2"


def test_those_who_waited_share_the_failure_and_the_next_asks_again(
    issuer: Issuer, token: GatewayToken
) -> None:
    issuer.error = RuntimeError("defect")
    with pytest.raises(RuntimeError):
        token.current()
    issuer.error = ValetkeyError("broker-slow", "slow")
    with pytest.raises(ValetkeyError):
        token.current()
    issuer.error = None
    assert token.current().reveal() == "t3"


def test_after_the_brokers_no_its_silence_brings_the_token_not_back(
    issuer: Issuer, token: GatewayToken
) -> None:
    token.current()
    issuer.now += 200
    issuer.status = 400
    with pytest.raises(BrokerRefusedError):
        token.current()
    issuer.error = BrokerUnavailableError("broker-unreachable", "down")
    with pytest.raises(BrokerUnavailableError):
        token.current()
