"""Which revision a server speaks over HTTP: it is asked, and remembered until that fails."""

import contextlib
import itertools
from typing import Final

import msgspec

from valetkey.gateway.asked import Asked
from valetkey.gateway.http_door import HttpAnswer, HttpDoor
from valetkey.gateway.link import ClientSide, Kind
from valetkey.gateway.modern_link import DISCOVER, headers_of
from valetkey.gateway.opened import Opened, read_discovered
from valetkey.gateway.outgoing import write_request
from valetkey.gateway.patience import Patience
from valetkey.gateway.proofs import Proving
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.version import VERSION

GATEWAY: Final = ClientSide(
    revision=Revision.MODERN,
    info=msgspec.json.encode({"name": "valetkey", "version": VERSION}),
)
"""What a server is told where no client is behind a request."""
_SECONDS: Final = 30.0
_NO_ANSWER: Final = frozenset({401, 403, 407, 429})
_ids = itertools.count(1)


async def discover(door: HttpDoor, seat: Seat, prover: Proving) -> Opened | None:
    """Return what a server of 2026-07-28 says of itself; None for one of before. GatewayError."""
    ours = next(_ids)
    written = write_request(DISCOVER, None, ours=ours, revision=Revision.MODERN, client=GATEWAY)
    patience = Patience(min(_SECONDS, seat.server.seconds))
    response = await door.send(
        prover,
        "POST",
        headers=headers_of(DISCOVER, None),
        body=written.text,
        patience=patience,
    )
    try:
        if 400 <= response.status < 500 and response.status not in _NO_ANSWER:
            return None
        if response.status != 200:
            raise door.objection(response)
        answer = HttpAnswer(response, most=seat.server.answer_bytes)
        async with contextlib.aclosing(answer.messages(patience)) as messages:
            async for incoming in messages:
                mine = Asked(ours).mine(incoming, seat)
                if mine is not None and mine.kind is Kind.RESPONSE:
                    return None if mine.result is None else read_discovered(mine.result)
        return None
    finally:
        response.close()
