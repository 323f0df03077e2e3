"""The official conformance suite, at a server and at the gateway in front of it.

What passes without the gateway passes through it: each check that does not is in `exceptions.toml`
with its reason.
"""

import asyncio
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mcp.conformance import REQUIREMENTS, Found, conformance
from tests.mcp.injecting import injecting
from tests.mcp.node import needs_npm
from tests.mcp.rig import Rig, conformance_fixture, table
from valetkey.demo.issuer import DemoIssuer

pytestmark = [needs_npm, pytest.mark.slow, pytest.mark.xdist_group("mcp-conformance")]
EXCEPTIONS = tomllib.loads(Path(__file__).with_name("exceptions.toml").read_text())
OPENS = ["prompts", "resources", "completion"]
LEAST = {"2025-11-25": 70, "2026-07-28": 140}  # checks that pass directly: else nothing is shown


@pytest.fixture(scope="module")
def fixture() -> Iterator[str]:
    with conformance_fixture() as url:
        yield url


@pytest.fixture(scope="module")
def rig(
    tmp_path_factory: pytest.TempPathFactory, fixture: str, issuer: DemoIssuer
) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("gateway")
    made = Rig(folder, issuer, [table("conformance", url=fixture, opens=OPENS)])
    refreshed = made.refresh("--accept")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    with made.serving():
        yield made


async def both(fixture: str, rig: Rig, requirements: str, folder: Path) -> tuple[Found, Found]:
    """What the suite finds at the server, and what it finds through the gateway."""
    opened = rig.open()
    places = [folder / "directly", folder / "through"]
    for place in places:
        place.mkdir()
    async with injecting(f"{rig.mcp}/conformance", lambda: opened.gateway_token) as url:
        direct, through = await asyncio.gather(
            *(
                conformance(where, requirements=requirements, folder=place)
                for where, place in zip((fixture, url), places, strict=True)
            )
        )
    return direct, through


@pytest.mark.parametrize("requirements", REQUIREMENTS)
async def test_what_passes_without_the_gateway_passes_through_it(
    fixture: str, rig: Rig, tmp_path: Path, requirements: str
) -> None:
    direct, through = await both(fixture, rig, requirements, tmp_path)
    assert direct.exit_code == 0, direct.said
    assert len(direct.passed) >= LEAST[requirements], direct.said
    lost = {name: through.checks.get(name, "not run") for name in direct.passed - through.passed}
    assert lost.keys() == EXCEPTIONS[requirements].keys(), lost
    if not EXCEPTIONS[requirements]:
        assert through.exit_code == 0, through.said


def test_each_exception_has_a_reason() -> None:
    assert EXCEPTIONS.keys() == set(REQUIREMENTS)
    reasons = [reason for rows in EXCEPTIONS.values() for reason in rows.values()]
    assert all(len(reason.split()) > 3 for reason in reasons)
