"""What tests of this folder share. They need the packages of npm, or they are skipped."""

from collections.abc import Iterator

import pytest

from valetkey.demo.issuer import DemoIssuer


@pytest.fixture(scope="session")
def issuer() -> Iterator[DemoIssuer]:
    with DemoIssuer() as started:
        yield started
