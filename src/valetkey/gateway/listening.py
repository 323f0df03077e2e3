"""`GET`: the stream of a 2025-11-25 session, on which a server speaks unasked. At one server only.

It does not resume: what is lost while nobody listens was nobody's answer.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.answers import asking_message
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.faults import INVALID_REQUEST, Fault
from valetkey.gateway.forwarding import LISTS_CHANGED, pass_on
from valetkey.gateway.link import Incoming, Kind, Link
from valetkey.gateway.revisions import Revision
from valetkey.gateway.served import Exchange, still_served
from valetkey.gateway.sessions import no_such_session
from valetkey.gateway.streaming import Stream
from valetkey.tools import Surface

TOOLS_CHANGED = asking_message("notifications/tools/list_changed", None)


async def listen(ex: Exchange) -> None:
    """Hold the one stream of a session open.

    Raises Fault `stream-open` for a second one, `session-unknown` where the session ended first.
    """
    session, server = ex.session, ex.face.server
    assert session is not None and server is not None  # noqa: S101 - who calls this has both
    if session.listener is not None:
        raise Fault(INVALID_REQUEST, "stream-open", "the session has a stream already", status=409)
    task = session.listener = asyncio.current_task()
    try:
        ex = replace(ex, caller=await still_served(ex.core, ex.caller))
        await _hold(ex, server)
    except asyncio.CancelledError:
        if not session.is_closed or task is None:
            raise
        task.uncancel()
        if not ex.answer.is_stream:  # it was over before its stream began
            raise no_such_session() from None
        await ex.answer.end()
    finally:
        session.listener = None


async def _hold(ex: Exchange, server: str) -> None:
    await ex.answer.open()
    link, events = await _events(ex, server)

    async def deliver(incoming: Incoming) -> None:
        if link is not None and is_open(ex, stream.caller, incoming):
            await pass_on(ex, link, incoming)

    async def changed() -> None:
        await ex.answer.event(TOOLS_CHANGED)

    stream = Stream(ex.core, ex.caller, ex.answer, face=ex.face, changed=changed)
    await stream.hold(ex.receive, events, deliver)


def is_open(ex: Exchange, caller: ToolCaller, incoming: Incoming) -> bool:
    """Say whether a server may tell this unasked: a closed surface is closed here as well."""
    if incoming.kind is not Kind.NOTIFICATION:
        return incoming.kind is Kind.REQUEST
    surface = LISTS_CHANGED.get(incoming.method or "")
    return surface is None or bool(ex.face.opening(caller, Surface(surface)))


async def _events(
    ex: Exchange, server: str
) -> tuple[Link | None, AsyncGenerator[Incoming, None] | None]:
    try:
        link = await ex.link(ex.caller, server)
    except GatewayError:
        return None, None
    return link, link.listen() if link.revision is Revision.LEGACY else None
