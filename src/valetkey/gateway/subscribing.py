"""`subscriptions/listen` of 2026-07-28: a stream of the changes that its client asked for."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from valetkey.gateway import params as members
from valetkey.gateway.answers import asking_message
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.faults import bad_params
from valetkey.gateway.limits import MAX_SUBSCRIPTIONS, MAX_URI
from valetkey.gateway.link import Incoming, Kind, Link
from valetkey.gateway.listening import is_open
from valetkey.gateway.passing import Asking, record
from valetkey.gateway.results import read_object
from valetkey.gateway.revisions import META_SUBSCRIPTION, Revision
from valetkey.gateway.served import Exchange, still_served
from valetkey.gateway.streaming import Stream
from valetkey.tools import Json, Surface

LISTEN: Final = "subscriptions/listen"
_TOOLS: Final = "notifications/tools/list_changed"
_UPDATED: Final = "notifications/resources/updated"
_SUBSCRIBED: Final = "resourceSubscriptions"
_LISTS: Final = {
    "toolsListChanged": (_TOOLS, None),
    "promptsListChanged": ("notifications/prompts/list_changed", Surface.PROMPTS),
    "resourcesListChanged": ("notifications/resources/list_changed", Surface.RESOURCES),
}


async def subscribe(ex: Exchange) -> None:
    """Hold a stream: first what is granted of what was asked, then what changes.

    What a closed surface would tell is not granted. Subscribed resources are on record first.
    """
    members.only(ex.message.params, ("notifications",))
    asked = members.member(ex.message.params, "notifications")
    members.only(asked, (*_LISTS, _SUBSCRIBED))
    uris = _uris(asked)
    ex = replace(ex, caller=await still_served(ex.core, ex.caller))
    if ex.face.server is None or not ex.face.opening(ex.caller, Surface.RESOURCES):
        uris = ()
    granted = _granted(ex, asked)
    with ex.core.streams.one(ex.caller.run.id):
        link = await _link(ex, granted, uris)
        if link is not None and link.revision is Revision.MODERN and uris:
            for uri in uris:
                asking = Asking(ex.face.server or "", Surface.RESOURCES, uri, {})
                ex = replace(ex, caller=await record(ex, asking))
            granted[_SUBSCRIBED] = list(uris)
        await _hold(ex, link, granted)


async def _hold(ex: Exchange, link: Link | None, granted: dict[str, Json]) -> None:
    wanted = {_LISTS[name][0] for name in granted if name in _LISTS}
    if _SUBSCRIBED in granted:
        wanted.add(_UPDATED)

    async def tell(method: str, params: Mapping[str, Json]) -> None:
        await ex.answer.event(asking_message(method, msgspec.json.encode(_marked(ex, params))))

    async def deliver(incoming: Incoming) -> None:
        told = incoming.kind is Kind.NOTIFICATION and incoming.method in wanted
        if told and incoming.method and is_open(ex, stream.caller, incoming):
            said = {} if incoming.params is None else read_object(incoming.params)
            await tell(incoming.method, said)

    async def changed() -> None:
        if _TOOLS in wanted:
            await tell(_TOOLS, {})

    await tell("notifications/subscriptions/acknowledged", {"notifications": granted})
    events = None if link is None else _events(link, granted)
    stream = Stream(ex.core, ex.caller, ex.answer, face=ex.face, changed=changed)
    await stream.hold(ex.receive, events, deliver)


def _events(link: Link, granted: dict[str, Json]) -> AsyncGenerator[Incoming, None]:
    if link.revision is Revision.MODERN:
        return link.call(LISTEN, members.write({"notifications": granted}))
    return link.listen()


def _marked(ex: Exchange, params: Mapping[str, Json]) -> dict[str, Json]:
    """Return params that say which subscription they are of: the request's own id."""
    meta = params.get(members.META)
    kept = meta if isinstance(meta, dict) else {}
    return {**params, members.META: {**kept, META_SUBSCRIPTION: ex.id}}


def _granted(ex: Exchange, asked: Mapping[str, Json]) -> dict[str, Json]:
    """At the whole gateway only changes of our own making are told: of the tools' list."""
    granted: dict[str, Json] = {}
    for name, (_, surface) in _LISTS.items():
        if asked.get(name) is not True:
            continue
        if surface is None or (ex.face.server and ex.face.opening(ex.caller, surface)):
            granted[name] = True
    return granted


async def _link(ex: Exchange, granted: Mapping[str, Json], uris: tuple[str, ...]) -> Link | None:
    if ex.face.server is None or not (granted or uris):
        return None
    try:
        return await ex.link(ex.caller, ex.face.server)
    except GatewayError:
        return None


def _uris(asked: Mapping[str, Json]) -> tuple[str, ...]:
    given = asked.get(_SUBSCRIBED, [])
    if not isinstance(given, list) or len(given) > MAX_SUBSCRIPTIONS:
        raise bad_params(f"`{_SUBSCRIBED}` is not a list of up to {MAX_SUBSCRIPTIONS} resources")
    uris = [uri for uri in given if isinstance(uri, str) and 0 < len(uri) <= MAX_URI]
    if len(uris) != len(given):
        raise bad_params(f"`{_SUBSCRIBED}` has what is no URI")
    return tuple(uris)
