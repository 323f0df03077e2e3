"""MCP 2025-11-25: `initialize`, sessions, and what a client says in them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway import params as members
from valetkey.gateway.calling import CALL, call_tool
from valetkey.gateway.faults import (
    INVALID_REQUEST,
    SERVER_FAILED,
    Fault,
    bad_params,
    no_such_method,
)
from valetkey.gateway.forwarding import finish, forward
from valetkey.gateway.link import ClientSide
from valetkey.gateway.offers import (
    LATEST_HANDSHAKE,
    LOG_LEVELS,
    client_info,
    offered,
    told_upstream,
)
from valetkey.gateway.passing import PASSED, pass_through
from valetkey.gateway.request import Message
from valetkey.gateway.revisions import META_PROGRESS, Revision
from valetkey.gateway.served import Core, Exchange, still_served
from valetkey.gateway.sessions import Session
from valetkey.gateway.tool_list import list_tools
from valetkey.tools import Json
from valetkey.tools.exact_json import canonical

INITIALIZE: Final = "initialize"
SESSION_HEADER: Final = b"mcp-session-id"
_ROOTS_CHANGED: Final = "notifications/roots/list_changed"


def client_of(params: Mapping[str, Json]) -> ClientSide:
    """Return the client that an `initialize` describes. Raises Fault `params-invalid`."""
    members.only(params, ("protocolVersion", "capabilities", "clientInfo"))
    members.text(params, "protocolVersion", most=64)
    return ClientSide(
        revision=Revision.LEGACY,
        info=msgspec.json.encode(client_info(members.member(params, "clientInfo"))),
        capabilities=msgspec.json.encode(told_upstream(members.member(params, "capabilities"))),
    )


async def initialize(core: Core, caller: ToolCaller, ex: Exchange) -> None:
    """Open a session and say what is here. Whatever version is asked for, it is 2025-11-25.

    `ex` has the client, not yet a session. Raises Fault where there are too many sessions.
    """
    caller = await still_served(core, caller)
    session, gone = core.sessions.open(
        caller.run.id, ex.face.path, ex.client, version=LATEST_HANDSHAKE
    )
    for each in gone:
        await core.servers.end_session(each.id)
    capabilities = await offered(replace(ex, session=session), caller)
    result = {
        "protocolVersion": LATEST_HANDSHAKE,
        "capabilities": capabilities,
        "serverInfo": core.program,
    }
    header = (SESSION_HEADER, session.id.encode("ascii"))
    await ex.answer.result(ex.id, msgspec.json.encode(result), headers=(header,))


async def serve(ex: Exchange) -> None:
    """Serve a request of a session, unless its client takes it back meanwhile."""
    session, task = ex.session, asyncio.current_task()
    assert session is not None and task is not None  # noqa: S101 - who calls this has both
    if ex.id in session.working:
        raise Fault(INVALID_REQUEST, "id-in-use", "a request with this id is under way", status=400)
    session.working[ex.id] = task
    try:
        await _dispatch(ex, session)
    except asyncio.CancelledError:
        if ex.id not in session.cancelled:
            raise
        task.uncancel()
        raise Fault(SERVER_FAILED, "request-cancelled", "the request was taken back") from None
    finally:
        del session.working[ex.id]
        session.cancelled.discard(ex.id)


async def _dispatch(ex: Exchange, session: Session) -> None:
    method = ex.message.method
    if method == CALL:
        await call_tool(ex)
    elif method == "tools/list":
        await list_tools(ex)
    elif method in PASSED:
        await pass_through(ex)
    elif method == "ping":
        await still_served(ex.core, ex.caller)
        await ex.answer.result(ex.id, b"{}")
    elif method == "logging/setLevel":
        await _set_level(ex, session)
    else:
        await still_served(ex.core, ex.caller)
        raise no_such_method()


async def _set_level(ex: Exchange, session: Session) -> None:
    members.only(ex.message.params, ("level",))
    level = ex.message.params.get("level")
    if not isinstance(level, str) or level not in LOG_LEVELS:
        raise bad_params("`level` is not one of syslog's")
    caller = await still_served(ex.core, ex.caller)
    if ex.face.server is None:
        raise no_such_method()
    link = await ex.link(caller, ex.face.server)
    if "logging" not in link.capabilities:
        raise no_such_method()
    session.client = replace(session.client, log_level=level)
    if link.revision is not Revision.LEGACY:  # such a server is told with each request
        await ex.answer.result(ex.id, b"{}")
        return
    events = link.call("logging/setLevel", members.write({"level": level}), id=ex.id)
    await finish(ex, link, await forward(ex, link, events))


async def hear(core: Core, caller: ToolCaller, session: Session, message: Message) -> None:
    """Take a notification or a response. What nobody waits for is dropped.

    Raises NotServed: a run that is over says nothing to a server any more.
    """
    await still_served(core, caller)
    given = message.params
    if message.method == "":
        await _answered(session, message)
    elif message.method == "notifications/cancelled":
        _cancel(session, given.get("requestId"))
    elif message.method == "notifications/progress":
        await _progress(session, given)
    elif message.method == _ROOTS_CHANGED:
        for link in tuple(session.links.values()):
            if link.revision is Revision.LEGACY:
                await link.notify(_ROOTS_CHANGED, None)


def _cancel(session: Session, message_id: Json) -> None:
    if type(message_id) is int or type(message_id) is str:
        task = session.working.get(message_id)
        if task is not None and message_id not in session.cancelled:
            session.cancelled.add(message_id)
            task.cancel()


async def _answered(session: Session, message: Message) -> None:
    """Give the client's answer to the one link whose server asked, once."""
    asked = session.asked.pop(message.id, None) if isinstance(message.id, str) else None
    if asked is None:
        return
    if message.error is not None:
        await asked.link.answer(asked.id, error=canonical(dict(message.error)))
    else:
        await asked.link.answer(asked.id, result=canonical(message.result))


async def _progress(session: Session, given: Mapping[str, Json]) -> None:
    """Pass progress on to the server whose request, still open, has that token."""
    token = given.get(META_PROGRESS)
    asked = next((a for a in session.asked.values() if a.progress == token), None)
    if asked is None or token is None:
        return
    known = (META_PROGRESS, "progress", "total", "message")
    kept = {name: given[name] for name in known if name in given}
    await asked.link.notify("notifications/progress", members.write(kept))
