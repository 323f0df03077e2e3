"""`valetkey.aws_session`: which run, whose session, and that it raises where there is none."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import valetkey
from tests.fakes.broker_http import FakeBroker, FakeRun, Fault
from valetkey.errors import ValetkeyError
from valetkey.sandbox import aws_session as module
from valetkey.secret import Secret

Session = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VALETKEY_BROKER", raising=False)
    monkeypatch.delenv("VALETKEY_RUN_TOKEN_FILE", raising=False)


@pytest.fixture
def in_run(broker: FakeBroker, run_token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that `valetkey run` gives its child."""
    monkeypatch.setenv("VALETKEY_BROKER", broker.url)
    monkeypatch.setenv("VALETKEY_RUN_TOKEN_FILE", str(run_token_file))


def key_of(session: Any) -> str:
    key: str = session.get_credentials().access_key
    return key


def code(*arguments: Any, **named: Any) -> str:
    with pytest.raises(ValetkeyError) as caught:
        valetkey.aws_session(*arguments, **named)
    assert caught.value.hint
    return caught.value.code


@pytest.mark.usefixtures("in_run")
def test_in_a_run_it_needs_the_grant_alone(broker: FakeBroker) -> None:
    session = valetkey.aws_session("tenant-data")
    assert (key_of(session), session.region_name) == ("ASIAFAKE000000000001", "eu-west-1")
    assert broker.hand_outs["tenant-data"] == 1


def test_a_run_can_be_named(broker: FakeBroker, joined: FakeRun, run_token_file: Path) -> None:
    told: list[dict[str, Any]] = [
        {"run_token_file": run_token_file},
        {"run_token_file": str(run_token_file)},
        {"run_token": joined.tokens[0]},
        {"run_token": Secret(joined.tokens[0])},
    ]
    sessions = [valetkey.aws_session("tenant-data", broker=broker.url, **how) for how in told]
    assert len(set(map(id, sessions))) == 1
    assert broker.hand_outs["tenant-data"] == 1


@pytest.mark.usefixtures("in_run")
def test_what_is_named_wins_over_the_environment(broker: FakeBroker) -> None:
    other = broker.open_run()
    valetkey.aws_session("tenant-data", run_token=other.tokens[0])
    assert set(broker.seen_authorizations) == {f"Bearer {other.tokens[0]}", other.tokens[0]}


def test_where_no_run_was_started_it_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert code("tenant-data") == "run-missing"
    assert code("tenant-data", broker="http://127.0.0.1:1") == "run-missing"
    assert code("tenant-data", run_token="vkr_r-1_x") == "run-missing"
    monkeypatch.setenv("VALETKEY_BROKER", "")
    assert code("tenant-data", run_token="vkr_r-1_x") == "run-missing"


@pytest.mark.usefixtures("in_run")
@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"run_token_file": ""}, "token-file-unreadable"),
        ({"run_token_file": "/nowhere"}, "token-file-unreadable"),
        ({"run_token_file": b"/nowhere"}, "token-file-unreadable"),
        ({"run_token_file": "a\0b"}, "token-file-unreadable"),
        ({"run_token": "with a space"}, "token-illegal"),
        ({"run_token": "\ud800"}, "token-illegal"),
        ({"run_token": "\u00e9"}, "token-illegal"),
        ({"run_token": "with\r\nnewline"}, "token-illegal"),
        ({"broker": ""}, "broker-url-invalid"),
        ({"broker": "http://broker.example"}, "broker-url-insecure"),
        ({"broker": "http://127.0.0.1:1"}, "broker-unreachable"),
        ({"run_token": "x", "run_token_file": "y"}, "run-ambiguous"),
    ],
)
def test_a_run_that_is_named_and_not_to_be_had_is_not_replaced(
    broker: FakeBroker, named: dict[str, Any], expected: str
) -> None:
    """Not by the environment's run, and not by ambient credentials."""
    assert code("tenant-data", **named) == expected
    assert broker.hand_outs["tenant-data"] == 0


@pytest.mark.parametrize("is_set", [False, True])
def test_a_file_is_the_one_that_was_named_wherever_the_program_goes(
    broker: FakeBroker, run_token_file: Path, monkeypatch: pytest.MonkeyPatch, is_set: bool
) -> None:
    monkeypatch.chdir(run_token_file.parent)
    if is_set:
        monkeypatch.setenv("VALETKEY_RUN_TOKEN_FILE", run_token_file.name)
    named = None if is_set else run_token_file.name
    session = valetkey.aws_session("tenant-data", broker=broker.url, run_token_file=named)
    monkeypatch.chdir("/")
    an_hour_on = time.time() + 3700
    broker.life_seconds = 7400
    monkeypatch.setattr(time, "time", lambda: an_hour_on)
    assert key_of(session) == "ASIAFAKE000000000002"


@pytest.mark.usefixtures("in_run")
def test_an_empty_token_is_no_token(broker: FakeBroker) -> None:
    """Lesson 26."""
    with pytest.raises(ValetkeyError):
        valetkey.aws_session("tenant-data", run_token="")
    assert broker.requests == []


