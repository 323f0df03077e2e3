"""Records of what callers do with tools, and the transaction that writes them. It decides nothing.

What a caller names goes into a record cut and spelled out, so that no text of it can keep the
record from being written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from valetkey.audit import McpPassed, ToolDecided, leaf_bytes
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.outcomes import UseOutcome
from valetkey.broker.tool_access import ToolCaller, look_again, run_is_over
from valetkey.identity import Refusal
from valetkey.tools import Json, Kept, ToolDecision, Verdict
from valetkey.tools.arguments import Arguments

T = TypeVar("T")

ATTEMPTS: Final = 3
"""How often something is decided whose run goes on under another policy version meanwhile."""
MAX_NAME: Final = 128
MAX_ABOUT: Final = 1_024
MAX_KEPT: Final = 16_384
"""Bytes of arguments in a record: of longer ones it has the digest alone. A leaf has 65,535."""
MAX_RULES: Final = 64
"""Policies named in a record, of at most `MAX_NAME` characters each; then it says how many more."""


_NOT_WEIGHED: Final = ToolDecision(Verdict.DENY, "")
"""Of a call that no policy was asked about: none is named in its record."""


@dataclass(frozen=True, slots=True)
class CallAsked:
    """One call as it is asked for. `obstacle`: why it may not be made, found before."""

    server: str
    tool: str
    arguments: Json
    via: str
    obstacle: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """What was decided, its record, and the record of the same for a run that is not open."""

    answer: T
    leaf: bytes
    refuse: Callable[[UseOutcome], bytes]


async def settle(
    broker: Broker, caller: ToolCaller, judge: Callable[[ToolCaller, float], Entry[T]]
) -> T | Refusal:
    """Return what `judge` says of the caller at an instant, when its record is durable.

    In one transaction the run is seen open and under the caller's policy version, and the record is
    written (invariants 4 and 6). One that goes on under another version meanwhile is judged anew.
    A Refusal: the run is over, and that is on record instead.
    """
    for _ in range(ATTEMPTS):
        now = broker.clock()
        entry = judge(caller, now)
        outcome = await broker.store.use_run(
            caller.run.id,
            digest=caller.digest,
            now=now,
            leaf=entry.leaf,
            refuse=entry.refuse,
            policy_version=caller.run.policy_version,
        )
        if outcome is UseOutcome.USED:
            return entry.answer
        if outcome is not UseOutcome.REBOUND:
            broker.forget(caller.run.id)
            return run_is_over(caller.run, outcome)
        found = await look_again(broker, caller)
        if isinstance(found, Refusal):
            return found
        caller = found
    return run_is_over(caller.run, UseOutcome.REBOUND)


def call_entry(answer: T, record: ToolDecided) -> Entry[T]:
    """Return the entry of a call. Of a run that is not open no policies and arguments are told."""

    def refused(outcome: UseOutcome) -> bytes:
        return leaf_bytes(
            replace(
                record,
                decision="deny",
                code=outcome.value,
                digest=None,
                arguments=None,
                rules=None,
                errors=None,
                would=None,
                would_rules=None,
            )
        )

    return Entry(answer, leaf_bytes(record), refused)


def decided(
    asked: CallAsked,
    caller: ToolCaller,
    decision: ToolDecision | None,
    arguments: Arguments | None,
    *,
    verdict: str,
    code: str,
    now: float,
) -> ToolDecided:
    """Return the record of a call, made in one piece: it is made for every one."""
    source = caller.bundle.source
    weighed = decision or _NOT_WEIGHED
    return ToolDecided(
        at=milliseconds(now),
        run=caller.run.id,
        server=recordable(asked.server, MAX_NAME),
        tool=recordable(asked.tool, MAX_NAME),
        decision=verdict,
        code=code,
        via=asked.via,
        policy_version=caller.run.policy_version,
        mode=source.mode.value,
        digest=None if arguments is None else arguments.digest,
        arguments=_kept(arguments, source.kept),
        rules=_names(weighed.rules),
        errors=_names(weighed.errors),
        would=None if weighed.would is None else weighed.would.value,
        would_rules=_names(weighed.would_rules),
    )


def passing_entry(answer: T, record: McpPassed) -> Entry[T]:
    """Return the entry of a prompt, a resource or a completion."""

    def refused(outcome: UseOutcome) -> bytes:
        return leaf_bytes(replace(record, decision="deny", code=outcome.value))

    return Entry(answer, leaf_bytes(record), refused)


def recordable(text: str, most: int) -> str:
    """Cut what a caller may have made long, and spell out what no JSON text can hold."""
    cut = text[:most]
    return cut if cut.isascii() else cut.encode("utf-8", "backslashreplace").decode()


def _kept(arguments: Arguments | None, kept: Kept) -> str | None:
    """Return the arguments as a record keeps them, None where it has their digest alone."""
    if arguments is None or kept is not Kept.WHOLE or len(arguments.text) > MAX_KEPT:
        return None
    return arguments.text.decode()


def _names(rules: Sequence[str]) -> tuple[str, ...] | None:
    """Return policies as a record names them; None for none."""
    if not rules:
        return None
    names = [recordable(rule, MAX_NAME) for rule in rules]
    if len(names) > MAX_RULES:
        names = [*names[:MAX_RULES], f"and {len(names) - MAX_RULES} more"]
    return tuple(names)
