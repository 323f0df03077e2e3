"""STS goes away and comes back: what is valid is served, what is not there is said clearly."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import MakeBroker
from tests.e2e.forwarder import Forwarder
from tests.e2e.world import AwsSide, Grant

pytestmark = pytest.mark.xdist_group("e2e-outage")


@pytest.fixture
def wire(aws: AwsSide) -> Iterator[Forwarder]:
    with Forwarder(int(aws.aws.endpoint.rpartition(":")[2])) as forwarder:
        yield forwarder


def within_seconds(is_so: Callable[[], bool]) -> bool:
    """Say whether it becomes so soon: after a failure STS is left alone for a moment."""
    until = time.monotonic() + 8
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.slow
def test_still_valid_credentials_are_served_while_sts_is_away(
    make_broker: MakeBroker, aws: AwsSide, wire: Forwarder
) -> None:
    """Invariant 12: a refresh that fails takes nothing away."""
    broker = make_broker(grants=(Grant(aws.world.role_arn, duration="905s"),), sts=wire.url)
    opened = broker.open()
    status, first = broker.draw(opened)
    assert status == 200
    wire.cut()
    time.sleep(5.5)  # past the point from which a refresh is due before the answer
    status, second = broker.draw(opened)
    assert (status, second["AccessKeyId"]) == (200, first["AccessKeyId"])
    assert [leaf["code"] for leaf in broker.leaves("vend-failed", opened.id)] != []
    wire.mend()
    assert within_seconds(lambda: broker.draw(opened)[1]["AccessKeyId"] != first["AccessKeyId"])


@pytest.mark.slow
def test_with_nothing_held_an_outage_is_a_clear_problem_until_sts_is_back(
    make_broker: MakeBroker, wire: Forwarder
) -> None:
    broker = make_broker(sts=wire.url)
    opened = broker.open()
    wire.cut()
    status, problem = broker.draw(opened)
    assert (status, problem["code"]) == (503, "aws-unreachable")
    assert [leaf["code"] for leaf in broker.leaves("vend-failed", opened.id)] == ["aws-unreachable"]
    assert broker.hand_outs(opened) == 0
    wire.mend()
    assert within_seconds(lambda: broker.draw(opened)[0] == 200)
    assert broker.hand_outs(opened) == 1


@pytest.mark.slow
def test_runs_are_opened_and_revoked_while_sts_is_away(
    make_broker: MakeBroker, wire: Forwarder
) -> None:
    broker = make_broker(sts=wire.url)
    wire.cut()
    opened = broker.open()
    broker.revoke(opened)
    assert broker.draw(opened)[1]["code"] == "run-revoked"


@pytest.mark.slow
def test_a_broker_that_starts_without_sts_says_so_and_serves_when_it_is_back(
    make_broker: MakeBroker, wire: Forwarder
) -> None:
    wire.cut()
    broker = make_broker(sts=wire.url)
    assert broker.obstacles() == ["aws-unreachable"]
    wire.mend()
    assert broker.draw(broker.open())[0] == 200
