"""Decide what a caller asks of a server, and put that on record before anything may go there.

It sends nothing. What the policies say is `tools`' business, what goes over the wire the gateway's.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from valetkey.audit import McpPassed
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.tool_access import ToolCaller, look_again
from valetkey.broker.tool_record import (
    MAX_ABOUT,
    MAX_NAME,
    CallAsked,
    Entry,
    call_entry,
    decided,
    passing_entry,
    recordable,
    settle,
)
from valetkey.identity import Refusal
from valetkey.tools import ServerRules, Surface, ToolDecision, ToolsError, Verdict, public_name
from valetkey.tools.arguments import ArgumentFault, Arguments
from valetkey.tools.deciding import decide
from valetkey.tools.definition import Json
from valetkey.tools.listing import visible
from valetkey.tools.mapping import MappedTool

UNKNOWN: Final = "tool-unknown"
PUBLIC: Final = {
    UNKNOWN: "there is no such tool",
    "tool-forbidden": "a policy forbids this call",
    "tool-not-permitted": "no policy allows this call",
    "policy-error": "a policy could not be decided, so the call is denied",
    "approval-needed": "a person would have to approve this call, and can't be asked yet",
}
_HINTS: Final = {
    "tool-forbidden": "other arguments may be allowed; do not try to reach the same another way",
    "approval-needed": "tell the person that you work for what you would have done",
}


@dataclass(frozen=True, slots=True)
class AllowedCall:
    """A call that may go to its server now: `arguments.text` is what goes. It is on record."""

    caller: ToolCaller
    server: str
    tool: MappedTool
    arguments: Arguments
    decision: ToolDecision


@dataclass(frozen=True, slots=True)
class DeniedCall:
    """A call that goes nowhere; it is on record. `public` is what the sandbox may know.

    A tool that the caller can't see is `tool-unknown` here, whatever the record says. `decision` is
    there where policies were asked.
    """

    code: str
    public: str
    hint: str | None = None
    decision: ToolDecision | None = None


async def decide_call(
    broker: Broker,
    caller: ToolCaller,
    server: str,
    tool: str,
    arguments: Json,
    *,
    via: str = "mcp",
    obstacle: tuple[str, str] | None = None,
) -> AllowedCall | DeniedCall | Refusal:
    """Say whether this exact call may be made, after that is on record. A Refusal: the run is over.

    1. The tool is pinned and of one of the run's servers.
    2. Nothing stands in the way: `obstacle` is a code and a sentence, found before.
    3. The arguments are as the tool's schema and the limits say.
    4. The policies of the run's version allow it.
    5. In one transaction the run is seen open and under that version, and the record is written.

    `via`: "mcp", or "api" for a tool that the agent calls by itself.
    """
    asked = CallAsked(server, tool, arguments, via, obstacle)
    return await settle(broker, caller, partial(_judge, asked))


async def note_passed(
    broker: Broker,
    caller: ToolCaller,
    server: str,
    surface: Surface,
    *,
    method: str,
    about: str | None,
) -> Refusal | None:
    """Put on record that a prompt, a resource or a completion is asked of a server. None: it may
    be.

    `about` is the prompt's name or the resource's URI. Refused, on record as well, are a surface
    that the run's policy version does not open (`surface-closed`), a server that is none of the
    run's (`server-unknown`), and a run that is over.
    """

    def judge(caller: ToolCaller, now: float) -> Entry[Refusal | None]:
        refusal = _closed(caller, server, surface)
        record = McpPassed(
            at=milliseconds(now),
            run=caller.run.id,
            server=recordable(server, MAX_NAME),
            method=recordable(method, MAX_NAME),
            decision="allow" if refusal is None else "deny",
            code="allowed" if refusal is None else refusal.code,
            about=None if about is None else recordable(about, MAX_ABOUT),
        )
        return passing_entry(refusal, record)

    return await settle(broker, caller, judge)


async def tool_lists(
    broker: Broker, caller: ToolCaller, server: str | None
) -> tuple[MappedTool, ...] | Refusal:
    """Return the tools that policies do not rule out for the run as it is now, by public name.

    `server` None: of all the run's servers. It may show too much, and decides nothing.
    """
    found = await look_again(broker, caller)
    if isinstance(found, Refusal):
        return found
    if server is not None and server not in found.servers:
        return _no_server(found, server)
    wanted = found.servers if server is None else (server,)
    tools = (t for _, t in sorted(found.bundle.tools.items()) if t.definition.server in wanted)
    return visible(found.bundle, found.principal, tools)


def rules_of(caller: ToolCaller, server: str) -> ServerRules | None:
    """Return what the caller's policy version says of one of its servers; None for another."""
    if server not in caller.servers:
        return None
    return next((r for r in caller.bundle.source.servers if r.name == server), None)


