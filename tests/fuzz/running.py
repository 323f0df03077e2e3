"""Let Hypothesis make worlds, in one local AWS at a time, from a seed that makes them again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.campaign import MAKERS, Breach, Maker, Tally, run_world
from tests.fuzz.exchange import Exchange
from tests.fuzz.pick import Pick, picks
from tests.fuzz.services import EXTRAS
from valetkey.localaws import LocalAws

WORLDS = 25  # in one local AWS, which grows with them


@contextmanager
def open_exchange() -> Iterator[Exchange]:
    """Start a local AWS and give clients of it."""
    with LocalAws() as aws:
        exchange = Exchange(aws)
        try:
            yield exchange
        finally:
            exchange.close()


def run_batch(
    number: int,
    tally: Tally,
    *,
    worlds: int = WORLDS,
    requests: int,
    makers: Sequence[Maker] = MAKERS,
    extras: Sequence[str] = EXTRAS,
) -> None:
    """Run worlds with `requests` each; the same `number` makes the same ones.

    Raises Breach for the first wrong answer, as Hypothesis found it: nothing is shrunk, since
    the report names the one call that matters.
    """
    found: list[Breach] = []
    with open_exchange() as exchange:

        def world(pick: Pick) -> None:
            if found:  # kept from Hypothesis, which would run the world again
                return
            try:
                run_world(pick, exchange, tally, requests=requests, makers=makers, extras=extras)
            except Breach as breach:
                found.append(breach)

        _example(number, worlds)(world)
    if found:
        raise found[0]


def _example(number: int, worlds: int) -> Callable[[Callable[[Pick], None]], None]:
    def run(body: Callable[[Pick], None]) -> None:
        @seed(number)
        @settings(
            max_examples=worlds,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(picks())
        def one(pick: Pick) -> None:
            body(pick)

        one()

    return run
