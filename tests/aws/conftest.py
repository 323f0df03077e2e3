from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.aws.home import Laptop, laptop_at


@pytest.fixture
async def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Laptop]:
    monkeypatch.setattr("valetkey.aws.sts.FIRST_PAUSE", 0.001)
    async with laptop_at(tmp_path, monkeypatch) as made:
        yield made
