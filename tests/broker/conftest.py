from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.platform import Platform, platform


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(tmp_path) as made:
        yield made
