"""What a client hears whose request is under way when the broker is told to stop."""

import asyncio
from pathlib import Path

import pytest

from tests.gateway.calling import REFUND, gate
from tests.gateway.changing import REVISIONS, call
from tests.gateway.fake_upstreams import FakeServers
from valetkey.gateway.ending import UnderWay


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_call_under_way_at_the_end_is_told_that_nobody_knows_whether_it_was_made(
    revision: str, tmp_path: Path
) -> None:
    servers = FakeServers(says={"tools/call": lambda _: []})
    async with gate(tmp_path, servers=servers) as made:
        calling = asyncio.create_task(call(made, revision, REFUND))
        await servers.until(1)
        made.app.core.stopping.set()
        await made.app.core.under_way.end(made.app.core.stopping, after=0)
        async with asyncio.timeout(5):
            answer = await calling
        assert (answer.status, answer.number) == (200, -31002)
        assert answer.code == "broker-stopping"
        assert answer.messages[-1]["id"] == 1
        assert "not known whether" in answer.messages[-1]["error"]["message"]
        assert servers.links[0].cancelled == 1


async def test_a_request_that_somebody_else_cancels_is_cancelled() -> None:
    async def work() -> None:
        with UnderWay().one():
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
