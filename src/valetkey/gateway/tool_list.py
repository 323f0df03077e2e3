"""`tools/list`: what is pinned and not ruled out for this run. No server is asked."""

from bisect import bisect_right

import msgspec

from valetkey.broker.tool_call import tool_lists
from valetkey.gateway import params as members
from valetkey.gateway.faults import bad_params
from valetkey.gateway.limits import MAX_NAME, PAGE
from valetkey.gateway.results import cached_privately
from valetkey.gateway.revisions import Revision
from valetkey.gateway.served import Exchange, not_served
from valetkey.identity import Refusal
from valetkey.tools import Json
from valetkey.tools.mapping import MappedTool


async def list_tools(ex: Exchange) -> None:
    """Answer with a page of the caller's tools, in the order of their public names.

    Definitions are as they were pinned; only the name is another at the whole gateway.
    """
    members.only(ex.message.params, ("cursor",))
    found = await tool_lists(ex.core.broker, ex.caller, ex.face.server)
    if isinstance(found, Refusal):
        raise not_served(found)
    tools = sorted(found, key=_public_name)
    first = 0
    if "cursor" in ex.message.params:
        after = members.text(ex.message.params, "cursor", most=MAX_NAME)
        first = bisect_right(tools, after, key=_public_name)
        if not first or _public_name(tools[first - 1]) != after:
            raise bad_params("`cursor` is not one of ours, or the tools have changed since")
    page = tools[first : first + PAGE]
    listed: list[Json] = [_shown(ex, tool) for tool in page]
    result: dict[str, Json] = {"tools": listed}
    if first + PAGE < len(tools):
        result["nextCursor"] = _public_name(page[-1])
    if ex.revision is Revision.MODERN:
        result = cached_privately(result)
    await ex.answer.result(ex.id, msgspec.json.encode(result))


def _shown(ex: Exchange, tool: MappedTool) -> dict[str, Json]:
    definition = tool.definition
    shown = ex.face.shown(definition.server, definition.name)
    return {**definition.document, "name": shown}


def _public_name(tool: MappedTool) -> str:
    return tool.definition.public_name
