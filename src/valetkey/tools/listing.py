"""What a principal is shown of the tools: all that can't be ruled out. It decides nothing."""

from collections.abc import Iterable

from valetkey.tools.bundle import ToolBundle
from valetkey.tools.decision import Mode
from valetkey.tools.mapping import MappedTool
from valetkey.tools.principal import ToolPrincipal


def visible(
    bundle: ToolBundle, principal: ToolPrincipal, tools: Iterable[MappedTool]
) -> tuple[MappedTool, ...]:
    """Return the tools that some arguments might be allowed for, in their order.

    It may show too much: of the arguments nothing is known yet. Where the whole gateway is in
    log-only mode every tool is there, because every call passes.
    """
    known = [tool for tool in tools if tool.definition.public_name in bundle.tools]
    if bundle.source.mode is Mode.LOG_ONLY:
        return tuple(known)
    names = [tool.definition.public_name for tool in known]
    possible = set(bundle.listing.possible(principal, names))
    return tuple(tool for tool in known if tool.definition.public_name in possible)