@pytest.mark.usefixtures("in_run")
@pytest.mark.parametrize("grant", ["", "../self", "a/b", "-x", "a b", "x" * 65])
def test_a_grants_name_is_checked_before_it_is_in_a_url(broker: FakeBroker, grant: str) -> None:
    assert code(grant) == "grant-name-invalid"
    assert broker.requests == []


@pytest.mark.usefixtures("in_run")
def test_a_grant_that_the_run_has_not_is_refused(broker: FakeBroker) -> None:
    assert code("other") == "grant-unknown"


@pytest.mark.usefixtures("in_run")
def test_the_brokers_no_is_raised_by_the_call_itself(broker: FakeBroker) -> None:
    broker.revoke_all()
    assert code("tenant-data") == "run-revoked"


@pytest.mark.usefixtures("in_run")
def test_a_run_that_ended_since_the_last_call_is_said_by_the_next_one(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    valetkey.aws_session("tenant-data")
    broker.revoke_all()
    an_hour_on = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: an_hour_on)
    assert code("tenant-data") == "run-revoked"


@pytest.mark.usefixtures("in_run")
def test_a_broker_that_is_down_is_said_and_asked_again_next_time(broker: FakeBroker) -> None:
    broker.fault = Fault()
    with pytest.raises(ValetkeyError) as caught:
        valetkey.aws_session("tenant-data")
    assert caught.value.code == "broker-down"
    broker.fault = None
    assert key_of(valetkey.aws_session("tenant-data"))


@pytest.mark.usefixtures("in_run")
def test_20_threads_build_one(broker: FakeBroker) -> None:
    """One draw; boto3's sessions are not safe in threads, so each thread has one of its own."""
    broker.delay_seconds = 0.1
    start = threading.Barrier(20)

    def build() -> tuple[Any, Any, str]:
        start.wait(10)
        session = valetkey.aws_session("tenant-data")
        return session, valetkey.aws_session("tenant-data"), key_of(session)

    with ThreadPoolExecutor(20) as pool:
        built = [each.result(60) for each in [pool.submit(build) for _ in range(20)]]
    assert broker.hand_outs["tenant-data"] == 1
    assert len(broker.requests) == 2
    assert {key for _, _, key in built} == {"ASIAFAKE000000000001"}
    assert all(first is second for first, second, _ in built)
    assert len({id(first) for first, _, _ in built}) == 20


def test_two_runs_in_one_process_stay_two(broker: FakeBroker) -> None:
    """Lesson 9: a session that is global to the process serves the second task the first's."""
    tokens = [broker.open_run().tokens[0] for _ in range(2)]

    def keys(token: str) -> set[str]:
        return {
            key_of(valetkey.aws_session("tenant-data", broker=broker.url, run_token=token))
            for _ in range(50)
        }

    with ThreadPoolExecutor(8) as pool:
        found = [(token, pool.submit(keys, token)) for token in tokens * 8]
        by_token: dict[str, set[str]] = {}
        for token, each in found:
            by_token.setdefault(token, set()).update(each.result(60))
    first, second = by_token.values()
    assert len(first) == len(second) == 1
    assert first != second
    assert broker.hand_outs["tenant-data"] == 2


def test_a_new_run_in_the_same_file_is_a_new_session(
    broker: FakeBroker, joined: FakeRun, run_token_file: Path
) -> None:
    def session() -> Any:
        return valetkey.aws_session("tenant-data", broker=broker.url, run_token_file=run_token_file)

    before = session()
    run_token_file.write_text(broker.open_run().tokens[0])
    after = session()
    assert (after is before, key_of(after) == key_of(before)) == (False, False)


@pytest.mark.usefixtures("in_run")
def test_the_region_and_the_endpoint_are_the_grants(broker: FakeBroker) -> None:
    broker.grants["tenant-data"] = {"region": "eu-north-1", "endpoint_url": "http://127.0.0.1:9"}
    session = valetkey.aws_session("tenant-data")
    assert session.region_name == "eu-north-1"
    assert session.client("s3").meta.endpoint_url == "http://127.0.0.1:9"
    assert valetkey.aws_session("tenant-data", region="us-east-1").region_name == "us-east-1"
    assert valetkey.aws_session("tenant-data") is session
    assert broker.hand_outs["tenant-data"] == 1


@pytest.mark.usefixtures("in_run")
def test_nothing_is_written_to_the_environment(broker: FakeBroker) -> None:
    """Lesson 8: whatever the agent spawns would inherit it."""
    before = dict(os.environ)
    session = valetkey.aws_session("tenant-data")
    session.client("s3").generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert dict(os.environ) == before


def test_a_thread_keeps_few_sessions(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_SESSIONS", 2)
    tokens = [broker.open_run().tokens[0] for _ in range(3)]

    def session(token: str) -> Any:
        return valetkey.aws_session("tenant-data", broker=broker.url, run_token=token)

    first, second, _ = (session(token) for token in tokens)
    assert session(tokens[1]) is second
    assert session(tokens[0]) is not first
    assert broker.hand_outs["tenant-data"] == 3
