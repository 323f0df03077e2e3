"""The connections to one server over HTTP: bounded, without redirects, cookies or proxies."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Final

import aiohttp
from yarl import URL

from valetkey.gateway.addresses import check_address
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.flow import Flow, parts_of
from valetkey.gateway.incoming import malformed, read_incoming
from valetkey.gateway.link import Incoming, Kind
from valetkey.gateway.patience import CONNECT_SECONDS, MOST_MESSAGES, Patience
from valetkey.gateway.proofs import Proving
from valetkey.gateway.sse import Event, EventReader, too_large
from valetkey.gateway.trouble import broke_off, floods, of_status, slow, unreachable
from valetkey.tools.server import Proof, ToolServer

MAX_CONNECTIONS: Final = 512
"""To one server. Whoever finds them all in use is told so after CONNECT_SECONDS."""
MAX_FAULT_BYTES: Final = 65_536
"""Of an error's body."""
_SETTLE_SECONDS: Final = 1.0
_STREAM: Final = "text/event-stream"
_JSON: Final = "application/json"
HEADERS: Final = {
    "Accept": f"{_JSON}, {_STREAM}",
    "Accept-Encoding": "identity",  # what is compressed is not read: no size of it can be trusted
    "Content-Type": _JSON,
    "User-Agent": "valetkey",
}


class HttpDoor:
    """One server's connections, for all runs. `close` ends them and what is under way."""

    def __init__(self, server: ToolServer) -> None:
        self.server = server
        self.url = URL(server.url or "", encoded=True)
        check_address(self.url)
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def send(
        self,
        prover: Proving,
        method: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        patience: Patience,
    ) -> aiohttp.ClientResponse:
        """Return the answer's head; a proof that is not taken is renewed once.

        Raises `server-unreachable`, `server-slow`, `run-not-served`.
        """
        response = await self._sent(prover, method, headers, body=body, patience=patience)
        if response.status == 401 and prover.renew():
            response.close()
            response = await self._sent(prover, method, headers, body=body, patience=patience)
        return response

    def objection(self, response: aiohttp.ClientResponse) -> GatewayError:
        """Return what is told of a status that is no answer."""
        challenge = response.headers.get("WWW-Authenticate", "")
        proof = self.server.proof
        may_login = proof is Proof.NOTHING or (
            proof is Proof.HEADERS and "resource_metadata" in challenge
        )
        return of_status(response.status, challenge=challenge, may_login=may_login)

    def later(self, work: Coroutine[object, object, None]) -> None:
        """Do something that nobody waits for, such as a cancellation; `close` cancels it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def settle(self, response: aiohttp.ClientResponse) -> None:
        """Let an answer that was read end, so that its connection serves again; else close it."""
        if response.content.at_eof():
            response.release()
        else:
            self.later(_settled(response))

    async def close(self) -> None:
        """End all connections, after a moment for what is being said last."""
        if self._tasks:  # sessions that are ended just now
            await asyncio.wait(self._tasks, timeout=_SETTLE_SECONDS)
        self._is_closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: what nobody waits for is of no consequence

    async def _sent(
        self,
        prover: Proving,
        method: str,
        headers: Mapping[str, str],
        *,
        body: bytes,
        patience: Patience,
    ) -> aiohttp.ClientResponse:
        try:
            async with patience.limit():
                proven = await prover.proven(method, {**HEADERS, **headers}, body)
                return await self._connected().request(
                    method,
                    self.url,
                    data=body or None,
                    headers=proven,
                    allow_redirects=False,
                )
        except aiohttp.ServerTimeoutError as error:
            raise unreachable(error) from None  # of the connection: nothing was sent
        except TimeoutError:
            raise slow() from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise unreachable(error) from None

    def _connected(self) -> aiohttp.ClientSession:
        if self._is_closed:
            raise ValueError("this door is closed")  # which is told as unreachable
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
                ),
            )
        return self._session


class HttpAnswer:
    """The messages of an answer, whichever of its two forms it has."""

    def __init__(self, response: aiohttp.ClientResponse, *, most: int) -> None:
        self.response = response
        self._most = most
        self.last_event: str | None = None
        self.retry = 0.0
        """Seconds to wait before going on, as the server wants it."""

    async def messages(self, patience: Patience | None) -> AsyncGenerator[Incoming, None]:
        """Yield each message; None as patience: of a stream that may be silent for ever."""
        kind = self.response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if self.response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise malformed("the answer is compressed, though nobody asked for that")
        if kind == _JSON:
            yield read_incoming(await self._whole(patience))
        elif kind == _STREAM:
            async for incoming in self._streamed(patience):
                yield incoming
        else:
            raise malformed(f"an answer of type `{kind[:64]}`")

    async def fault(self, patience: Patience) -> Incoming | None:
        """Return the error that the body of a refusal is, if it is one in the words of MCP."""
        kind = self.response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != _JSON:
            return None
        self._most = min(self._most, MAX_FAULT_BYTES)
        try:
            incoming = read_incoming(await self._whole(patience))
        except GatewayError:
            return None
        return incoming if incoming.kind is Kind.RESPONSE and incoming.error else None

    async def _streamed(self, patience: Patience | None) -> AsyncGenerator[Incoming, None]:
        reader = EventReader(self._most)
        flow = Flow()
        seen = 0
        while piece := await self._piece(patience):
            for part in parts_of(piece):
                await flow.take(part)
                for event in reader.feed(part):
                    self._note(event)
                    if event.data is None:
                        continue
                    seen += 1
                    if patience is not None and seen > MOST_MESSAGES:
                        raise floods()
                    await flow.take_message()
                    incoming = read_incoming(event.data, event_id=event.id)
                    if patience is not None:
                        patience.heard(asks=incoming.kind is Kind.REQUEST)
                    yield incoming

    def _note(self, event: Event) -> None:
        if event.id is not None:
            self.last_event = event.id or None
        if event.retry is not None:
            self.retry = event.retry / 1000

    async def _whole(self, patience: Patience | None) -> bytes:
        if (self.response.content_length or 0) > self._most:
            raise too_large(self._most)
        body = bytearray()
        while piece := await self._piece(patience):
            body += piece
            if len(body) > self._most:
                raise too_large(self._most)
        return bytes(body)

    async def _piece(self, patience: Patience | None) -> bytes:
        try:
            if patience is None or self.response.content.is_eof():  # then all of it is here
                return await self.response.content.readany()
            async with patience.limit():
                return await self.response.content.readany()
        except TimeoutError:
            raise slow() from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise broke_off(f"{type(error).__name__}: {str(error)[:200]}") from None


async def _settled(response: aiohttp.ClientResponse) -> None:
    try:
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                for _ in range(8):
                    if not await response.content.readany():
                        break
    finally:
        response.close()