def _judge(asked: CallAsked, caller: ToolCaller, now: float) -> Entry[AllowedCall | DeniedCall]:
    """Decide a call for a caller at an instant. Any error on the way denies."""
    rules = rules_of(caller, asked.server)
    tool = caller.bundle.tools.get(public_name(asked.server, asked.tool))
    if rules is None or tool is None:
        return _denied(asked, caller, DeniedCall(UNKNOWN, PUBLIC[UNKNOWN]), now=now)
    if asked.obstacle is not None:
        code, public = asked.obstacle
        return _denied(asked, caller, DeniedCall(code, public), tool=tool, now=now)
    try:
        arguments = tool.check(asked.arguments, undeclared=rules.undeclared_arguments)
    except ToolsError as error:
        arguments = ArgumentFault("", error.message)
    if isinstance(arguments, ArgumentFault):
        at = f" at `{arguments.place}`" if arguments.place else ""
        denied = DeniedCall("tool-arguments-invalid", f"{arguments.what}{at}")
        return _denied(asked, caller, denied, tool=tool, now=now)
    decision = decide(caller.bundle, caller.principal, tool, arguments, now=now)
    if decision.verdict is not Verdict.ALLOW:
        public = PUBLIC.get(decision.code, "the call is denied")
        denied = DeniedCall(decision.code, public, _HINTS.get(decision.code), decision)
        return _denied(asked, caller, denied, tool=tool, arguments=arguments, now=now)
    record = decided(
        asked, caller, decision, arguments, verdict="allow", code=decision.code, now=now
    )
    return call_entry(AllowedCall(caller, asked.server, tool, arguments, decision), record)


def _denied(
    asked: CallAsked,
    caller: ToolCaller,
    denied: DeniedCall,
    *,
    now: float,
    tool: MappedTool | None = None,
    arguments: Arguments | None = None,
) -> Entry[AllowedCall | DeniedCall]:
    """Return a denial; of a tool that the caller can't see it tells the record alone why."""
    verdict = "ask" if denied.decision and denied.decision.verdict is Verdict.ASK else "deny"
    told = denied
    if tool is not None and not visible(caller.bundle, caller.principal, (tool,)):
        told = DeniedCall(UNKNOWN, PUBLIC[UNKNOWN])
    record = decided(
        asked, caller, denied.decision, arguments, verdict=verdict, code=denied.code, now=now
    )
    return call_entry(told, record)


def _closed(caller: ToolCaller, server: str, surface: Surface) -> Refusal | None:
    rules = rules_of(caller, server)
    if rules is None:
        return _no_server(caller, server)
    if surface in rules.opens:
        return None
    return Refusal(
        code="surface-closed",
        public=f"the {surface.value} of this server are not opened here",
        reasons=(f"`opens` of server `{server}` does not name `{surface.value}`",),
    )


def _no_server(caller: ToolCaller, server: str) -> Refusal:
    return Refusal(
        code="server-unknown",
        public="the run has no such server of tools",
        reasons=(f"run `{caller.run.id}` has {', '.join(caller.servers)}, not `{server[:64]}`",),
    )
