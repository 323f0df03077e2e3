"""Prompts, resources and completion: closed unless the configuration opens them, then on record.

Policies do not see them; what goes to a server is made anew from the members that are known here.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import msgspec

from valetkey.broker.tool_access import ToolCaller
from valetkey.broker.tool_call import note_passed
from valetkey.gateway import params as members
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.faults import bad_params, no_such_method
from valetkey.gateway.forwarding import finish, forward
from valetkey.gateway.limits import MAX_NAME, MAX_PAGES, MAX_URI
from valetkey.gateway.link import Incoming
from valetkey.gateway.mcp_headers import NAMED
from valetkey.gateway.results import cached_privately, read_object
from valetkey.gateway.revisions import Revision
from valetkey.gateway.served import Exchange, not_served, still_served
from valetkey.tools import Json, Surface

_MAX_CURSOR: Final = 4_096
_CLOSED: Final = frozenset({"surface-closed", "server-unknown"})
_AT_A_SERVER: Final = "servers have resources of their own at /mcp/{server}"


@dataclass(frozen=True, slots=True)
class Asking:
    """What goes to one server: whom, which surface it is of, what the record names."""

    server: str
    surface: Surface
    about: str | None
    params: Mapping[str, Json]


async def pass_through(ex: Exchange) -> None:
    """Serve a method of an opened surface. Raises Fault -32601 where it is closed or unknown."""
    method = ex.message.method
    if method == "prompts/list" and ex.face.server is None:
        await _all_prompts(ex)
        return
    asking = _READERS[method](ex)
    caller = await record(ex, asking)
    link = await ex.link(caller, asking.server)
    passed = dict(asking.params)
    if ex.revision is Revision.MODERN and link.revision is Revision.MODERN and method in NAMED:
        passed |= members.asked_again(ex.message.params)
    name = passed.get(NAMED[method]) if method in NAMED else None
    events = link.call(
        method,
        members.write(passed),
        id=ex.id,
        name=name if isinstance(name, str) else None,
    )
    response = await forward(ex, link, events)
    await finish(ex, link, response, is_cacheable=method in _CACHEABLE)


async def record(ex: Exchange, asking: Asking) -> ToolCaller:
    """Put on record what is about to be asked; return the caller as its run is now.

    Raises Fault for a closed surface, NotServed where the run is over.
    """
    refusal = await note_passed(
        ex.core.broker,
        ex.caller,
        asking.server,
        asking.surface,
        method=ex.message.method,
        about=asking.about,
    )
    if refusal is None:
        return await still_served(ex.core, ex.caller)
    if refusal.code in _CLOSED:
        raise no_such_method()
    raise not_served(refusal)


def _listed(surface: Surface) -> Callable[[Exchange], Asking]:
    def read(ex: Exchange) -> Asking:
        given = ex.message.params
        members.only(given, ("cursor",))
        passed = members.meta(given)
        asked: dict[str, Json] = {"_meta": passed} if passed else {}
        if "cursor" in given:
            asked["cursor"] = members.text(given, "cursor", most=_MAX_CURSOR)
        return Asking(_server_of(ex, surface), surface, None, asked)

    return read


def _prompt(ex: Exchange) -> Asking:
    given = ex.message.params
    members.only(given, ("name", "arguments", *_again(ex)))
    server, own = ex.face.split(members.text(given, "name", most=MAX_NAME))
    asked: dict[str, Json] = {"name": own, **_meta(given)}
    if "arguments" in given:
        asked["arguments"] = _texts(members.member(given, "arguments"))
    return Asking(server, Surface.PROMPTS, own, asked)


def _resource(ex: Exchange) -> Asking:
    given = ex.message.params
    is_read = ex.message.method in NAMED
    if not is_read and (ex.session is None or ex.face.server is None):
        raise no_such_method()  # updates come on the stream of one server's session
    members.only(given, ("uri", *(_again(ex) if is_read else ())))
    uri = members.text(given, "uri", most=MAX_URI)
    server = _server_of(ex, Surface.RESOURCES)
    return Asking(server, Surface.RESOURCES, uri, {"uri": uri, **_meta(given)})


def _completion(ex: Exchange) -> Asking:
    given = ex.message.params
    members.only(given, ("ref", "argument", "context"))
    ref, argument = members.member(given, "ref"), members.member(given, "argument")
    members.only(argument, ("name", "value"))
    value = argument.get("value")
    if not isinstance(value, str):
        raise bad_params("`argument.value` is not text")
    name = members.text(argument, "name", most=MAX_NAME)
    asked: dict[str, Json] = {"argument": {"name": name, "value": value}, **_meta(given)}
    if "context" in given:
        context = members.member(given, "context")
        members.only(context, ("arguments",))
        asked["context"] = {"arguments": _texts(members.member(context, "arguments"))}
    if ref.get("type") == "ref/prompt":
        members.only(ref, ("type", "name", "title"))
        server, own = ex.face.split(members.text(ref, "name", most=MAX_NAME))
        asked["ref"] = {"type": "ref/prompt", "name": own}
        return Asking(server, Surface.COMPLETION, own, asked)
    members.only(ref, ("type", "uri"))
    if ref.get("type") != "ref/resource":
        raise bad_params("`ref.type` is not known")
    uri = members.text(ref, "uri", most=MAX_URI)
    asked["ref"] = {"type": "ref/resource", "uri": uri}
    return Asking(_server_of(ex, Surface.RESOURCES), Surface.COMPLETION, uri, asked)


def _server_of(ex: Exchange, surface: Surface) -> str:
    """Return whose resources are meant: at the whole gateway, the only server that opens them."""
    if ex.face.server is not None:
        return ex.face.server
    opening = ex.face.opening(ex.caller, surface)
    if len(opening) != 1:
        raise no_such_method(hint=_AT_A_SERVER if opening else None)
    return opening[0]


def _meta(given: Mapping[str, Json]) -> dict[str, Json]:
    passed = members.meta(given)
    return {"_meta": passed} if passed else {}


def _again(ex: Exchange) -> tuple[str, ...]:
    return (members.INPUT, members.STATE) if ex.revision is Revision.MODERN else ()


def _texts(given: dict[str, Json]) -> dict[str, Json]:
    if not all(isinstance(value, str) for value in given.values()):
        raise bad_params("an argument is not text")
    return given


async def _all_prompts(ex: Exchange) -> None:
    """List every server's prompts under public names. A server in trouble has none now."""
    members.only(ex.message.params, ("cursor",))
    if "cursor" in ex.message.params:
        raise bad_params("`cursor` is not one of ours")
    servers = ex.face.opening(ex.caller, Surface.PROMPTS)
    if not servers:
        raise no_such_method()
    found = await asyncio.gather(*(_prompts_of(ex, server) for server in servers))
    listed: list[Json] = [prompt for prompts in found for prompt in prompts]
    result: dict[str, Json] = {"prompts": listed}
    if ex.revision is Revision.MODERN:
        result = cached_privately(result)
    await ex.answer.result(ex.id, msgspec.json.encode(result))


