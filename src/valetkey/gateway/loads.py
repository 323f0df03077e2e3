"""How much each run has under way, so that none takes the gateway from the others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from valetkey.gateway.faults import SERVER_FAILED, Fault


class Loads:
    """Counts by run, and of all; what is not under way takes no memory."""

    def __init__(self, most: int, most_of_all: int) -> None:
        self._most = most
        self._most_of_all = most_of_all
        self._count = 0
        self._counts: Counter[str] = Counter()

    @contextmanager
    def one(self, run_id: str) -> Iterator[None]:
        """Hold one place for as long as the block lasts.

        Raises Fault `too-many-requests`, or `gateway-full` where other runs have all places.
        """
        if self._counts[run_id] >= self._most:
            raise Fault(
                SERVER_FAILED,
                "too-many-requests",
                f"the run has {self._most} requests under way, which is as many as it may",
                status=429,
            )
        if self._count >= self._most_of_all:
            raise Fault(
                SERVER_FAILED,
                "gateway-full",
                "the gateway has as many requests under way as it may; try again in a while",
                status=503,
            )
        self._count += 1
        self._counts[run_id] += 1
        try:
            yield
        finally:
            self._count -= 1
            self._counts[run_id] -= 1
            if not self._counts[run_id]:
                del self._counts[run_id]
