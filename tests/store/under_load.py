"""A process that works a store hard and says on stdout, line by line, what was acknowledged.

Started by tests that kill it or take away its disk: `python -m tests.store.under_load PATH SEED
[LARGEST_FILE]`. `a N` is an appended record, `o ID` an opened run, `e ID` an ended one, `x CODE` a
refusal of the store.
"""

import asyncio
import itertools
import os
import resource
import sys
from pathlib import Path

from tests.store.samples import a_run, ended, noted, open_one, use
from valetkey.broker.outcomes import OpenVerdict, UseOutcome
from valetkey.runs import RunState
from valetkey.store import SqliteStore, StoreError

CALLERS = 16


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


async def _work(store: SqliteStore, numbers: "itertools.count[int]") -> None:
    while True:
        number = next(numbers)
        await store.append(noted(number))
        say(f"a {number}")
        run = a_run(number)
        outcome = await open_one(store, run, bindings={"task_id": f"t-{number}"})
        assert outcome.verdict is OpenVerdict.OPENED
        say(f"o {run.id}")
        assert await use(store, run.id) is UseOutcome.USED
        if number % 3 == 0:
            await store.finish_run(
                run.id, to=RunState.ENDED, at=1, because=None, record=ended(run.id)
            )
            say(f"e {run.id}")


async def _until_refused(store: SqliteStore, numbers: "itertools.count[int]") -> None:
    try:
        await _work(store, numbers)
    except StoreError as error:
        say(f"x {error.code}")


async def main(path: Path, seed: int, largest_file: int | None) -> None:
    store = await SqliteStore.open(path)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    numbers = itertools.count(seed)
    say("ready")
    await asyncio.gather(*(_until_refused(store, numbers) for _ in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else None)
    )
