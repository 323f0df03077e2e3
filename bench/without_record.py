"""`valetkey` over a store that writes no hand-out down: shows what the record costs. No product."""

from typing import Any

from valetkey.broker import UseOutcome
from valetkey.cli import main
from valetkey.store import SqliteStore


async def use_run(self: SqliteStore, run_id: str, **ignored: Any) -> UseOutcome:
    return UseOutcome.USED


SqliteStore.use_run = use_run  # type: ignore[method-assign]
main()
