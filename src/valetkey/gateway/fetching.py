"""What a server offers, read by an operator to be pinned: no run is behind it, no credentials go.

For `valetkey tools refresh`.
"""

import time
from collections.abc import Sequence
from typing import Final

from valetkey.gateway.conversation import Conversation
from valetkey.gateway.discovering import GATEWAY, discover
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.http_door import HttpDoor
from valetkey.gateway.http_link import HttpLink
from valetkey.gateway.incoming import malformed
from valetkey.gateway.legacy_wire import LegacyWire
from valetkey.gateway.link import Link
from valetkey.gateway.live_tools import read_tools
from valetkey.gateway.modern_link import ModernLink
from valetkey.gateway.pins import MOST_BYTES
from valetkey.gateway.processes import Child, start_child
from valetkey.gateway.proofs import GivenProof
from valetkey.gateway.revisions import Revision
from valetkey.gateway.seat import Seat
from valetkey.gateway.stdio_link import StdioLink, open_stdio
from valetkey.gateway.surroundings import make_surroundings
from valetkey.secret import Secret
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.server import Proof, Reach, ToolServer

_RUNS_OWN: Final = frozenset({Proof.TOKEN, Proof.SIGV4})


async def fetch_tools(
    server: ToolServer, *, bearer: Secret | None = None
) -> tuple[ToolDefinition, ...]:
    """Return the tools that a server has now, in its order, as a gateway's run would see them.

    An HTTP server is shown its configured headers, or `bearer`; a started one gets no AWS
    credentials, and is ended again. Raises GatewayError: `proof-needed` where a server wants a
    run's own proof and no `bearer` is given, `server-not-reached` where there is no way to it.
    """
    seat = Seat(None, server, clock=time.monotonic)
    if server.reach is Reach.STDIO:
        return await _of_started(seat)
    if server.reach is Reach.HTTP:
        if server.proof in _RUNS_OWN and bearer is None:
            raise GatewayError(
                "proof-needed",
                f"server `{server.name}` wants a proof of a run, and here is none",
                hint=f"`--bearer {server.name}=FILE` shows it a token that it takes",
            )
        return await _over_http(seat, GivenProof(server, bearer))
    raise GatewayError(
        "server-not-reached",
        f"server `{server.name}` is not reached by the gateway",
        hint=f"`--from {server.name}=FILE` reads what it answers to `tools/list`",
    )


async def _over_http(seat: Seat, proof: GivenProof) -> tuple[ToolDefinition, ...]:
    door = HttpDoor(seat.server)
    try:
        link = await _http_link(door, seat, proof)
        try:
            return await read_tools(link, seat.server.name, most=MOST_BYTES)
        finally:
            await link.close()
    finally:
        await door.close()


async def _http_link(door: HttpDoor, seat: Seat, proof: GivenProof) -> Link:
    wanted = _wanted(seat)
    opened = None if wanted is Revision.LEGACY else await discover(door, seat, proof)
    if opened is not None:
        return ModernLink(door, seat, proof, client=GATEWAY, opened=opened)
    if wanted is Revision.MODERN:
        raise malformed("it does not speak the configured revision")
    link = HttpLink(LegacyWire(door, proof), seat, GATEWAY, shared=True)
    await link.open()
    return link


async def _of_started(seat: Seat) -> tuple[ToolDefinition, ...]:
    children: list[Child] = []

    async def started(conversation: Conversation) -> Child:
        child = await start_child(
            seat.server.command,
            make_surroundings(seat.server, None),
            name=seat.server.name,
            most=seat.server.answer_bytes,
            on_line=conversation.hear,
            on_end=conversation.end,
        )
        children.append(child)
        return child

    try:
        server = await open_stdio(seat, GATEWAY, started, revision=_wanted(seat))
        try:
            link = StdioLink(server, seat, GATEWAY)
            return await read_tools(link, seat.server.name, most=MOST_BYTES)
        finally:
            await server.stop()
    except GatewayError as error:
        raise _with_words(error, children) from None


def _with_words(error: GatewayError, children: Sequence[Child]) -> GatewayError:
    """Return the error with what the server wrote to its stderr: no log has it here."""
    said = [error.detail or "", *(child.last_words for child in children[-1:])]
    detail = "\n".join(each for each in said if each) or None
    if error.code != "server-stopped":
        return GatewayError(error.code, error.message, hint=error.hint, detail=detail)
    return GatewayError(
        error.code,
        "the server of this tool ended before it had told its tools",
        hint="it runs in an empty folder with PATH and `environment` alone: give files in full",
        detail=detail,
    )


def _wanted(seat: Seat) -> Revision | None:
    return None if seat.server.revision is None else Revision(seat.server.revision)
