"""Which run a token is of, and what is asked of the broker with it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.sandbox.conftest import write_private
from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import (
    BrokerUnavailableError,
    RunChangedError,
    SandboxError,
    TokenRefusedError,
)
from valetkey.sandbox.run_access import MAX_TOKENS, RunAccess, claimed_run, prove
from valetkey.sandbox.run_grant import RunGrant, RunView
from valetkey.sandbox.run_token import FiledRunToken, HeldRunToken, RunToken
from valetkey.secret import Secret

GRANT = RunGrant("tenant-data", "eu-west-1", endpoint_url=None, credentials_url="x")
MEMBERS = {
    "AccessKeyId": "ASIA1",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2027-01-15T09:00:00Z",
    "AccountId": "111122223333",
}
BODY = json.dumps(MEMBERS).encode()
SLOW = (503, b'{"code": "aws-slow"}')


@dataclass
class FakeBroker:
    """A broker that knows one run; it gives `answers` in turn, then credentials."""

    run: str = "r-1"
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def describe_run(self, run_token: Secret) -> RunView:
        self.seen.append(f"describe {run_token.reveal()}")
        return RunView(self.run, (GRANT,), expires_at="2027-01-15T16:00:00Z")

    def draw(self, grant: str, run_token: Secret) -> tuple[int, bytes]:
        self.seen.append(f"draw {grant} {run_token.reveal()}")
        return self.answers.pop(0) if self.answers else (200, BODY)


def access(broker: FakeBroker, token: RunToken) -> RunAccess:
    return prove(broker, token, shown=token.current(), grant="tenant-data")


def held(text: str = "vkr_r-1_x") -> HeldRunToken:
    return HeldRunToken(Secret(text))


def code_of(caught: pytest.ExceptionInfo[ValetkeyError]) -> str:
    return caught.value.code


@pytest.mark.parametrize("token", ["vkr_r-1_a", "vkr_r-1_b_c"])
def test_a_run_token_says_which_run_it_is_of(token: str) -> None:
    assert claimed_run(Secret(token)) == "r-1"


@pytest.mark.parametrize("token", ["sidecar-token", "vkr_", "vkr__x", "vkr_r-1", "xvkr_r-1_a", ""])
def test_any_other_token_is_its_own_run(token: str) -> None:
    claimed = claimed_run(Secret(token))
    assert claimed.startswith("sha256:")
    assert claimed != claimed_run(Secret(token + "y"))
    assert not token or token not in claimed


def test_what_is_drawn_is_what_the_broker_said() -> None:
    drawn = access(FakeBroker(), held()).draw(5.0)
    assert (drawn.access_key_id, drawn.account_id) == ("ASIA1", "111122223333")
    assert (drawn.secret_access_key.reveal(), drawn.session_token.reveal()) == ("s", "t")
    assert (drawn.expiration, drawn.drawn_at) == (1_800_003_600.0, 5.0)


@pytest.mark.parametrize("expiration", ["soon", "2027-01-15T09:00:00", "9", "2027-13-01T00:00:00Z"])
def test_an_expiration_that_is_no_instant_is_no_answer(expiration: str) -> None:
    body = json.dumps(MEMBERS | {"Expiration": expiration}).encode()
    with pytest.raises(BrokerUnavailableError) as caught:
        access(FakeBroker(answers=[(200, body)]), held()).draw(0.0)
    assert code_of(caught) == "broker-answer-unreadable"


def test_a_token_that_the_broker_says_is_another_runs_is_refused() -> None:
    with pytest.raises(RunChangedError):
        access(FakeBroker(run="r-2"), held("vkr_r-1_x"))


def test_a_sidecars_token_is_of_the_run_that_it_describes() -> None:
    assert access(FakeBroker(run="r-2"), held("sidecar-token")).grant is GRANT


def test_a_grant_that_the_run_has_not_is_refused_before_a_draw() -> None:
    broker = FakeBroker()
    with pytest.raises(SandboxError) as caught:
        prove(broker, held(), shown=Secret("vkr_r-1_x"), grant="other")
    assert code_of(caught) == "grant-unknown"
    assert broker.seen == ["describe vkr_r-1_x"]


def test_the_token_file_is_read_anew_at_each_draw(tmp_path: Path) -> None:
    broker, path = FakeBroker(), write_private(tmp_path / "t", "vkr_r-1_a")
    opened = access(broker, FiledRunToken(str(path)))
    path.write_text("vkr_r-1_b")
    opened.draw(0.0)
    assert broker.seen[-1] == "draw tenant-data vkr_r-1_b"
    assert opened.knows(Secret("vkr_r-1_b"))
    assert not opened.knows(Secret("vkr_r-1_a"))


def test_a_file_that_holds_another_runs_token_by_now_is_refused(tmp_path: Path) -> None:
    """Lesson 9: the second task must not run on under the first one's name."""
    broker, path = FakeBroker(), write_private(tmp_path / "t", "vkr_r-1_a")
    opened = access(broker, FiledRunToken(str(path)))
    path.write_text("vkr_r-2_a")
    with pytest.raises(RunChangedError) as caught:
        opened.draw(0.0)
    assert code_of(caught) == "run-changed"
    assert broker.seen == ["describe vkr_r-1_a"]