async def _prompts_of(ex: Exchange, server: str) -> list[Json]:
    caller = await record(ex, Asking(server, Surface.PROMPTS, None, {}))
    found: list[Json] = []
    try:
        link = await ex.link(caller, server)
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            body = members.write({} if cursor is None else {"cursor": cursor})
            async with aclosing(link.call("prompts/list", body)) as events:
                cursor = None
                async for said in events:
                    cursor = _add_page(ex, server, said, found) or cursor
            if cursor is None:
                break
    except GatewayError:
        return []
    return found


def _add_page(ex: Exchange, server: str, said: Incoming, found: list[Json]) -> str | None:
    page = read_object(said.result) if said.result is not None else {}
    prompts, cursor = page.get("prompts"), page.get("nextCursor")
    for prompt in prompts if isinstance(prompts, list) else ():
        if isinstance(prompt, dict) and isinstance(name := prompt.get("name"), str):
            found.append({**prompt, "name": ex.face.shown(server, name)})
    return cursor if isinstance(cursor, str) else None


_READERS: Final[dict[str, Callable[[Exchange], Asking]]] = {
    "prompts/list": _listed(Surface.PROMPTS),
    "prompts/get": _prompt,
    "resources/list": _listed(Surface.RESOURCES),
    "resources/templates/list": _listed(Surface.RESOURCES),
    "resources/read": _resource,
    "resources/subscribe": _resource,
    "resources/unsubscribe": _resource,
    "completion/complete": _completion,
}
_CACHEABLE: Final = frozenset(
    {"prompts/list", "resources/list", "resources/templates/list", "resources/read"}
)
PASSED: Final = frozenset(_READERS)
