"""The broker inside a command: the same use cases and records, no thread before it may have one."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.platform import Clock, grant
from tests.fakes.sts import FakeSts
from valetkey.audit import Verified
from valetkey.aws import AmbientAws, AwsError
from valetkey.errors import ValetkeyError
from valetkey.secret import Secret
from valetkey.settings.local import LocalGrant
from valetkey.store import LogReader
from valetkey.wiring.in_process import STORE, InProcessBroker
from valetkey.wiring.own_run import InProcessRun

HOUR = 3600
BUSY = AwsError("aws-unreachable", "STS can't be reached", retryable=True)


class Sts(FakeSts):
    async def caller_arn(self, profile: str | None = None) -> str:
        return f"arn:aws:iam::111122223333:user/{profile}"


class Here:
    """A broker of this process over a fake STS and a clock that tests move."""

    def __init__(self, home: Path, *grants: LocalGrant) -> None:
        self.clock = Clock()
        self.sts = Sts(self.clock)
        self.home = home
        self.broker = InProcessBroker(
            grants or (LocalGrant(grant(), {}),),
            home=home,
            clock=self.clock,
            connect_sts=self._connect,
        )

    def _connect(self, ambient: AmbientAws, http: aiohttp.ClientSession) -> Sts:
        return self.sts

    def records(self) -> list[dict[str, Any]]:
        with LogReader(self.home / STORE) as log:
            assert isinstance(log.verify(), Verified)
            return [json.loads(leaf.leaf) for leaf in log.leaves(after=-1)]

    def life(self, token: Secret) -> float:
        """Draw as the sidecar does; return how long the credentials still live."""
        status, body = self.broker.draw("tenant-data", token)
        document = json.loads(body)
        assert status == 200, document
        return datetime.fromisoformat(document["Expiration"]).timestamp() - self.clock()


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ValetkeyError) as caught:
        call()
    return caught.value.code


def test_every_step_is_on_record_as_a_brokers_are(here: Here) -> None:
    opened = here.broker.open_run()
    here.broker.fetch("tenant-data", opened.token)
    here.broker.end_run(opened.token)
    assert [record["kind"] for record in here.records()] == [
        "broker-started",
        "run-opened",
        "credentials-vended",
        "credentials-handed-out",
        "run-ended",
    ]


def test_the_record_of_the_start_tells_grants_with_other_tags_apart(tmp_path: Path) -> None:
    """Two configurations that draw differently must not look the same to who reads the log."""
    for user in ("alice", "bob", "alice"):
        Here(tmp_path, LocalGrant(grant(), {"user_id": user})).broker.open_run()
    starts = [r for r in Here(tmp_path).records() if r["kind"] == "broker-started"]
    first, second, third = (record["config_digest"] for record in starts)
    assert first == third != second


def test_a_refusal_of_aws_is_on_record_and_keeps_its_own_error(here: Here) -> None:
    opened = here.broker.open_run()
    here.sts.failure = AwsError("aws-access-denied", "AWS refused", detail="AccessDenied: words")
    with pytest.raises(AwsError) as caught:
        here.broker.fetch("tenant-data", opened.token)
    assert (caught.value.code, caught.value.detail) == ("aws-access-denied", "AccessDenied: words")
    assert here.records()[-1]["code"] == "aws-access-denied"


def test_what_the_sidecar_is_told_has_no_words_of_aws(here: Here) -> None:
    """Lesson 41."""
    opened = here.broker.open_run()
    here.sts.failure = AwsError("aws-access-denied", "AWS refused", detail="AccessDenied: words")
    status, body = here.broker.draw("tenant-data", opened.token)
    assert (status, json.loads(body)["code"]) == (503, "aws-access-denied")
    assert b"words" not in body


def test_before_start_no_thread_is_left_so_that_a_command_may_be_forked(here: Here) -> None:
    before = set(threading.enumerate())
    opened = here.broker.open_run()
    here.broker.fetch("tenant-data", opened.token)
    here.sts.failure = None
    assert set(threading.enumerate()) == before


def test_who_asks_is_told_by_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[profile work]\naws_access_key_id=AKIA\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    here = Here(tmp_path, LocalGrant(grant(profile="work"), {}))
    assert code_of(here.broker.caller_arn).startswith("aws-"), "half a key is none"
    with (tmp_path / "config").open("a") as file:
        file.write("aws_secret_access_key=secret\n")
    assert here.broker.caller_arn().endswith("user/work")


def test_what_was_fetched_before_start_is_served_after_it(here: Here) -> None:
    opened = here.broker.open_run()
    here.broker.fetch("tenant-data", opened.token)
    run = InProcessRun(here.broker, opened.token)
    run.start()
    try:
        assert run.draw("tenant-data")[0] == 200
    finally:
        run.close()
    assert len(here.sts.asked) == 1
    run.end()
    assert here.records()[-1]["kind"] == "run-ended"


def test_a_run_that_ended_draws_nothing(here: Here) -> None:
    opened = here.broker.open_run()
    here.broker.end_run(opened.token)
    status, body = here.broker.draw("tenant-data", opened.token)
    assert (status, json.loads(body)["code"]) == (403, "run-ended")
    assert here.sts.asked == []


def test_eight_hours_under_one_command_are_a_dozen_calls_and_never_short(here: Here) -> None:
    """Role chaining ends each session at an hour; STS fails now and then; nobody notices."""
    opened = here.broker.open_run()
    here.broker.start()
    try:
        shortest = float("inf")
        for minute in range(8 * 60):
            here.sts.failure = BUSY if minute and minute % 40 < 3 else None
            shortest = min(shortest, here.life(opened.token))
            here.clock.now += 60
        failed = sum(record["kind"] == "vend-failed" for record in here.records())
    finally:
        here.broker.close()
    vended = sum(record["kind"] == "credentials-vended" for record in here.records())
    assert shortest > 15 * 60
    assert 8 <= vended <= 16, "one in 40 minutes, not one a call"
    assert failed > 0


def test_after_a_sleep_past_expiry_the_next_call_gets_new_credentials(here: Here) -> None:
    opened = here.broker.open_run()
    here.broker.start()
    try:
        first = here.broker.fetch("tenant-data", opened.token)
        here.clock.now += 9 * HOUR
        here.sts.failure = BUSY  # the network comes back later than the machine
        status, body = here.broker.draw("tenant-data", opened.token)
        assert (status, json.loads(body)["code"]) == (503, "aws-unreachable")
        here.sts.failure = None
        here.clock.now += 5
        second = here.broker.fetch("tenant-data", opened.token)
        assert first["AccessKeyId"] != second["AccessKeyId"]
        assert here.life(opened.token) > 15 * 60
    finally:
        here.broker.close()


def test_two_commands_share_one_log(tmp_path: Path) -> None:
    first, second = Here(tmp_path), Here(tmp_path)
    runs = [first.broker.open_run(), second.broker.open_run()]
    first.broker.start()
    second.broker.start()
    try:
        for _ in range(5):
            assert first.life(runs[0].token) > 0
            assert second.life(runs[1].token) > 0
    finally:
        first.broker.close()
        second.broker.close()
    used = [r["run"] for r in first.records() if r["kind"] == "credentials-handed-out"]
    assert used.count(runs[0].view.id) == used.count(runs[1].view.id) == 5


def test_a_token_of_one_run_does_not_draw_for_another(here: Here) -> None:
    first, second = here.broker.open_run(), here.broker.open_run()
    mixed = Secret(
        f"vkr_{second.view.id}_{first.token.reveal().rpartition('_')[2]}"[: len("vkr_") + 28]
        + first.token.reveal()[len("vkr_") + 28 :]
    )
    status, body = here.broker.draw("tenant-data", mixed)
    assert (status, json.loads(body)["code"]) == (401, "run-token")


def test_two_grants_that_tag_differently_are_not_one_run(tmp_path: Path) -> None:
    alice = LocalGrant(grant(), {"user_id": "alice", "team": "x"})
    bob = LocalGrant(grant("other"), {"user_id": "bob"})
    assert code_of(lambda: Here(tmp_path, alice, bob)) == "grant-tags-differ"


def test_two_grants_at_two_endpoints_are_not_one_run(tmp_path: Path) -> None:
    real, local = LocalGrant(grant(), {}), LocalGrant(grant("other", endpoint_url="http://l"), {})
    assert code_of(lambda: Here(tmp_path, real, local)) == "grant-endpoints-differ"


def test_a_grants_profile_is_used_whatever_the_shell_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lesson 27, the other way round: AWS_PROFILE of a later shell must not be in the way."""
    (tmp_path / "config").write_text("[profile work]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "gone")
    Here(tmp_path, LocalGrant(grant(profile="work"), {})).broker.open_run()
    assert code_of(lambda: Here(tmp_path)) == "aws-profile-unknown"


def test_the_tags_of_all_grants_are_the_runs(tmp_path: Path) -> None:
    here = Here(
        tmp_path,
        LocalGrant(grant(), {"user_id": "alice"}),
        LocalGrant(grant("other"), {"user_id": "alice", "team": "x"}),
    )
    opened = here.broker.open_run()
    here.broker.fetch("other", opened.token)
    assert here.sts.asked[0].tags == {
        "user_id": "alice",
        "team": "x",
        "valetkey_run": opened.view.id,
    }


def test_a_home_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / STORE).mkdir()
    here = Here(tmp_path)
    assert code_of(here.broker.open_run).startswith("store-")
    assert code_of(here.broker.start).startswith("store-")
    here.broker.close()
