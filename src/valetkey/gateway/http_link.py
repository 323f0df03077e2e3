"""A server of 2025-11-25 over Streamable HTTP, as a link (MCP basic/transports, basic/lifecycle).

It decides nothing.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Final

import aiohttp
import msgspec

from valetkey.gateway.asked import UNKNOWN_METHOD, Asked
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.http_door import HttpAnswer
from valetkey.gateway.incoming import malformed
from valetkey.gateway.legacy_wire import LegacyWire, is_forgotten
from valetkey.gateway.link import ClientSide, Incoming, Kind, MessageId
from valetkey.gateway.opened import Opened, read_initialized
from valetkey.gateway.outgoing import (
    initialize_params,
    write_answer,
    write_notification,
    write_request,
)
from valetkey.gateway.patience import MOST_ANSWERS, Patience
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.gateway.trouble import floods, session_lost
from valetkey.tools.definition import Json

OPEN_SECONDS: Final = 30.0
"""For a handshake, a notification and an answer: none of them is work."""
_CANCELS: Final = frozenset({"server-slow", "server-floods", "server-answer-too-large"})
"""Errors after which the server may still work on it and is told that nobody waits."""
_NOT_SPOKEN: Final = frozenset({400, 404, 405, 406})
_DECIDED: Final = "tools/call"
"""Decided for the server that was looked at: in another session it may be another one."""


class HttpLink:
    """One session. A `shared` link begins another one when the server has forgotten it, except
    under a call of a tool.
    """

    def __init__(self, wire: LegacyWire, seat: Seat, client: ClientSide, *, shared: bool) -> None:
        self._wire = wire
        self._seat = seat
        self._client = client
        self._shared = shared
        self._ids = itertools.count(1)
        self._begins = asyncio.Lock()
        self._opened: Opened | None = None
        self._closed = False
        self._answering = 0
        self.is_lost = False
        """The server has forgotten the session; another link is needed."""

    @property
    def revision(self) -> Revision:
        return Revision.LEGACY

    @property
    def opened(self) -> Opened:
        if self._opened is None:
            raise session_lost()
        return self._opened

    @property
    def server_info(self) -> bytes:
        return self.opened.server_info

    @property
    def capabilities(self) -> Mapping[str, Json]:
        return self.opened.capabilities

    @property
    def instructions(self) -> str | None:
        return self.opened.instructions

    async def open(self) -> None:
        """Shake hands. Raises GatewayError."""
        self._wire.session, self._wire.version = None, None
        params = initialize_params(self._client)
        patience = self._patience()
        response, opened = await self._greet(params, patience)
        self._wire.begin(response, opened.version)
        self._opened = opened
        await self._wire.say(write_notification("notifications/initialized", None), patience)

    async def call(
        self,
        method: str,
        params: bytes | None,
        *,
        id: MessageId | None = None,
        name: str | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Incoming, None]:
        with self._seat.call():
            for attempt in range(2):
                async with self._begins:  # not in the middle of a handshake
                    session = self._wire.session
                once = self._once(method, params, theirs=id, extra=extra_headers)
                try:
                    async with contextlib.aclosing(once):
                        async for incoming in once:
                            yield incoming
                    return
                except GatewayError as error:
                    if error.code != "server-session-lost":
                        raise
                    if not self._shared or method == _DECIDED:
                        self.is_lost = self._wire.session == session
                        raise
                    if attempt:
                        raise
                async with self._begins:
                    if self._wire.session == session:  # nobody else has begun another one
                        self.is_lost = True  # unless it can be
                        await self.open()
                        self.is_lost = False

    async def notify(self, method: str, params: bytes | None) -> None:
        await self._wire.say(write_notification(method, params), self._patience())

    async def answer(
        self,
        id: MessageId,
        *,
        result: bytes | None = None,
        error: bytes | None = None,
    ) -> None:
        await self._wire.say(write_answer(id, result=result, error=error), self._patience())

    async def listen(self, *, after: str | None = None) -> AsyncGenerator[Incoming, None]:
        response = await self._wire.get(after, self._patience())
        try:
            if is_forgotten(response):
                self.is_lost = True
                raise session_lost()
            if response.status != 200:
                return  # 405: it offers none
            answer = HttpAnswer(response, most=self._seat.server.answer_bytes)
            with self._seat.hold():
                async with contextlib.aclosing(answer.messages(None)) as messages:
                    async for incoming in messages:
                        mine = Asked(ours=None).mine(incoming, self._seat)
                        if mine is not None and not self._answered_here(mine):
                            yield mine
        finally:
            response.close()

    async def close(self) -> None:
        if not self._closed and self._wire.session is not None:
            self._wire.door.later(self._wire.end())
        self._closed = True

    def _patience(self) -> Patience:
        return Patience(min(self._seat.server.seconds, OPEN_SECONDS))

    async def _greet(
        self, params: bytes, patience: Patience
    ) -> tuple[aiohttp.ClientResponse, Opened]:
        ours = next(self._ids)
        written = write_request(
            "initialize", params, ours=ours, revision=self.revision, client=self._client
        )
        response = await self._wire.post(written.text, patience)
        try:
            answer = await self._wire.answer(response, patience, ours=ours)
            if isinstance(answer, HttpAnswer):
                async with contextlib.aclosing(answer.messages(patience)) as messages:
                    async for incoming in messages:
                        mine = Asked(ours).mine(incoming, self._seat)
                        if mine is not None and mine.result is not None:
                            return response, read_initialized(mine.result)
            raise malformed("it does not take the handshake")
        finally:
            self._wire.door.settle(response)

    async def _once(
        self,
        method: str,
        params: bytes | None,
        *,
        theirs: MessageId | None,
        extra: Mapping[str, str] | None,
    ) -> AsyncGenerator[Incoming, None]:
        ours = next(self._ids)
        written = write_request(
            method, params, ours=ours, revision=self.revision, client=self._client
        )
        asked = Asked(ours, theirs, written.progress)
        patience = Patience(self._seat.server.seconds)
        response: aiohttp.ClientResponse | None = None
        over = False
        try:
            response = await self._wire.post(written.text, patience, extra)
            answer = await self._wire.answer(response, patience, ours=ours)
            if isinstance(answer, Incoming):
                over = True
                yield replace(answer, id=theirs)
                return
            async with contextlib.aclosing(self._wire.resumed(answer, patience)) as messages:
                async for incoming in messages:
                    mine = asked.mine(incoming, self._seat)
                    if mine is None or self._answered_here(mine):
                        continue
                    over = mine.kind is Kind.RESPONSE
                    yield mine
                    if over:
                        return
        except GatewayError as error:
            over = error.code not in _CANCELS
            if self._shared and response is not None and response.status in _NOT_SPOKEN:
                self.is_lost = True  # it may speak another revision now
            raise
        finally:
            self._leave(response, ours=ours, over=over)

    def _leave(self, response: aiohttp.ClientResponse | None, *, ours: int, over: bool) -> None:
        if response is not None and over:
            self._wire.door.settle(response)
        elif response is not None:
            response.close()
        if not over:
            why = msgspec.json.encode({"requestId": ours, "reason": "the client does not wait"})
            self._wire.door.later(self.notify("notifications/cancelled", why))

    def _answered_here(self, incoming: Incoming) -> bool:
        """Answer what no client need be asked: pings, and all where nothing was declared."""
        is_ours = incoming.method == "ping" or self._shared
        if incoming.kind is not Kind.REQUEST or incoming.id is None or not is_ours:
            return False
        if self._answering >= MOST_ANSWERS:
            raise floods()
        error = None if incoming.method == "ping" else UNKNOWN_METHOD
        self._answering += 1
        self._wire.door.later(self._answer_here(incoming.id, error))
        return True

    async def _answer_here(self, asked: MessageId, error: bytes | None) -> None:
        try:
            await self.answer(asked, error=error)
        finally:
            self._answering -= 1
