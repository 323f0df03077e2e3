from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.platform import platform
from tests.web.calling import Api, api


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Api]:
    async with platform(tmp_path) as made:
        yield api(made)