@pytest.mark.parametrize(("slow", "draws"), [(0, 1), (1, 2), (2, 3)])
def test_an_answer_that_says_ask_again_is_asked_for_again(slow: int, draws: int) -> None:
    broker = FakeBroker(answers=[SLOW] * slow)
    access(broker, held()).draw(0.0)
    assert len(broker.seen) == 1 + draws


def test_it_asks_three_times_and_no_more() -> None:
    broker = FakeBroker(answers=[SLOW] * 3)
    with pytest.raises(BrokerUnavailableError) as caught:
        access(broker, held()).draw(0.0)
    assert code_of(caught) == "aws-slow"


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_any_other_answer_is_said_at_once(status: int) -> None:
    broker = FakeBroker(answers=[(status, b'{"code": "said-no"}')])
    with pytest.raises(SandboxError) as caught:
        access(broker, held()).draw(0.0)
    assert (code_of(caught), len(broker.seen)) == ("said-no", 2)


REFUSED = (401, b'{"code": "run-token"}')


def test_the_last_token_that_was_named_is_tried_first() -> None:
    broker = FakeBroker()
    first, second = access(broker, held("vkr_r-1_a")), access(broker, held("vkr_r-1_b"))
    assert first.adopt(second)
    first.draw(0.0)
    assert broker.seen[-1] == "draw tenant-data vkr_r-1_b"


def test_a_file_that_is_gone_does_not_take_the_other_tokens_along(tmp_path: Path) -> None:
    """A worker with a folder for each job names one run's token by many paths."""
    broker = FakeBroker()
    paths = [write_private(tmp_path / name, "vkr_r-1_a") for name in "ab"]
    opened = access(broker, FiledRunToken(str(paths[0])))
    opened.add(FiledRunToken(str(paths[1])))
    paths[1].unlink()
    opened.draw(0.0)
    assert broker.seen[-1] == "draw tenant-data vkr_r-1_a"


def test_a_file_of_another_run_by_now_does_not_take_the_other_tokens_along(tmp_path: Path) -> None:
    broker, path = FakeBroker(), write_private(tmp_path / "t", "vkr_r-1_a")
    opened = access(broker, held("vkr_r-1_a"))
    opened.add(FiledRunToken(str(path)))
    path.write_text("vkr_r-2_a")
    opened.draw(0.0)
    assert broker.seen[-1] == "draw tenant-data vkr_r-1_a"


