"""The long run: `python -m tests.fuzz_gateway --requests 1000000`.

Seeds are new on each run; a breach is reported with the one that makes it again, and exits 1.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz_gateway.campaign import Breach, Tally, run_requests

PER_WORLD = 2_000


def main(arguments: list[str] | None = None) -> int:
    """Send until enough was sent or something is wrong; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_gateway", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, help="of the first world; random if not given")
    given = parser.parse_args(arguments)
    seed = secrets.randbelow(2**48) if given.seed is None else given.seed
    tally, began = Tally(), time.monotonic()
    while tally.requests < given.requests:
        count = min(PER_WORLD, given.requests - tally.requests)
        try:
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(run_requests(Path(folder), seed, tally, requests=count))
        except Breach as breach:
            print(breach, file=sys.stderr)
            return 1
        seed += 1
    for what, number in (tally.decided + tally.reached).most_common():
        print(f"{what:<45}{number:>10,}")
    print(f"{tally.summary()}; {time.monotonic() - began:,.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
