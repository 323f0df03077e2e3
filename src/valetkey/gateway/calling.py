"""`tools/call`: decide, record, and only then send what was decided.

1. The members of the request, and for 2026-07-28 the headers that repeat arguments.
2. Is the tool still what it was when it was pinned?
3. The broker decides and puts it on record.
4. The decided arguments go to the server, in the bytes that were decided.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import msgspec

from valetkey.broker.tool_access import ToolCaller
from valetkey.broker.tool_call import AllowedCall, DeniedCall, decide_call
from valetkey.gateway import params as members
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.forwarding import finish, forward
from valetkey.gateway.limits import MAX_NAME
from valetkey.gateway.link import Link
from valetkey.gateway.mcp_headers import HeaderParam, check_params, header_params, param_headers
from valetkey.gateway.revisions import Revision
from valetkey.gateway.served import Exchange, not_served
from valetkey.gateway.verdicts import fault_of_denial
from valetkey.identity import Refusal
from valetkey.tools import Json, public_name
from valetkey.tools.listing import visible
from valetkey.tools.mapping import MappedTool

CALL: Final = "tools/call"
_KNOWN: Final = {
    Revision.LEGACY: frozenset({"name", "arguments", "task"}),  # `task` means nothing undeclared
    Revision.MODERN: frozenset({"name", "arguments", members.INPUT, members.STATE}),
}
_MAX_VERSIONS: Final = 16
_in_headers: OrderedDict[str, dict[str, tuple[HeaderParam, ...]]] = OrderedDict()
"""By policy version, then by public name: the arguments that tools want in headers."""


async def call_tool(ex: Exchange) -> None:
    """Serve a call, decided and recorded before anything of it leaves.

    Raises Fault, GatewayError, NotServed and ClientLeft.
    """
    asked = ex.message.params
    members.only(asked, _KNOWN[ex.revision])
    name = members.text(asked, "name", most=MAX_NAME)
    arguments = members.member(asked, "arguments")
    passed = members.meta(asked)
    again = members.asked_again(asked) if ex.revision is Revision.MODERN else {}
    server, own_name = ex.face.split(name)
    passed = {"_meta": passed} if passed else {}
    for is_last in (False, True):
        decided = await _decided(ex, server, own_name, arguments)
        try:
            link = await ex.link(decided.caller, server)
            await _send(ex, link, decided, passed, again)
            return
        except GatewayError as error:
            if is_last or not _may_go_again(ex, error):
                raise


def _may_go_again(ex: Exchange, error: GatewayError) -> bool:
    """Say whether a call reached nothing but a session that all share and the server has forgotten:
    it is looked at, decided and recorded anew. The loss of a client's own session is told.
    """
    return error.code == "server-session-lost" and ex.session is None


async def _decided(ex: Exchange, server: str, own_name: str, arguments: Json) -> AllowedCall:
    """Return the call as it is allowed; it is on record. Raises Fault and NotServed.

    For a tool that the caller can't see nothing is asked of its server: the time that takes would
    tell it from one that is not there.
    """
    caller = ex.caller
    for was_allowed in (False, True):
        tool = _tool(caller, server, own_name)
        if tool is not None and not (was_allowed or _sees(caller, tool)):
            tool = None
        if tool is not None and ex.revision is Revision.MODERN:
            _check_headers(ex, caller, tool, arguments)
        obstacle = None if tool is None else await _obstacle(ex, caller, server, own_name)
        decided = await decide_call(
            ex.core.broker, caller, server, own_name, arguments, obstacle=obstacle
        )
        if isinstance(decided, Refusal):
            raise not_served(decided)
        if isinstance(decided, DeniedCall):
            raise fault_of_denial(decided, obstacle=obstacle[0] if obstacle else None)
        if tool is not None and decided.caller.policy.version == caller.policy.version:
            return decided
        caller = decided.caller  # rebound just now: its server is asked about these pins before
    raise GatewayError("run-rebound", "the policies of the run are changing; call again")


async def _obstacle(
    ex: Exchange, caller: ToolCaller, server: str, own_name: str
) -> tuple[str, str] | None:
    """A server that can't even be looked at is an obstacle like another: denied, on record."""
    try:
        name = None if ex.session is None else ex.session.id
        return await ex.core.servers.obstacle(
            caller, server, own_name, session=name, client=ex.client
        )
    except GatewayError as error:
        return error.code, error.message


async def _send(
    ex: Exchange,
    link: Link,
    decided: AllowedCall,
    passed: Mapping[str, Json],
    again: Mapping[str, Json],
) -> None:
    own_name = decided.tool.definition.name
    headers = None
    if link.revision is Revision.MODERN:
        wanted = _params_of(decided.caller, decided.tool)
        headers = param_headers(wanted, decided.arguments.value) if wanted else None
        passed = {**passed, **again}
    rest = b"" if not passed else b"," + members.write(passed)[1:-1]
    body = b'{"name":%b,"arguments":%b%b}' % (
        msgspec.json.encode(own_name),
        decided.arguments.text,
        rest,
    )
    events = link.call(CALL, body, id=ex.id, name=own_name, extra_headers=headers)
    await finish(ex, link, await forward(ex, link, events))


def _tool(caller: ToolCaller, server: str, own_name: str) -> MappedTool | None:
    """Return a pinned tool of one of the caller's servers: of others nothing is asked anywhere."""
    if server not in caller.servers:
        return None
    tool = caller.bundle.tools.get(public_name(server, own_name))
    return tool if tool is not None and tool.definition.server == server else None


def _sees(caller: ToolCaller, tool: MappedTool) -> bool:
    return bool(visible(caller.bundle, caller.principal, (tool,)))


def _check_headers(ex: Exchange, caller: ToolCaller, tool: MappedTool, arguments: Json) -> None:
    wanted = _params_of(caller, tool)
    if wanted:
        check_params(ex.head, wanted, arguments)


def _params_of(caller: ToolCaller, tool: MappedTool) -> tuple[HeaderParam, ...]:
    known = _in_headers.get(caller.policy.version)
    if known is None:
        while len(_in_headers) >= _MAX_VERSIONS:
            _in_headers.popitem(last=False)
        known = _in_headers[caller.policy.version] = {}
    name = tool.definition.public_name
    if name not in known:
        known[name] = header_params(tool.definition.document.get("inputSchema"))
    return known[name]
