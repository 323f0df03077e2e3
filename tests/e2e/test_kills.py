"""SIGKILL at random moments under load: what was acknowledged is there, half of a run never is."""

import random
import signal
import sqlite3
import time
from collections import Counter

import pytest

from tests.e2e.conftest import MakeBroker
from tests.e2e.load import Acknowledged, Load
from tests.e2e.world import Broker

pytestmark = pytest.mark.xdist_group("e2e-kills")
KILLS = 8
PEOPLE = ("alice", "bob", "carol")


def stored_runs(broker: Broker) -> dict[str, str]:
    connection = sqlite3.connect(f"{broker.store.as_uri()}?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT id, state FROM runs"))
    finally:
        connection.close()


def check(broker: Broker, said: Acknowledged) -> None:
    """Compare what callers were told with what a broker finds that starts now."""
    broker.verify_log()
    runs = stored_runs(broker)
    leaves = broker.leaves()
    of_kind = {kind: [leaf for leaf in leaves if leaf["kind"] == kind] for kind in _KINDS}
    assert said.tokens.keys() <= runs.keys()
    assert {leaf["run"] for leaf in of_kind["run-opened"]} == runs.keys()
    assert all(runs[run] == "ended" for run in said.ended)
    assert {leaf["run"] for leaf in of_kind["run-ended"]} == {
        run for run, state in runs.items() if state == "ended"
    }
    recorded = Counter(
        (leaf["run"], leaf["access_key_id"]) for leaf in of_kind["credentials-handed-out"]
    )
    assert not Counter(said.hand_outs) - recorded


_KINDS = ("run-opened", "run-ended", "credentials-handed-out")


@pytest.mark.slow
def test_a_broker_killed_at_any_moment_loses_nothing_it_acknowledged(
    make_broker: MakeBroker,
) -> None:
    """Invariant 4, lesson 39: the record came first, so no answer is without one."""
    broker = make_broker()
    moments = random.Random(4)
    said = Acknowledged()
    subjects = [broker.issuer.sign(person, {"token_use": "id"}) for person in PEOPLE]
    for _ in range(KILLS):
        with Load(broker.port, said, actor=broker.orchestrator, subjects=subjects):
            time.sleep(moments.uniform(0.02, 0.4))
            broker.server.process.send_signal(signal.SIGKILL)
        broker.server.restart(signal.SIGKILL)
        check(broker, said)
    assert said.refused == []
    assert len(said.tokens) > KILLS
    assert len(said.hand_outs) > KILLS
    assert len(broker.leaves("broker-started")) == KILLS + 1
