"""The world and the account that the tests of `valetkey grant` share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.grant_world import Account, GrantWorld


@pytest.fixture(scope="package")
def grant_world() -> Iterator[GrantWorld]:
    """One for all tests of this folder: what a test changes in it is its own, or put back."""
    made = GrantWorld()
    yield made
    made.close()


@pytest.fixture
def account(grant_world: GrantWorld, tmp_path: Path) -> Account:
    """A home folder of the test's own."""
    return Account(grant_world, tmp_path)
