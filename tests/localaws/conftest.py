"""One filled local AWS for all tests here, and an empty one whose clock moves."""

from collections.abc import Iterator

import pytest

from tests.localaws.statements import partiql_world
from tests.localaws.web_issuer import WebWorld, web_world
from tests.localaws.world import World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """A filled local AWS; a test that changes it uses names of its own."""
    made = World()
    yield made
    made.close()


@pytest.fixture
def moving() -> Iterator[World]:
    """A filled local AWS of the test's own, whose clock it may move."""
    made = World()
    yield made
    made.close()


@pytest.fixture(scope="session")
def partiql() -> Iterator[World]:
    """A local AWS whose tenants may use PartiQL; a test leaves the rows at 1, 2 and 3 there."""
    made = partiql_world()
    yield made
    made.close()


@pytest.fixture(scope="session")
def web() -> Iterator[WebWorld]:
    """A local AWS whose account trusts an issuer; a test that changes it uses names of its own."""
    with web_world() as made:
        yield made
