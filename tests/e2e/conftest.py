"""One local AWS and one issuer for the folder; brokers are made where a test needs its own."""

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import AwsSide, Broker
from valetkey.demo.issuer import DemoIssuer

MakeBroker = Callable[..., Broker]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsSide]:
    side = AwsSide(tmp_path_factory.mktemp("aws"))
    yield side
    side.server.end()


@pytest.fixture(scope="session")
def issuer() -> Iterator[DemoIssuer]:
    with DemoIssuer() as started:
        yield started


@pytest.fixture(scope="module")
def make_broker(
    tmp_path_factory: pytest.TempPathFactory, aws: AwsSide, issuer: DemoIssuer
) -> Iterator[MakeBroker]:
    made: list[Broker] = []
    numbers = itertools.count()

    def make(**how: Any) -> Broker:
        folder: Path = tmp_path_factory.mktemp(f"broker-{next(numbers)}")
        made.append(Broker(folder, aws, issuer, **how))
        return made[-1]

    yield make
    for broker in made:
        broker.server.end(signal.SIGKILL)  # what it acknowledged is durable; a stop takes longer


@pytest.fixture(scope="module")
def broker(make_broker: MakeBroker) -> Broker:
    """A broker that hands out one-hour credentials."""
    return make_broker()
