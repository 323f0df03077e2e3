"""For every test: Hypothesis has no time limit an example, and groups of tests stay together."""

from typing import Any

import pytest
from hypothesis import settings

from tests.grouping import ByGroup

# On top of what Hypothesis chose by itself: in CI the same examples at each run.
settings.register_profile("unhurried", parent=settings.default, deadline=None)
settings.load_profile("unhurried")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep groups on one worker each with `--dist loadgroup`; other ways are xdist's."""
    return ByGroup(config, log) if config.getoption("dist") == "loadgroup" else None
