"""SDK calls: each answered as the evaluator decides, and no byte to another tenant."""

import pytest

from tests.fuzz.campaign import Tally
from tests.fuzz.running import WORLDS, run_batch

REQUESTS = 600  # ten thousand in `.ci/run`
PER_WORLD = 100
SEED = 20_261_121
LEAST_SHARE = 0.15  # of allowed and of denied requests: else the worlds say nothing


@pytest.mark.slow
def test_the_local_aws_answers_as_the_evaluator_decides_and_shows_nobody_anothers_data(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally = Tally()
    number = SEED
    while tally.requests < REQUESTS:
        run_batch(number, tally, worlds=WORLDS, requests=PER_WORLD)
        number += 1
    with capsys.disabled():
        print(f"\nfuzz: {tally.summary()}")
    assert tally.requests >= REQUESTS
    for kind in ("allowed", "denied"):
        assert tally.by_kind[kind] >= LEAST_SHARE * tally.requests, tally.summary()
    assert len(tally.by_service) >= 2
