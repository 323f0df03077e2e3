"""A Python agent on a real broker and a local AWS that enforces IAM."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import VALETKEY
from tests.e2e.world import Agent, Broker, OpenRun

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e-aws-session")]
PROGRAM = (sys.executable, str(Path(__file__).with_name("session_agent.py")))
WAYS = {
    "container": PROGRAM,
    "run": PROGRAM,
    "run in a run": (*VALETKEY, "run", "--quiet", "--", *PROGRAM),
}


def start(broker: Broker, opened: OpenRun, way: str, **extra: str) -> Agent:
    """Start the agent in a run, in one of the deliveries, without an option of its own."""
    delivered = broker.deliver(opened, way.removesuffix(" in a run"), *WAYS[way])
    return Agent(delivered.command, delivered.env | extra)


class Working:
    """Alice's run, and a Python agent at work in it."""

    def __init__(self, broker: Broker, way: str) -> None:
        self.broker, self.way = broker, way
        self.opened = broker.open("alice")
        self.agent = start(broker, self.opened, way)


@pytest.fixture(scope="module", params=list(WAYS))
def working(request: pytest.FixtureRequest, broker: Broker) -> Iterator[Working]:
    started = Working(broker, request.param)
    yield started
    started.agent.end()


def test_it_reads_its_persons_row_and_is_denied_anothers(working: Working) -> None:
    assert working.agent.ask("row alice") == "alice's private note"
    assert working.agent.ask("row bob") == "AccessDeniedException"


def test_it_works_as_the_runs_session(working: Working) -> None:
    assert working.agent.ask("whoami").endswith(f"/vk-{working.opened.id}")


def test_20_threads_of_it_make_one_hand_out(working: Working) -> None:
    assert working.agent.ask("threads 20") == ["alice's private note"]
    assert working.broker.hand_outs(working.opened) == 1


def test_no_secret_of_the_run_is_in_its_environment(working: Working) -> None:
    working.agent.ask("row alice")
    held = "\n".join(working.agent.ask("environment").values())
    assert working.opened.token not in held
    assert "vkr_" not in held
    assert "alice" not in held


@pytest.mark.parametrize("way", list(WAYS))
def test_a_renewal_is_drawn_when_the_hour_is_over(broker: Broker, way: str) -> None:
    opened = broker.open("alice")
    with start(broker, opened, way) as agent:
        assert agent.ask("row alice") == "alice's private note"
        agent.ask("later 3590")
        assert agent.ask("row alice") == "alice's private note"
        assert broker.hand_outs(opened) == 2


@pytest.mark.parametrize("way", list(WAYS))
def test_after_a_revocation_it_raises_and_uses_nothing_else(broker: Broker, way: str) -> None:
    """Invariants 6 and 15: the platform's own keys are in reach of this one, and stay unused."""
    opened, other = broker.open("alice"), broker.open("bob")
    ambient = broker.aws.broker_keys() if way == "container" else {}
    late = start(broker, opened, way, **ambient)
    with start(broker, opened, way, **ambient) as agent, late:
        assert agent.ask("row alice") == "alice's private note"
        assert late.ask("environment")
        broker.revoke(opened)
        assert late.ask("row alice") == "run-revoked"
        agent.ask("later 3590")
        assert agent.ask("row alice") == "run-revoked"
        assert agent.ask("whoami") == "run-revoked"
        if ambient:
            assert agent.ask("ambient").endswith(":user/valetkey-broker")
    with start(broker, other, way) as agent:
        assert agent.ask("row bob") == "bob's private note"
    assert broker.hand_outs(opened) == 1