def test_a_token_that_was_rotated_away_does_not_hide_the_file_with_the_new_one(
    tmp_path: Path,
) -> None:
    broker, path = FakeBroker(answers=[REFUSED]), write_private(tmp_path / "t", "vkr_r-1_a")
    opened = access(broker, FiledRunToken(str(path)))
    opened.add(held("vkr_r-1_a"))
    path.write_text("vkr_r-1_b")
    opened.draw(0.0)
    assert broker.seen[-2:] == ["draw tenant-data vkr_r-1_a", "draw tenant-data vkr_r-1_b"]
    assert opened.knows(Secret("vkr_r-1_b"))


def test_a_token_in_memory_that_was_rotated_away_is_asked_with_once(tmp_path: Path) -> None:
    """Each refusal is a record in the audit log, where shared tokens are looked for."""
    broker, path = FakeBroker(answers=[REFUSED]), write_private(tmp_path / "t", "vkr_r-1_b")
    opened = access(broker, FiledRunToken(str(path)))
    opened.add(held("vkr_r-1_a"))
    for _ in range(3):
        opened.draw(0.0)
    assert [seen for seen in broker.seen if seen.endswith("_a")] == ["draw tenant-data vkr_r-1_a"]


@pytest.mark.parametrize(
    ("status", "code"), [(403, "run-revoked"), (404, "grant-unknown"), (503, "broker-down")]
)
def test_what_the_broker_says_of_the_run_is_not_asked_again_with_another_token(
    status: int, code: str
) -> None:
    """Invariant 6: only a 401 is a word on the token alone."""
    broker = FakeBroker(answers=[(status, json.dumps({"code": code}).encode())])
    opened = access(broker, held("vkr_r-1_a"))
    opened.add(held("vkr_r-1_b"))
    with pytest.raises(SandboxError) as caught:
        opened.draw(0.0)
    assert (code_of(caught), len(broker.seen)) == (code, 2)


def test_where_no_token_is_good_the_brokers_word_is_said(tmp_path: Path) -> None:
    broker = FakeBroker(answers=[REFUSED])
    opened = access(broker, held("vkr_r-1_a"))
    opened.add(FiledRunToken(str(tmp_path / "gone")))
    with pytest.raises(TokenRefusedError) as caught:
        opened.draw(0.0)
    assert code_of(caught) == "run-token"


def test_where_no_token_is_there_the_last_that_was_named_is_said(tmp_path: Path) -> None:
    path = write_private(tmp_path / "first", "vkr_r-1_a")
    opened = access(FakeBroker(), FiledRunToken(str(path)))
    path.unlink()
    opened.add(FiledRunToken(str(tmp_path / "second")))
    with pytest.raises(SandboxError, match="second") as caught:
        opened.draw(0.0)
    assert code_of(caught) == "token-file-unreadable"


def test_a_token_is_asked_with_once_however_often_it_was_named(tmp_path: Path) -> None:
    broker = FakeBroker(answers=[REFUSED] * 9)
    opened = access(broker, held("vkr_r-1_a"))
    for name in "abc":
        opened.add(FiledRunToken(str(write_private(tmp_path / name, "vkr_r-1_a"))))
        assert not opened.add(held("vkr_r-1_a"))
    with pytest.raises(TokenRefusedError):
        opened.draw(0.0)
    assert len(broker.seen) == 2


def test_no_more_tokens_are_tried_than_a_few() -> None:
    broker = FakeBroker(answers=[REFUSED] * 99)
    opened = access(broker, held())
    for number in range(3 * MAX_TOKENS):
        opened.add(held(f"vkr_r-1_{number}"))
    with pytest.raises(TokenRefusedError):
        opened.draw(0.0)
    assert len(broker.seen) - 1 == MAX_TOKENS


def test_what_could_not_stand_in_a_header_is_not_signed_with() -> None:
    body = json.dumps(MEMBERS | {"Token": "t\r\nX-Evil: 1"}).encode()
    with pytest.raises(BrokerUnavailableError) as caught:
        access(FakeBroker(answers=[(200, body)]), held()).draw(0.0)
    assert code_of(caught) == "broker-answer-unreadable"
