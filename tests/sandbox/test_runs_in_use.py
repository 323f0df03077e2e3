"""What one process shares of its runs, and with whom."""

import _thread
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fakes.broker_http import FakeBroker, FakeRun, Fault
from tests.sandbox.conftest import write_private
from valetkey.errors import ValetkeyError
from valetkey.sandbox import runs_in_use
from valetkey.sandbox.broker_client import BrokerClient
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.run_token import FiledRunToken, HeldRunToken
from valetkey.sandbox.runs_in_use import RunsInUse, Shared
from valetkey.secret import Secret


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Here:
    """One process's runs at one broker."""

    def __init__(self, broker: FakeBroker) -> None:
        self.broker, self.clock = broker, Clock()
        self.runs = RunsInUse(BrokerClient, clock=self.clock)

    def share(self, token: str, grant: str = "tenant-data") -> Shared:
        return self.runs.share(self.broker.url, HeldRunToken(Secret(token)), grant=grant)

    def code(self, token: str) -> str:
        with pytest.raises(ValetkeyError) as caught:
            self.share(token)
        return caught.value.code

    def asked(self) -> list[str]:
        return [path for _, path, _ in self.broker.requests]

    @property
    def draws(self) -> int:
        return self.broker.hand_outs["tenant-data"]


@pytest.fixture
def here(broker: FakeBroker) -> Here:
    return Here(broker)


def another_token(run: FakeRun) -> str:
    """Rotate the token of `run`; the old one is not good any more."""
    run.tokens[:] = [f"{run.tokens[0][:-3]}{len(run.tokens)}zz"]
    return run.tokens[0]


def test_all_who_ask_share_one_draw(here: Here, joined: FakeRun) -> None:
    first, second = here.share(joined.tokens[0]), here.share(joined.tokens[0])
    assert first is second
    assert here.asked() == ["/v1/runs/self", "/v1/credentials/tenant-data"]


def test_20_threads_that_ask_at_once_make_one_draw(here: Here, joined: FakeRun) -> None:
    here.broker.delay_seconds = 0.1
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(here.share, joined.tokens[0]) for _ in range(20)]
        assert len({id(each.result(10)) for each in asked}) == 1
    assert (here.draws, len(here.asked())) == (1, 2)


def test_20_threads_that_are_refused_ask_once(here: Here, joined: FakeRun) -> None:
    here.broker.delay_seconds = 0.1
    here.broker.revoke_all()
    with ThreadPoolExecutor(20) as pool:
        codes = [pool.submit(here.code, joined.tokens[0]) for _ in range(20)]
        assert {each.result(10) for each in codes} == {"run-revoked"}
    assert len(here.asked()) == 1


def test_two_runs_in_one_process_share_nothing(here: Here) -> None:
    """Lesson 9."""
    tokens = [here.broker.open_run().tokens[0] for _ in range(2)]
    first, second = (here.share(token) for token in tokens)
    assert first is not second
    keys = {shared.credentials.current().access_key_id for shared in (first, second)}
    assert (len(keys), here.draws) == (2, 2)
    assert here.broker.seen_authorizations[-1] == tokens[1]


def test_a_runs_id_opens_nothing(here: Here, joined: FakeRun) -> None:
    """The id is in session names and logs: who knows it must not get what another drew."""
    here.share(joined.tokens[0])
    assert here.code(f"vkr_{joined.id}_{'x' * 43}") == "run-token-invalid"
    assert here.draws == 1


def test_a_forged_token_that_comes_first_spoils_nothing(here: Here, joined: FakeRun) -> None:
    here.broker.delay_seconds = 0.2
    with ThreadPoolExecutor(2) as pool:
        forged = pool.submit(here.code, f"vkr_{joined.id}_{'x' * 43}")
        time.sleep(0.05)
        assert pool.submit(here.share, joined.tokens[0]).result(10)
        assert forged.result(10) == "run-token-invalid"


def test_a_rotated_token_is_proven_and_draws_nothing_anew(here: Here, joined: FakeRun) -> None:
    first = here.share(joined.tokens[0])
    assert here.share(another_token(joined)) is first
    assert (here.draws, here.asked()[-1]) == (1, "/v1/runs/self")


def test_after_a_rotation_the_new_token_is_what_is_sent(here: Here, joined: FakeRun) -> None:
    shared = here.share(joined.tokens[0])
    newer = another_token(joined)
    here.share(newer)
    here.clock.ahead = 3600
    here.broker.life_seconds = 7200
    shared.credentials.current()
    assert here.broker.seen_authorizations[-1] == newer


