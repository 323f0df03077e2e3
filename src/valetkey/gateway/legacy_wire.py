"""What goes over HTTP to a server of 2025-11-25: its session's headers, statuses and streams."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import aiohttp

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.http_door import HttpAnswer, HttpDoor
from valetkey.gateway.incoming import malformed
from valetkey.gateway.link import Incoming
from valetkey.gateway.patience import Patience
from valetkey.gateway.proofs import Proving
from valetkey.gateway.trouble import broke_off, session_lost

_CLOSE_SECONDS: Final = 2.0
_RESUMED: Final = 5
"""Times that a stream is gone on with without a word in between."""
_MAX_RETRY: Final = 10.0
_MIN_RETRY: Final = 0.02
_SESSION: Final = "Mcp-Session-Id"
MAX_SESSION_ID: Final = 1_024
_PROOFS: Final = frozenset({401, 403, 407})


class LegacyWire:
    """`version` and `session` are what the handshake gave; None before it."""

    def __init__(self, door: HttpDoor, prover: Proving) -> None:
        self.door = door
        self._prover = prover
        self.version: str | None = None
        self.session: str | None = None

    async def post(
        self, text: bytes, patience: Patience, extra: Mapping[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        """Send a message. The answer's status is anything."""
        headers = {**(extra or {}), **self._headers()}
        return await self.door.send(
            self._prover, "POST", headers=headers, body=text, patience=patience
        )

    async def get(self, after: str | None, patience: Patience) -> aiohttp.ClientResponse:
        """Ask for a stream, the one of event `after` from there on."""
        headers = {**self._headers(), "Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = after
        return await self.door.send(self._prover, "GET", headers=headers, patience=patience)

    async def say(self, text: bytes, patience: Patience) -> None:
        """Send what has no answer. Raises GatewayError if it was not taken."""
        response = await self.post(text, patience)
        try:
            if is_forgotten(response):
                raise session_lost()
            if response.status not in {200, 202, 204}:
                raise self.door.objection(response)
        finally:
            response.close()

    async def end(self) -> None:
        """End the session; a server may not offer that."""
        response = await self.door.send(
            self._prover, "DELETE", headers=self._headers(), patience=Patience(_CLOSE_SECONDS)
        )
        response.close()

    async def answer(
        self, response: aiohttp.ClientResponse, patience: Patience, *, ours: int
    ) -> HttpAnswer | Incoming:
        """Return the messages of an answer, or the error that a refused request got for one."""
        answer = HttpAnswer(response, most=self.door.server.answer_bytes)
        if response.status == 200:
            return answer
        if is_forgotten(response):
            raise session_lost()
        if 400 <= response.status < 500 and response.status not in _PROOFS:
            fault = await answer.fault(patience)
            if fault is not None and fault.id in {None, ours}:
                return fault
        raise self.door.objection(response)

    async def resumed(
        self, answer: HttpAnswer, patience: Patience
    ) -> AsyncGenerator[Incoming, None]:
        """Yield a stream's messages, going on with it where it ends too soon, if the server can.

        Whoever has what it wants closes it. Raises `server-broke-off`.
        """
        attempts = 0
        last: str | None = None
        try:
            while True:
                try:
                    async with contextlib.aclosing(answer.messages(patience)) as messages:
                        async for incoming in messages:
                            attempts = 0
                            yield incoming
                except GatewayError as error:
                    if error.code != "server-broke-off" or (answer.last_event or last) is None:
                        raise
                last = answer.last_event or last
                attempts += 1
                if last is None or attempts > _RESUMED:
                    raise broke_off("the stream ended without the answer")
                answer = await self._rest_of(answer, last, patience)
        finally:
            if last is not None:
                answer.response.close()  # the first one is its sender's to end

    async def _rest_of(self, answer: HttpAnswer, last: str, patience: Patience) -> HttpAnswer:
        answer.response.close()
        await asyncio.sleep(min(max(answer.retry, _MIN_RETRY), _MAX_RETRY))
        response = await self.get(last, patience)
        if response.status != 200:
            response.close()
            raise broke_off(f"status {response.status} instead of the rest")
        return HttpAnswer(response, most=self.door.server.answer_bytes)

    def begin(self, response: aiohttp.ClientResponse, version: str) -> None:
        """Take the session that a handshake gave, if any (visible ASCII)."""
        session = response.headers.get(_SESSION)
        if session is not None and not (
            0 < len(session) <= MAX_SESSION_ID and all("!" <= each <= "~" for each in session)
        ):
            raise malformed("a session id of other than visible ASCII")
        self.session, self.version = session, version

    def _headers(self) -> dict[str, str]:
        headers = {}
        if self.version is not None:
            headers["MCP-Protocol-Version"] = self.version
        if self.session is not None:
            headers[_SESSION] = self.session
        return headers


def is_forgotten(response: aiohttp.ClientResponse) -> bool:
    """Say whether a server does not know the session that the request was of."""
    return response.status == 404 and _SESSION in response.request_info.headers
