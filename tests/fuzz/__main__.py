"""The long run: `python -m tests.fuzz --requests 1000000 --workers 2`.

Worlds are new on each run; a breach is reported with the seed that makes it again, and exits 1.
"""

import argparse
import os
import secrets
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from tests.fuzz.campaign import Tally
from tests.fuzz.running import WORLDS, run_batch

PER_WORLD = 100
BREACH_EXIT = 1


def batch(number: int) -> tuple[Tally, str]:
    """Return what one batch of worlds sent, and the report of its breach, empty if none."""
    tally = Tally()
    try:
        run_batch(number, tally, requests=PER_WORLD)
    except AssertionError as breach:
        return tally, f"seed {number}: `python -m tests.fuzz --seed {number}`\n{breach}"
    return tally, ""


def main(arguments: list[str] | None = None) -> int:
    """Run batches until enough was sent or something is wrong; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=WORLDS * PER_WORLD)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--seed", type=int, help="of the first batch; random if not given")
    given = parser.parse_args(arguments)
    first = secrets.randbelow(2**48) if given.seed is None else given.seed
    started = time.monotonic()
    tally, breaches = _run(first, given.requests, workers=given.workers, started=started)
    _print_table(tally, len(breaches), seconds=time.monotonic() - started)
    print("\n\n".join(breaches), file=sys.stderr)
    return BREACH_EXIT if breaches else 0


def _run(first: int, requests: int, *, workers: int, started: float) -> tuple[Tally, list[str]]:
    total, breaches, number = Tally(), list[str](), first
    with ProcessPoolExecutor(workers) as pool:
        running: set[Future[tuple[Tally, str]]] = set()
        while True:
            wanted = -(-(requests - total.requests) // (WORLDS * PER_WORLD))
            while not breaches and len(running) < min(workers, wanted):
                running.add(pool.submit(batch, number))
                number += 1
            if not running:
                return total, breaches
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for tally, breach in (one.result() for one in done):
                total.add(tally)
                breaches += [breach] if breach else []
            seconds = time.monotonic() - started
            print(f"{total.requests:>9,} of {requests:,} in {seconds:,.0f} s", flush=True)


def _print_table(tally: Tally, breaches: int, *, seconds: float) -> None:
    print(f"\n{'call':<45}{'allowed':>10}{'denied':>10}{'other':>10}")
    methods = sorted({method for method, _ in tally.by_method})
    for method in methods:
        counts = [tally.by_method[method, kind] for kind in ("allowed", "denied", "other")]
        print(f"{method:<45}" + "".join(f"{count:>10,}" for count in counts))
    print(f"\n{tally.summary()}")
    print(f"{breaches} mismatches; {seconds:,.0f} s; {tally.requests / seconds:,.0f} a second")


if __name__ == "__main__":
    sys.exit(main())
