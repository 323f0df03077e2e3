"""The tools that a server has now, read over a link: what pins are compared with, and made of."""

import contextlib
from typing import Final

import msgspec

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.incoming import malformed
from valetkey.gateway.link import Kind, Link
from valetkey.gateway.sse import too_large
from valetkey.tools.definition import Json, ToolDefinition
from valetkey.tools.errors import ToolsError
from valetkey.tools.exact_json import read_definitions

LIST: Final = "tools/list"
MAX_PAGES: Final = 100
MAX_TOOLS: Final = 2_000
MAX_NAME: Final = 128
_MAX_CURSOR: Final = 4_096


async def read_tools(link: Link, server: str, *, most: int) -> tuple[ToolDefinition, ...]:
    """Return every tool of a server in its order; `most` bytes is what all of them may have.

    Raises GatewayError, `server-answer-malformed` for a list that ends nowhere or names one twice.
    """
    found: dict[str, ToolDefinition] = {}
    cursors: set[str] = set()
    params: bytes | None = None
    size = 0
    for _ in range(MAX_PAGES):
        page = await _page(link, params)
        size += len(page)
        if size > most:
            raise too_large(most)
        document = _read(page, most)
        for definition in _definitions(document, server):
            if definition.name in found or len(found) >= MAX_TOOLS:
                raise malformed("a tool twice, or too many of them")
            found[definition.name] = definition
        cursor = document.get("nextCursor")
        if cursor is None:
            return tuple(found.values())
        if not isinstance(cursor, str) or cursor in cursors or len(cursor) > _MAX_CURSOR:
            raise malformed("a list that goes in circles")
        cursors.add(cursor)
        params = msgspec.json.encode({"cursor": cursor})
    raise malformed("a list that does not end")


async def _page(link: Link, params: bytes | None) -> bytes:
    answers = link.call(LIST, params)
    async with contextlib.aclosing(answers):
        async for incoming in answers:
            if incoming.kind is Kind.RESPONSE:
                if incoming.result is None:
                    raise GatewayError(
                        "server-failed",
                        "the server does not say which tools it has",
                        hint="the gateway's log says more",
                        detail=str((incoming.error or b"")[:200]),
                    )
                return incoming.result
    raise malformed("no answer")


def _read(page: bytes, most: int) -> dict[str, Json]:
    try:
        document = read_definitions(page, most=most)
    except ToolsError as error:
        raise malformed(f"its tools: {error.code}") from None
    if not isinstance(document, dict):
        raise malformed("its tools are no object")
    return document


def _definitions(document: dict[str, Json], server: str) -> list[ToolDefinition]:
    tools = document.get("tools")
    if not isinstance(tools, list):
        raise malformed("no list of tools")
    definitions = []
    for each in tools:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(each, dict) or not isinstance(name, str) or not name:
            raise malformed("a tool without a name")
        if len(name) > MAX_NAME:
            raise malformed("a tool with an endless name")
        definitions.append(ToolDefinition(server, name, each))
    return definitions
