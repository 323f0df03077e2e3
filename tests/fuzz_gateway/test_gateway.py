"""Anything may be sent to the gateway; nothing reaches a server of tools undecided."""

from pathlib import Path

import pytest

from tests.fuzz_gateway.campaign import Tally, run_requests

REQUESTS = 1_200  # twelve thousand in `.ci/run`
SEED = 20_261_122
LEAST = 0.08  # of all requests are allowed and are denied calls: else nothing is shown


@pytest.mark.slow
async def test_no_input_reaches_a_server_undecided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally()
    await run_requests(tmp_path, SEED, tally, requests=REQUESTS)
    with capsys.disabled():
        print(f"\nfuzz of the gateway: {tally.summary()}")
    assert tally.requests == REQUESTS
    for decision in ("allow", "deny"):
        count = sum(n for what, n in tally.decided.items() if what.startswith(decision))
        assert count >= LEAST * REQUESTS, tally.summary()
    assert {"tools/call", "prompts/get", "resources/read"} <= tally.reached.keys()
