"""A server of 2026-07-28 over Streamable HTTP: each request stands alone. No session, no state.

MCP 2026-07-28, basic/transports/streamable-http.
"""

import contextlib
import itertools
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import aiohttp
import msgspec

from valetkey.gateway.asked import Asked
from valetkey.gateway.http_door import HttpAnswer, HttpDoor
from valetkey.gateway.incoming import malformed
from valetkey.gateway.link import ClientSide, Incoming, Kind, MessageId
from valetkey.gateway.mcp_headers import encoded
from valetkey.gateway.opened import Opened
from valetkey.gateway.outgoing import write_notification, write_request
from valetkey.gateway.patience import Patience
from valetkey.gateway.proofs import Proving
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.gateway.trouble import broke_off, failed
from valetkey.tools.definition import Json

DISCOVER: Final = "server/discover"
LISTEN: Final = "subscriptions/listen"
_PROOFS: Final = frozenset({401, 403, 407})
_OURS: Final = frozenset({-32020, -32022})
"""Header mismatch and unsupported version: what the gateway wrote, not what the caller said."""
_NOT_SPOKEN: Final = frozenset({400, 404, 405, 406})
_ids = itertools.count(1)


class ModernLink:
    """A caller's view of a server; making one sends nothing."""

    def __init__(
        self, door: HttpDoor, seat: Seat, prover: Proving, *, client: ClientSide, opened: Opened
    ) -> None:
        self._door = door
        self._seat = seat
        self._prover = prover
        self._client = client
        self._opened = opened

    @property
    def revision(self) -> Revision:
        return Revision.MODERN

    @property
    def opened(self) -> Opened:
        return self._opened

    @property
    def server_info(self) -> bytes:
        return self._opened.server_info

    @property
    def capabilities(self) -> Mapping[str, Json]:
        return self._opened.capabilities

    @property
    def instructions(self) -> str | None:
        return self._opened.instructions

    async def call(
        self,
        method: str,
        params: bytes | None,
        *,
        id: MessageId | None = None,
        name: str | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Incoming, None]:
        ours = next(_ids)
        written = write_request(
            method, params, ours=ours, revision=self.revision, client=self._client
        )
        headers = {**(extra_headers or {}), **headers_of(method, name)}
        asked = Asked(ours, id, written.progress)
        patience = Patience(self._seat.server.seconds)
        response: aiohttp.ClientResponse | None = None
        over = False
        with self._seat.hold() if method == LISTEN else self._seat.call():
            try:
                response = await self._door.send(
                    self._prover, "POST", headers=headers, body=written.text, patience=patience
                )
                endless = method == LISTEN and response.status == 200
                messages = self._answer(response, None if endless else patience)
                async with contextlib.aclosing(messages):
                    async for incoming in messages:
                        mine = self._mine(asked, incoming)
                        if mine is None:
                            continue
                        over = mine.kind is Kind.RESPONSE
                        yield mine
                        if over:
                            return
                raise broke_off("the stream ended without the answer")
            finally:
                if response is not None and over:
                    self._door.settle(response)
                elif response is not None:
                    response.close()  # which cancels it

    async def notify(self, method: str, params: bytes | None) -> None:
        patience = Patience(self._seat.server.seconds)
        response = await self._door.send(
            self._prover,
            "POST",
            headers=headers_of(method, None),
            body=write_notification(method, params),
            patience=patience,
        )
        response.close()

    async def answer(
        self,
        id: MessageId,
        *,
        result: bytes | None = None,
        error: bytes | None = None,
    ) -> None:
        raise failed("a server of 2026-07-28 asks nothing that could be answered")

    async def listen(
        self,
        *,
        after: str | None = None,
    ) -> AsyncGenerator[Incoming, None]:
        """Nothing: what such a server says unasked is subscribed to by `subscriptions/listen`."""
        nothing: tuple[Incoming, ...] = ()
        for incoming in nothing:
            yield incoming

    async def close(self) -> None:
        """Nothing is there to close."""

    def _answer(
        self, response: aiohttp.ClientResponse, patience: Patience | None
    ) -> AsyncGenerator[Incoming, None]:
        answer = HttpAnswer(response, most=self._seat.server.answer_bytes)
        if response.status == 200:
            return answer.messages(patience)
        return self._fault(answer, patience)

    async def _fault(
        self, answer: HttpAnswer, patience: Patience | None
    ) -> AsyncGenerator[Incoming, None]:
        response, fault = answer.response, None
        if 400 <= response.status < 500 and response.status not in _PROOFS and patience is not None:
            fault = await answer.fault(patience)
        if fault is None or fault.error is None:
            if response.status in _NOT_SPOKEN:
                self._seat.note_changed_tools()  # ask anew who it is
            raise self._door.objection(response)
        if msgspec.json.decode(fault.error, type=_Code).code in _OURS:
            self._seat.note_changed_tools()
            raise failed(f"status {response.status}, {bytes(fault.error[:200])!r}")
        yield fault

    def _mine(self, asked: Asked, incoming: Incoming) -> Incoming | None:
        if incoming.kind is Kind.REQUEST:
            raise malformed("a request of a server, which this revision has not")
        return asked.mine(incoming, self._seat)


class _Code(msgspec.Struct):
    code: int


def headers_of(method: str, name: str | None) -> dict[str, str]:
    """Return the standard headers of a message."""
    headers = {"MCP-Protocol-Version": Revision.MODERN.value, "Mcp-Method": method}
    if name is not None:
        headers["Mcp-Name"] = encoded(name)
    return headers
