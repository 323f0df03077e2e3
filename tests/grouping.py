"""Which tests run on one worker: those whose modules name the same `xdist_group`.

pytest-xdist 3.8 tells workers' groups by changing node ids, which pytest 9.2 does not take any more
(pytest-dev/pytest-xdist#1386): every test went anywhere, and what a group shares was made on each
worker. So a group is read where it is written, in the module.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]

ROOT = Path(__file__).parent.parent
_GROUP = re.compile(r"""xdist_group\(\s*["']([^"']+)["']""")


class ByGroup(LoadGroupScheduling):  # type: ignore[misc]
    """xdist's own, with another answer to what belongs together."""

    def _split_scope(self, nodeid: str) -> str:
        group = group_of(nodeid.partition("::")[0])
        return nodeid if group is None else group


@cache
def group_of(module: str) -> str | None:
    """Return the group that the tests of a module, a path from the root, are in."""
    found = _GROUP.search((ROOT / module).read_text())
    return None if found is None else found[1]
