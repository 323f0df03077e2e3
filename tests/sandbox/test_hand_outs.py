"""One request at a time, kept credentials only where the broker is silent."""

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.hand_outs import Answer, HandOuts

NOW = 1_800_000_000.0


def credentials_body(number: int, *, life_seconds: float) -> bytes:
    expires = datetime.fromtimestamp(NOW + life_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    members = {
        "AccessKeyId": f"ASIA{number}",
        "SecretAccessKey": "s",
        "Token": "t",
        "Expiration": expires,
    }
    return json.dumps(members).encode()


@dataclass
class FakeDraw:
    """A broker as `HandOuts` sees it: counts, may be slow, down, or say no."""

    life_seconds: float = 3600.0
    slow_seconds: float = 0.0
    status: int = 200
    body: bytes = b'{"code": "said-no"}'
    is_down: bool = False
    is_broken: bool = False
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, grant: str) -> tuple[int, bytes]:
        with self.lock:
            self.count += 1
            number = self.count
        time.sleep(self.slow_seconds)
        if self.is_broken:
            raise KeyError("a defect")
        if self.is_down:
            raise BrokerUnavailableError("broker-unreachable", "down")
        if self.status != 200:
            return self.status, self.body
        return 200, credentials_body(number, life_seconds=self.life_seconds)


def hand_outs(draw: FakeDraw, *, now: float = NOW, patience: float = 1.0) -> HandOuts:
    return HandOuts(draw, clock=lambda: now, patience_seconds=patience)


def key_of(answer: Answer) -> str:
    return answer.credentials["AccessKeyId"]


def test_each_request_in_turn_is_a_hand_out_of_its_own() -> None:
    draw = FakeDraw()
    room = hand_outs(draw)
    assert [key_of(room.hand_out("a")) for _ in range(3)] == ["ASIA1", "ASIA2", "ASIA3"]


def test_requests_at_the_same_time_share_one_hand_out() -> None:
    draw = FakeDraw(slow_seconds=0.3)
    room = hand_outs(draw)
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(room.hand_out("a"))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key_of(answer) for answer in answers] == ["ASIA1"] * 10
    assert draw.count == 1


def test_two_grants_never_share_a_hand_out() -> None:
    draw = FakeDraw(slow_seconds=0.2)
    room = hand_outs(draw)
    answers: dict[str, Answer] = {}
    threads = [
        threading.Thread(target=lambda g=grant: answers.update({g: room.hand_out(g)}))
        for grant in ("a", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert key_of(answers["a"]) != key_of(answers["b"])


def test_a_flight_outlives_who_gave_up_and_serves_who_comes_back() -> None:
    draw = FakeDraw(slow_seconds=0.3)
    room = hand_outs(draw, patience=0.1)
    first = room.hand_out("a")
    assert (first.status, first.error and first.error.code) == (503, "broker-slow")
    time.sleep(0.3)
    assert key_of(room.hand_out("a")) == "ASIA1"
    assert draw.count == 1


def test_an_unclaimed_answer_is_given_once() -> None:
    draw = FakeDraw(slow_seconds=0.2)
    room = hand_outs(draw, patience=0.05)
    room.hand_out("a")
    time.sleep(0.3)
    room.hand_out("a")
    draw.slow_seconds = 0.0
    assert key_of(room.hand_out("a")) == "ASIA2"


def test_kept_credentials_are_served_while_the_broker_is_down() -> None:
    draw = FakeDraw()
    room = hand_outs(draw, patience=0.2)
    room.hand_out("a")
    draw.is_down = True
    assert key_of(room.hand_out("a")) == "ASIA1"
    assert room.hand_out("b").status == 503


@pytest.mark.parametrize("status", [500, 502, 503])
def test_kept_credentials_are_served_while_the_broker_fails(status: int) -> None:
    draw = FakeDraw()
    room = hand_outs(draw)
    room.hand_out("a")
    draw.status = status
    assert key_of(room.hand_out("a")) == "ASIA1"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b'{"code": "slow-down"}'),
        (408, b"<html>too slow</html>"),
        (425, b""),
        (403, b"<html>blocked</html>"),
        (404, b""),
    ],
)
def test_what_a_limiter_or_a_proxy_says_drops_nothing(status: int, body: bytes) -> None:
    """SECURITY.md tells operators to put a limiter before the broker."""
    draw = FakeDraw()
    room = hand_outs(draw, patience=0.2)
    room.hand_out("a")
    draw.status, draw.body = status, body
    assert key_of(room.hand_out("a")) == "ASIA1"
    assert room.hand_out("b").status == 502, "it must not look like the broker's no"
    draw.is_down = True
    assert key_of(room.hand_out("a")) == "ASIA1"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410])
def test_what_the_broker_says_wins_over_what_was_kept(status: int) -> None:
    draw = FakeDraw()
    room = hand_outs(draw, patience=0.2)
    room.hand_out("a")
    draw.status = status
    refused = room.hand_out("a")
    assert (refused.status, refused.credentials) == (status, {})
    assert refused.error is not None
    assert refused.error.code == "said-no"
    draw.is_down = True
    assert room.hand_out("a").credentials == {}, "a no drops what was kept"


@pytest.mark.parametrize(("life_seconds", "is_served"), [(61, True), (59, False), (-1, False)])
def test_kept_credentials_are_not_served_in_their_last_minute(
    life_seconds: float, is_served: bool
) -> None:
    draw = FakeDraw(life_seconds=life_seconds)
    room = hand_outs(draw, patience=0.2)
    room.hand_out("a")
    draw.is_down = True
    assert (room.hand_out("a").status == 200) is is_served


def test_a_broker_that_restarts_is_waited_for_briefly() -> None:
    draw = FakeDraw(is_down=True)
    room = hand_outs(draw)
    threading.Timer(0.2, lambda: setattr(draw, "is_down", False)).start()
    assert room.hand_out("a").status == 200


def test_the_answer_comes_before_the_sdk_gives_up() -> None:
    started = time.monotonic()
    HandOuts(FakeDraw(is_down=True)).hand_out("a")
    assert time.monotonic() - started < 1.9


def test_a_defect_is_an_internal_error_not_a_hang() -> None:
    answer = hand_outs(FakeDraw(is_broken=True)).hand_out("a")
    assert answer.error is not None
    assert (answer.status, answer.error.code) == (500, "internal-error")


def test_what_could_not_stand_in_a_header_is_not_handed_on() -> None:
    body = credentials_body(1, life_seconds=3600).replace(b'"s"', b'"s\\r\\nX: y"')
    answer = HandOuts(lambda _: (200, body), clock=lambda: NOW).hand_out("a")
    assert (answer.status, answer.credentials) == (503, {})
