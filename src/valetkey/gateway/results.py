"""Results and errors of servers as a client's revision has them. What needs no change has none."""

from typing import Final

import msgspec

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.faults import (
    HEADER_MISMATCH,
    INTERNAL,
    INVALID_PARAMS,
    VERSION_UNKNOWN,
    status_of,
)
from valetkey.gateway.revisions import Revision
from valetkey.tools import Json, ToolsError
from valetkey.tools.exact_json import read_definitions

_RESOURCE_UNKNOWN: Final = -32002
_URL_NEEDED: Final = -32042
_RENUMBERED: Final = {_RESOURCE_UNKNOWN: INVALID_PARAMS, _URL_NEEDED: INTERNAL}
"""Errors of 2025-11-25 that 2026-07-28 has no more."""
_OURS_UPSTREAM: Final = frozenset({HEADER_MISMATCH, VERSION_UNKNOWN})
"""Faults of what *we* said to a server: a client would look for them in its own message."""
MAX_RESULT: Final = 64 * 1024 * 1024
"""Servers' messages are bounded where they are read; this is no second limit."""


def cached_privately(result: dict[str, Json]) -> dict[str, Json]:
    """Return a result that nobody may keep for anybody else: it is for one run, now."""
    return {**result, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


def result_for(
    client: Revision, raw: bytes, *, server: Revision, is_cacheable: bool = False
) -> bytes:
    """Return a server's result for a client. Raises GatewayError `server-answer-malformed`, or
    `server-asks-back` for a question that the client's revision has no form for.
    """
    if raw[:1] != b"{":
        raise _malformed()
    if client is Revision.LEGACY:
        if server is Revision.MODERN and b"input_required" in raw:
            _check_complete(read_object(raw))
        return raw
    if is_cacheable:
        found = read_object(raw)
        if found.get("resultType", "complete") != "complete":
            return raw
        return msgspec.json.encode(cached_privately(found))
    if server is Revision.MODERN:
        return raw
    if b'"resultType"' in raw:
        return msgspec.json.encode({**read_object(raw), "resultType": "complete"})
    rest = raw[1:].lstrip()
    return b'{"resultType":"complete"%b%b' % (b"" if rest[:1] == b"}" else b",", rest)


def error_for(client: Revision, raw: bytes, *, server: Revision) -> tuple[bytes, int]:
    """Return a server's error for a client and the HTTP status that goes with it."""
    error = read_object(raw)
    number = error.get("code")
    if type(number) is not int:
        raise _malformed()
    if number in _OURS_UPSTREAM and server is Revision.MODERN:
        raise GatewayError("server-refused", "the server did not take the request")
    if client is Revision.MODERN and server is Revision.LEGACY and number in _RENUMBERED:
        number = _RENUMBERED[number]
        raw = msgspec.json.encode({**error, "code": number})
    return raw, status_of(number, client)


def read_object(raw: bytes) -> dict[str, Json]:
    """Return what a server said, which must be an object. Raises GatewayError."""
    try:
        value = read_definitions(raw, most=MAX_RESULT)
    except ToolsError:
        raise _malformed() from None
    if not isinstance(value, dict):
        raise _malformed()
    return value


def _check_complete(result: dict[str, Json]) -> None:
    if result.get("resultType") == "input_required":
        raise GatewayError(
            "server-asks-back",
            "the server asks the client something, in a way that this client does not know",
            hint=f"a client of MCP {Revision.MODERN.value} can answer it",
        )


def _malformed() -> GatewayError:
    return GatewayError("server-answer-malformed", "the server's answer is not one of MCP")
