"""CPU limits of hostile input: generous, for what they tell apart is a moment and minutes.

Figures are measured in `bench/`. A limit here counts the work of the thread that does it, without
the garbage collector: one full collection over all that the tests before have left takes most of a
second, and falls on whichever allocation comes next.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

SOON = 3.0


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the block takes this thread more CPU than that."""
    was_enabled = gc.isenabled()
    gc.disable()
    began = time.thread_time()
    try:
        yield
        spent = time.thread_time() - began
    finally:
        if was_enabled:
            gc.enable()
    assert spent < seconds, f"{spent:.2f} s of CPU, where {seconds} s are allowed"
