"""MCP 2026-07-28: every request stands alone, and its head must say what its body says."""

from collections.abc import Mapping
from typing import Final

import msgspec

from valetkey.gateway import params as members
from valetkey.gateway.calling import CALL, call_tool
from valetkey.gateway.faults import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    VERSION_UNKNOWN,
    Fault,
    no_such_method,
)
from valetkey.gateway.headers import Head
from valetkey.gateway.link import ClientSide
from valetkey.gateway.mcp_headers import VERSION, check_routing
from valetkey.gateway.offers import LOG_LEVELS, client_info, offered, told_upstream
from valetkey.gateway.passing import PASSED, pass_through
from valetkey.gateway.request import Form, Message
from valetkey.gateway.results import cached_privately
from valetkey.gateway.revisions import (
    HANDSHAKES,
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_SERVER_INFO,
    META_VERSION,
    SUPPORTED,
    Revision,
)
from valetkey.gateway.served import Exchange, still_served
from valetkey.gateway.subscribing import LISTEN, subscribe
from valetkey.gateway.tool_list import list_tools
from valetkey.tools import Json

_NOT_HERE: Final = frozenset({"resources/subscribe", "resources/unsubscribe"})


def is_modern(head: Head, message: Message) -> bool:
    """Say whether a message is of this side; an unknown version is, to be told which there are.

    Raises Fault -32020 for a version that is said twice.
    """
    try:
        version = head.one(VERSION)
    except Fault as error:
        raise Fault(HEADER_MISMATCH, error.code, error.message, status=400) from None
    if version is not None and version not in HANDSHAKES:
        return True
    meta = message.params.get(members.META)
    return isinstance(meta, dict) and META_VERSION in meta


def read_client(head: Head, message: Message) -> ClientSide:
    """Return the client that a request describes, after its head and body were found to agree.

    1. `_meta` has what every request must have, else -32602.
    2. The headers are what the body says, else -32020.
    3. The version is one that is served, else -32022.
    """
    meta = members.member(message.params, members.META)
    version = meta.get(META_VERSION)
    capabilities = meta.get(META_CLIENT_CAPABILITIES)
    if not isinstance(version, str) or not isinstance(capabilities, dict):
        raise _incomplete("`_meta` lacks the protocol version or the client's capabilities")
    check_routing(head, message.method, message.params, version)
    if version != Revision.MODERN.value:
        raise unsupported(version)
    info = meta.get(META_CLIENT_INFO, {})
    level = meta.get(META_LOG_LEVEL)
    if not isinstance(info, dict) or (level is not None and level not in LOG_LEVELS):
        raise _incomplete("`_meta` describes the client in a way that is not known")
    return ClientSide(
        revision=Revision.MODERN,
        info=msgspec.json.encode(client_info(info)),
        capabilities=msgspec.json.encode(told_upstream(capabilities)),
        log_level=level if isinstance(level, str) else None,
    )


def check_alone(head: Head, message: Message) -> None:
    """Take a notification, which does nothing in this revision; refuse a response. Raises Fault."""
    if message.form is Form.RESPONSE:
        raise Fault(INVALID_REQUEST, "message-malformed", "nobody asks clients here", status=400)
    version = head.one(VERSION)
    if version != Revision.MODERN.value:
        raise unsupported(version or "")


def unsupported(version: str) -> Fault:
    """Return the fault of a version that is not served, naming those that are."""
    data: Mapping[str, Json] = {"supported": [*SUPPORTED], "requested": version[:64]}
    return Fault(VERSION_UNKNOWN, "version-unknown", "this version of MCP is not served", data=data)


async def serve(ex: Exchange) -> None:
    """Serve a request. Raises Fault -32601 for a method that this revision does not have."""
    method = ex.message.method
    if method == CALL:
        await call_tool(ex)
    elif method == "tools/list":
        await list_tools(ex)
    elif method == "server/discover":
        await _discover(ex)
    elif method in PASSED and method not in _NOT_HERE:
        await pass_through(ex)
    elif method == LISTEN:
        await subscribe(ex)
    else:
        await still_served(ex.core, ex.caller)
        raise no_such_method()


async def _discover(ex: Exchange) -> None:
    members.only(ex.message.params, ())
    caller = await still_served(ex.core, ex.caller)
    result: dict[str, Json] = {
        "supportedVersions": [*SUPPORTED],
        "capabilities": await offered(ex, caller),
        "_meta": {META_SERVER_INFO: dict(ex.core.program)},
    }
    await ex.answer.result(ex.id, msgspec.json.encode(cached_privately(result)))


def _incomplete(message: str) -> Fault:
    return Fault(INVALID_PARAMS, "params-invalid", message, status=400)
