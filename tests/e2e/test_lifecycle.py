"""A run's states over HTTP, over restarts, and what a run that is over gets: nothing."""

import json
import signal
import sqlite3
import time

import pytest

from tests.e2e.conftest import MakeBroker
from tests.e2e.processes import VALETKEY, bare, run
from tests.e2e.world import DELIVERIES, GRANT, AwsSide, Broker, Grant, OpenRun

pytestmark = pytest.mark.xdist_group("e2e-lifecycle")


def refusals(broker: Broker, opened: OpenRun) -> list[str]:
    return [leaf["code"] for leaf in broker.leaves("hand-out-refused", opened.id)]


def expire(broker: Broker, opened: OpenRun) -> None:
    """Let a run's time be over: the broker is down meanwhile, as nobody waits a minute here."""
    broker.server.end()
    connection = sqlite3.connect(broker.store)
    with connection:
        connection.execute(
            "UPDATE runs SET expires_at = ? WHERE id = ?", (int(time.time()) - 1, opened.id)
        )
    connection.close()
    broker.server.restart()


def test_a_revoked_run_is_refused_with_its_reason(broker: Broker) -> None:
    """Invariant 6: held credentials are not handed out again either."""
    opened = broker.open()
    assert broker.draw(opened)[0] == 200
    broker.revoke(opened)
    status, problem = broker.draw(opened)
    assert (status, problem["code"]) == (403, "run-revoked")
    assert refusals(broker, opened) == ["run-revoked"]


def test_an_ended_run_is_refused(broker: Broker) -> None:
    opened = broker.open()
    assert broker.draw(opened)[0] == 200
    done = broker.command("runs", "end", opened.id, caller=broker.orchestrator)
    assert done.returncode == 0, done.stderr
    status, problem = broker.draw(opened)
    assert (status, problem["code"]) == (403, "run-ended")


def test_an_expired_run_is_refused(make_broker: MakeBroker) -> None:
    broker = make_broker()
    opened, other = broker.open(), broker.open()
    expire(broker, opened)
    status, problem = broker.draw(opened)
    assert (status, problem["code"]) == (403, "run-expired")
    assert broker.draw(other)[0] == 200
    assert refusals(broker, opened) == ["run-expired"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_keeps_its_policy_over_a_restart(
    make_broker: MakeBroker, aws: AwsSide, number: signal.Signals
) -> None:
    """Invariant 7, lesson 30: the configuration's grant changed while the broker was down."""
    broker = make_broker(grants=(Grant(aws.world.role_arn, duration="1h"),))
    before = broker.open()
    assert broker.draw(before)[0] == 200
    broker.configure((Grant(aws.world.role_arn, duration="20m"),))
    broker.server.restart(number)
    after = broker.open()
    assert broker.draw(before)[0] == broker.draw(after)[0] == 200
    versions = [
        leaf["policy_version"]
        for opened in (before, after)
        for leaf in broker.leaves("run-opened", opened.id)
    ]
    assert len(set(versions)) == 2
    vended = [
        [leaf["duration"] for leaf in broker.leaves("credentials-vended", opened.id)]
        for opened in (before, after)
    ]
    assert vended == [[3600, 3600], [1200]]
    broker.verify_log()


def test_a_run_whose_grant_left_the_configuration_is_served_under_its_own(
    make_broker: MakeBroker, aws: AwsSide
) -> None:
    broker = make_broker()
    opened = broker.open()
    broker.configure((Grant(aws.world.role_arn, name="another"),))
    broker.server.restart()
    assert broker.draw(opened)[0] == 200
    assert broker.draw(opened, "another")[1]["code"] == "grant-not-of-run"
    assert broker.draw(broker.open())[1]["code"] == "grant-not-of-run"


@pytest.mark.slow
@pytest.mark.parametrize("way", DELIVERIES)
def test_an_agent_works_on_over_a_restart_of_the_broker(make_broker: MakeBroker, way: str) -> None:
    broker = make_broker()
    opened = broker.open()
    with broker.agent(opened, way) as agent:
        assert agent.ask("row alice") == "alice's private note"
        broker.server.restart(signal.SIGKILL)
        assert agent.ask("new-session") is None
        assert agent.ask("row alice") == "alice's private note"
    assert broker.hand_outs(opened) == 2


def test_the_process_of_a_run_that_is_over_prints_why_and_nothing_else(broker: Broker) -> None:
    """Lesson 25: the refusal's body reaches whoever must act on it."""
    opened = broker.open()
    broker.revoke(opened)
    draw = ["credential-process", GRANT, "--broker", broker.url]
    draw += ["--run-token-file", str(opened.token_file)]
    done = run(*VALETKEY, *draw, env=bare(broker.folder))
    assert (done.returncode, done.stdout) == (1, "")
    assert "[run-revoked]" in done.stderr


def test_a_rotated_token_leaves_the_old_one_a_minute_and_no_more(broker: Broker) -> None:
    """Invariant 14: the run token rotates."""
    opened = broker.open()
    status, rotated = broker.call("POST", "/v1/runs/self/token", bearer=f"Bearer {opened.token}")
    assert status == 200
    assert rotated["run_token"] != opened.token
    until = time.strptime(rotated["previous_valid_until"], "%Y-%m-%dT%H:%M:%SZ")
    assert 0 < time.mktime(until) - time.mktime(time.gmtime()) <= 120
    assert json.dumps(rotated["run_token"]) not in json.dumps(broker.leaves())
