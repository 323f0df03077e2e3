"""A server of either revision that was started for a run, and callers' views of it.

MCP basic/transports/stdio. One process has one handshake; whoever speaks with it shares that.
"""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from valetkey.gateway.asked import Asked
from valetkey.gateway.conversation import Conversation
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.incoming import malformed
from valetkey.gateway.link import ClientSide, Incoming, Kind, MessageId
from valetkey.gateway.modern_link import DISCOVER, LISTEN
from valetkey.gateway.opened import Opened, read_discovered, read_initialized
from valetkey.gateway.outgoing import (
    initialize_params,
    write_answer,
    write_notification,
    write_request,
)
from valetkey.gateway.patience import Patience
from valetkey.gateway.processes import Child
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.gateway.trouble import failed
from valetkey.tools.definition import Json

PROBE_SECONDS: Final = 5.0
"""A server of before may say nothing at all to what it does not know."""
OPEN_SECONDS: Final = 30.0
_NO_END: Final = 10 * 365 * 86_400.0

Starter = Callable[[Conversation], Awaitable[Child]]


class StdioServer:
    """A process that has introduced itself."""

    def __init__(
        self, child: Child, conversation: Conversation, *, revision: Revision, opened: Opened
    ) -> None:
        self.child = child
        self.conversation = conversation
        self.revision = revision
        self.opened = opened

    @property
    def has_ended(self) -> bool:
        """Say whether it serves no more."""
        return self.conversation.ended is not None or self.child.has_ended

    async def stop(self) -> None:
        """End it; afterwards nothing of it is left."""
        await self.child.stop()
        await self.conversation.close()


class StdioLink:
    """A caller's view of a process; making or closing one sends nothing."""

    def __init__(self, server: StdioServer, seat: Seat, client: ClientSide) -> None:
        self._server = server
        self._seat = seat
        self._client = client

    @property
    def revision(self) -> Revision:
        return self._server.revision

    @property
    def opened(self) -> Opened:
        return self._server.opened

    @property
    def server_info(self) -> bytes:
        return self._server.opened.server_info

    @property
    def capabilities(self) -> Mapping[str, Json]:
        return self._server.opened.capabilities

    @property
    def instructions(self) -> str | None:
        return self._server.opened.instructions

    async def call(
        self,
        method: str,
        params: bytes | None,
        *,
        id: MessageId | None = None,
        name: str | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Incoming, None]:
        conversation = self._server.conversation
        ours = conversation.next_id()
        written = write_request(
            method, params, ours=ours, revision=self.revision, client=self._client
        )
        endless = method == LISTEN
        patience = (
            Patience(_NO_END, most=_NO_END) if endless else Patience(self._seat.server.seconds)
        )
        with self._seat.hold() if endless else self._seat.call():
            said = conversation.ask(written.text, Asked(ours, id, written.progress), patience)
            async with contextlib.aclosing(said):
                async for incoming in said:
                    yield incoming

    async def notify(self, method: str, params: bytes | None) -> None:
        await self._server.conversation.say(write_notification(method, params), _patience())

    async def answer(
        self,
        id: MessageId,
        *,
        result: bytes | None = None,
        error: bytes | None = None,
    ) -> None:
        text = write_answer(id, result=result, error=error)
        await self._server.conversation.say(text, _patience())

    async def listen(
        self,
        *,
        after: str | None = None,
    ) -> AsyncGenerator[Incoming, None]:
        with self._seat.hold():
            async with contextlib.aclosing(self._server.conversation.unasked()) as messages:
                async for incoming in messages:
                    yield incoming

    async def close(self) -> None:
        """Nothing: the process is its run's, and ended with that."""


async def open_stdio(
    seat: Seat,
    client: ClientSide,
    start: Starter,
    *,
    revision: Revision | None,
    shakes: bool = False,
) -> StdioServer:
    """Start a process and hear who it is; of None it is found out which revision it speaks, the
    newer one first, with `shakes` the older.

    Raises GatewayError, after which no process is left.
    """
    if revision is None and shakes:
        try:
            return await _legacy(seat, client, start)
        except GatewayError as error:
            if error.code != "server-answer-malformed":
                raise
            revision = Revision.MODERN
    if revision is not Revision.LEGACY:
        server = await _modern(seat, client, start)
        if server is not None:
            return server
        if revision is Revision.MODERN:
            raise malformed("it does not speak the configured revision")
    return await _legacy(seat, client, start)


async def _modern(seat: Seat, client: ClientSide, start: Starter) -> StdioServer | None:
    conversation, child = await _started(seat, client, start)
    try:
        seconds = min(PROBE_SECONDS, seat.server.seconds)
        told = replace(client, capabilities=b"{}")
        result = await _asked(
            conversation, DISCOVER, None, told, revision=Revision.MODERN, seconds=seconds
        )
        opened = None if result is None else read_discovered(result)
    except GatewayError:
        opened = None
    except BaseException:
        await _ended(conversation, child)
        raise
    if opened is None:  # a server of before has been told something it can't know: begin anew
        await _ended(conversation, child)
        return None
    return StdioServer(child, conversation, revision=Revision.MODERN, opened=opened)


async def _legacy(seat: Seat, client: ClientSide, start: Starter) -> StdioServer:
    conversation, child = await _started(seat, client, start)
    try:
        result = await _asked(
            conversation,
            "initialize",
            initialize_params(client),
            client,
            revision=Revision.LEGACY,
            seconds=min(OPEN_SECONDS, seat.server.seconds),
        )
        if result is None:
            raise malformed("it does not take the handshake")
        opened = read_initialized(result)
        await conversation.say(write_notification("notifications/initialized", None), _patience())
    except BaseException:
        await _ended(conversation, child)
        raise
    return StdioServer(child, conversation, revision=Revision.LEGACY, opened=opened)


async def _started(seat: Seat, client: ClientSide, start: Starter) -> tuple[Conversation, Child]:
    conversation = Conversation(seat, asks_clients=client.capabilities != b"{}")
    child = await start(conversation)
    conversation.begin(child)
    return conversation, child


async def _ended(conversation: Conversation, child: Child) -> None:
    await child.stop()
    await conversation.close()


async def _asked(
    conversation: Conversation,
    method: str,
    params: bytes | None,
    client: ClientSide,
    *,
    revision: Revision,
    seconds: float,
) -> bytes | None:
    """Return the result of one request; None for an error."""
    ours = conversation.next_id()
    written = write_request(method, params, ours=ours, revision=revision, client=client)
    said = conversation.ask(written.text, Asked(ours), Patience(seconds, most=seconds))
    async with contextlib.aclosing(said):
        async for incoming in said:
            if incoming.kind is Kind.RESPONSE:
                return incoming.result
    raise failed("it ended without an answer")


def _patience() -> Patience:
    return Patience(OPEN_SECONDS)