def test_a_run_that_is_over_is_asked_for_anew(here: Here, joined: FakeRun) -> None:
    shared = here.share(joined.tokens[0])
    here.broker.revoke_all()
    here.clock.ahead = 3600
    with pytest.raises(SandboxError):
        shared.credentials.current()
    asked = len(here.asked())
    assert here.code(joined.tokens[0]) == "run-revoked"
    assert len(here.asked()) == asked + 1


def test_a_failure_is_not_kept(here: Here, joined: FakeRun) -> None:
    here.broker.fault = Fault()
    assert here.code(joined.tokens[0]) == "broker-down"
    here.broker.fault = None
    assert here.share(joined.tokens[0])


def test_a_file_with_another_runs_token_is_another_run(here: Here, tmp_path: Path) -> None:
    first, second = here.broker.open_run(), here.broker.open_run()
    path = write_private(tmp_path / "token", first.tokens[0])
    token = FiledRunToken(str(path))
    before = here.runs.share(here.broker.url, token, grant="tenant-data")
    path.write_text(second.tokens[0])
    after = here.runs.share(here.broker.url, token, grant="tenant-data")
    assert after is not before
    here.clock.ahead = 3600
    here.broker.life_seconds = 7200
    with pytest.raises(SandboxError) as caught:
        before.credentials.current()
    assert caught.value.code == "run-changed"
    assert after.credentials.current()


@pytest.fixture
def two_paths(joined: FakeRun, tmp_path: Path) -> list[Path]:
    """Two files with one run's token."""
    return [write_private(tmp_path / name, joined.tokens[0]) for name in ("job-1", "job-2")]


def test_a_token_file_that_goes_away_ends_nobody_elses_session(
    here: Here, joined: FakeRun, two_paths: list[Path]
) -> None:
    """A worker with a folder for each job of one run meets this an hour later."""
    shared = [
        here.runs.share(here.broker.url, FiledRunToken(str(path)), grant="tenant-data")
        for path in two_paths
    ]
    assert shared[0] is shared[1]
    for gone in two_paths:
        gone.unlink()
        here.clock.ahead += 3600
        here.broker.life_seconds += 3600
        shared[0].credentials.current()
        gone.touch(mode=0o600)
        gone.write_text(joined.tokens[0])


def test_a_good_token_is_asked_with_at_once_where_the_files_of_others_are_gone(
    here: Here, joined: FakeRun, two_paths: list[Path]
) -> None:
    shared = here.runs.share(here.broker.url, FiledRunToken(str(two_paths[0])), grant="tenant-data")
    two_paths[0].unlink()
    here.clock.ahead = 3600
    here.broker.life_seconds = 7200
    with pytest.raises(SandboxError, match="job-1"):
        shared.credentials.current()
    assert here.share(joined.tokens[0]) is shared
    assert shared.credentials.current()


def test_a_file_that_is_named_after_its_token_is_where_the_token_rotates(
    here: Here, joined: FakeRun, two_paths: list[Path]
) -> None:
    here.share(joined.tokens[0])
    token = FiledRunToken(str(two_paths[0]))
    shared = here.runs.share(here.broker.url, token, grant="tenant-data")
    two_paths[0].write_text(another_token(joined))
    here.clock.ahead = 3600
    here.broker.life_seconds = 7200
    assert shared.credentials.current()


def test_runs_that_are_over_and_the_least_used_are_forgotten(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_in_use, "MAX_SHARED", 3)
    tokens = [here.broker.open_run().tokens[0] for _ in range(5)]
    kept = [here.share(token) for token in tokens[:3]]
    here.share(tokens[0])
    here.share(tokens[3])
    assert len(here.runs) == 3
    assert here.share(tokens[0]) is kept[0]
    assert here.share(tokens[1]) is not kept[1]
    here.clock.ahead = 3600
    here.broker.life_seconds = 7200
    here.share(tokens[4])
    assert len(here.runs) == 1


def test_a_forgotten_run_goes_on_for_who_has_it(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_in_use, "MAX_SHARED", 1)
    shared = here.share(here.broker.open_run().tokens[0])
    here.share(here.broker.open_run().tokens[0])
    here.clock.ahead = 3600
    here.broker.life_seconds = 7200
    assert shared.credentials.current()


def test_no_thread_is_left_when_all_is_drawn(here: Here, joined: FakeRun) -> None:
    before = _thread._count()
    here.share(joined.tokens[0])
    until = time.monotonic() + 5
    while time.monotonic() < until and _thread._count() > before:
        time.sleep(0.01)
    assert _thread._count() <= before
