"""Links to a fake server over HTTP, without a broker behind them."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from tests.gateway.mcp_server import FakeMcp, serving
from valetkey.gateway.discovering import discover
from valetkey.gateway.http_door import HttpDoor
from valetkey.gateway.http_link import HttpLink
from valetkey.gateway.legacy_wire import LegacyWire
from valetkey.gateway.link import ClientSide, Incoming, Kind, Link
from valetkey.gateway.modern_link import ModernLink
from valetkey.gateway.proofs import GivenProof
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat

CLIENT = ClientSide(
    revision=Revision.LEGACY, info=b'{"name":"client","version":"1"}', capabilities=b'{"roots":{}}'
)


@asynccontextmanager
async def linked(
    fake: FakeMcp, *, shared: bool = False, client: ClientSide = CLIENT, **changes: Any
) -> AsyncIterator[Link]:
    async with serving(fake):
        server = fake.named(**changes)
        seat = Seat(None, server, clock=time.monotonic)
        door, proof = HttpDoor(server), GivenProof(server, None)
        try:
            opened = await discover(door, seat, proof)
            if opened is not None:
                yield ModernLink(door, seat, proof, client=client, opened=opened)
            else:
                link = HttpLink(LegacyWire(door, proof), seat, client, shared=shared)
                await link.open()
                yield link
                await link.close()
        finally:
            await door.close()


async def asked(
    link: Link, method: str = "tools/call", params: object = None, **more: Any
) -> list[Incoming]:
    """All that belongs to one request."""
    raw = None if params is None else json.dumps(params).encode()
    async with aclosing(link.call(method, raw, **more)) as messages:
        return [incoming async for incoming in messages]


async def answered(link: Link, method: str = "tools/call", params: object = None) -> Any:
    """The result of one request."""
    last = (await asked(link, method, params))[-1]
    assert last.kind is Kind.RESPONSE
    return json.loads(last.result or b"null")
