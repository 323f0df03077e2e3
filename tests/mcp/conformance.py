"""The official conformance suite as a process, and what it found of a server."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.mcp.node import node, package

REQUIREMENTS = ("2025-11-25", "2026-07-28")
_SECONDS = 60
_WHEN = re.compile(r"-20\d\d-\d\d-\d\dT.*$")
_PASSED, _FAILED = "SUCCESS", frozenset({"FAILURE", "WARNING"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a run of the suite found: by `scenario:check`, whether each passed; its exit code."""

    exit_code: int
    checks: Mapping[str, str]
    said: str

    @property
    def passed(self) -> frozenset[str]:
        return frozenset(name for name, why in self.checks.items() if not why)

    @property
    def failed(self) -> dict[str, str]:
        return {name: why for name, why in self.checks.items() if why}


async def conformance(url: str, *, requirements: str, folder: Path) -> Found:
    """Ask the suite whether `url` does all that a revision requires. It writes into `folder`."""
    process = await asyncio.create_subprocess_exec(
        node(),
        str(package("conformance", "dist", "index.js")),
        *("server", "--url", url, "--requirements", requirements, "-o", str(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Found(process.returncode, _checks(folder), output.decode(errors="replace"))


def _checks(folder: Path) -> dict[str, str]:
    """Return why each check failed, empty for one that passed; one id may stand several times."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("server-*/checks.json")):
        scenario = _WHEN.sub("", file.parent.name.removeprefix("server-"))
        for check in json.loads(file.read_text()):
            name, status = f"{scenario}:{check['id']}", check["status"]
            if status == _PASSED:
                found.setdefault(name, "")
            elif status in _FAILED:
                found[name] = found.get(name) or check.get("errorMessage", status)
    return found
