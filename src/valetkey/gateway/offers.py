"""What a client is told that it finds here: tools always, the rest where config opens it."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from valetkey.broker.tool_access import ToolCaller
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.limits import GREETING_SECONDS
from valetkey.gateway.link import Link
from valetkey.gateway.revisions import Revision
from valetkey.gateway.served import Exchange
from valetkey.tools import Json, Surface

log = logging.getLogger("valetkey.gateway")

_NAMES: Final = {
    Surface.PROMPTS: "prompts",
    Surface.RESOURCES: "resources",
    Surface.COMPLETION: "completions",
}


async def offered(ex: Exchange, caller: ToolCaller) -> dict[str, Json]:
    """Return the capabilities of this way in. A server in trouble offers its pinned tools alone.

    A server's `instructions` are not passed on: nobody pinned them, and models obey them.
    """
    found: dict[str, Json] = {"tools": {"listChanged": True}}
    if ex.face.server is None:
        for surface, name in _NAMES.items():
            opening = ex.face.opening(caller, surface)
            if len(opening) == 1 or (opening and surface is not Surface.RESOURCES):
                found[name] = {}
        return found
    link = await _link(ex, caller, ex.face.server)
    if link is None:
        return found
    if "logging" in link.capabilities:
        found["logging"] = {}
    for surface, name in _NAMES.items():
        theirs = link.capabilities.get(name)
        if isinstance(theirs, dict) and ex.face.opening(caller, surface):
            found[name] = _kept(ex, link, theirs)
    return found


def _kept(ex: Exchange, link: Link, theirs: Mapping[str, Json]) -> Json:
    kept: dict[str, Json] = {}
    if theirs.get("listChanged") is True:
        kept["listChanged"] = True
    if theirs.get("subscribe") is True and link.revision is ex.revision:
        kept["subscribe"] = True
    return kept


async def _link(ex: Exchange, caller: ToolCaller, server: str) -> Link | None:
    try:
        async with asyncio.timeout(GREETING_SECONDS):
            return await ex.link(caller, server)
    except (GatewayError, TimeoutError) as error:
        code = error.code if isinstance(error, GatewayError) else "server-slow"
        log.warning("a server of tools did not greet", extra={"code": code, "server": server})
        return None


def told_upstream(capabilities: Mapping[str, Json]) -> dict[str, Json]:
    """Return what of a client's capabilities a server may know: what can pass through here."""
    known = ("sampling", "elicitation", "roots")
    return {name: capabilities[name] for name in known if isinstance(capabilities.get(name), dict)}


def client_info(given: Mapping[str, Json]) -> dict[str, Json]:
    """Return what of a client's description a server is told: name, version and title."""
    kept: dict[str, Json] = {"name": "unknown", "version": "0"}
    for name in ("name", "version", "title"):
        if isinstance(value := given.get(name), str):
            kept[name] = value[:256]
    return kept


LOG_LEVELS: Final = frozenset(
    {"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}
)
LATEST_HANDSHAKE: Final = Revision.LEGACY.value
