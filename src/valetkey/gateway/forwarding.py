"""What a server says while it works on a request goes to the client; its response is returned.

Requests of servers pass only between equal revisions, in a session whose client said it takes them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from valetkey.gateway.answers import asking_message
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.link import Incoming, Kind, Link
from valetkey.gateway.results import error_for, read_object, result_for
from valetkey.gateway.revisions import META_PROGRESS, Revision
from valetkey.gateway.served import Exchange
from valetkey.gateway.watching import Watch
from valetkey.tools import Json

ASKED_OF_CLIENTS: Final = {
    "sampling/createMessage": "sampling",
    "elicitation/create": "elicitation",
    "roots/list": "roots",
}
"""What a server may ask of a client, and the capability by which the client takes it."""
LISTS_CHANGED: Final = {
    "notifications/tools/list_changed": None,
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/list_changed": "resources",
    "notifications/resources/updated": "resources",
}
"""What a server may tell unasked, and the surface that must be open for it."""
_PASSED: Final = frozenset({"notifications/progress", "notifications/elicitation/complete"})
_MESSAGE: Final = "notifications/message"
_CANCELLED: Final = "notifications/cancelled"
_NOT_TAKEN: Final = b'{"code":-32601,"message":"the client does not take this request"}'


async def forward(ex: Exchange, link: Link, events: AsyncGenerator[Incoming, None]) -> Incoming:
    """Return the response of a server, after everything that precedes it went to the client.

    Raises GatewayError, NotServed where the run ended meanwhile, and ClientLeft.
    """
    work = asyncio.current_task()
    assert work is not None  # noqa: S101 - every coroutine runs in one
    watch = Watch(ex.core, ex.caller, ex.answer, stays=ex.revision is Revision.LEGACY)
    watch.begin(ex.receive, work)
    try:
        async with aclosing(events):
            async for incoming in events:
                if incoming.kind is Kind.RESPONSE:
                    return incoming
                await pass_on(ex, link, incoming)
    except asyncio.CancelledError:
        if watch.why is None:
            raise
        work.uncancel()
        raise watch.why from None
    finally:
        watch.end()
    raise GatewayError("server-answer-malformed", "the server ended without a response")


async def finish(
    ex: Exchange, link: Link, response: Incoming, *, is_cacheable: bool = False
) -> None:
    """Answer with a server's response, in the client's revision."""
    if response.error is not None:
        error, status = error_for(ex.revision, response.error, server=link.revision)
        body = b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (msgspec.json.encode(ex.id), error)
        await ex.answer.respond(body, status=status)
        return
    result = result_for(
        ex.revision, response.result or b"", server=link.revision, is_cacheable=is_cacheable
    )
    await ex.answer.result(ex.id, result)


async def pass_on(ex: Exchange, link: Link, incoming: Incoming) -> None:
    """Send the client what a server says besides its response, if the client may have it."""
    if incoming.kind is Kind.REQUEST:
        await _ask(ex, link, incoming)
        return
    method, params = incoming.method or "", incoming.params
    if method == _CANCELLED:
        params = _cancelled(ex, link, params)
        if params is None:
            return
    elif method == _MESSAGE:
        if ex.revision is Revision.MODERN and ex.client.log_level is None:
            return
    elif method not in _PASSED and (method not in LISTS_CHANGED or ex.session is None):
        return
    await ex.answer.event(asking_message(method, params))


async def _ask(ex: Exchange, link: Link, incoming: Incoming) -> None:
    """Ask the client under an id of its session; what it may not be asked is answered here."""
    if incoming.id is None:
        return
    if incoming.method == "ping":
        await link.answer(incoming.id, result=b"{}")
        return
    if not _takes(ex, link, incoming.method or ""):
        await link.answer(incoming.id, error=_NOT_TAKEN)
        return
    assert ex.session is not None  # noqa: S101 - _takes says so
    ours = ex.session.ask(link, incoming.id, _progress_of(incoming.params))
    await ex.answer.event(asking_message(incoming.method or "", incoming.params, ours))


def _takes(ex: Exchange, link: Link, method: str) -> bool:
    if ex.session is None or link.revision is not Revision.LEGACY:
        return False
    return ASKED_OF_CLIENTS.get(method) in read_object(ex.session.client.capabilities)


def _progress_of(params: bytes | None) -> Json:
    meta = None if params is None else read_object(params).get("_meta")
    return meta.get(META_PROGRESS) if isinstance(meta, dict) else None


def _cancelled(ex: Exchange, link: Link, params: bytes | None) -> bytes | None:
    """Return the client's form of a server's taking back of its request; None: nothing to take."""
    if params is None or ex.session is None:
        return None
    found = read_object(params)
    ours = ex.session.asked_by(link, found.get("requestId"))
    if ours is None:
        return None
    del ex.session.asked[ours]
    kept: dict[str, Json] = {"requestId": ours}
    if isinstance(reason := found.get("reason"), str):
        kept["reason"] = reason
    return msgspec.json.encode(kept)
