"""Recorded calls judged anew: what would other policies have made of them?

It compares what policies say; a gateway in log-only mode, then or now, is left aside.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from valetkey.tools.arguments import ArgumentFault
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.deciding import (
    ALLOWED,
    APPROVAL_NEEDED,
    FORBIDDEN,
    NOT_PERMITTED,
    POLICY_ERROR,
    judge,
)
from valetkey.tools.decision import Mode, ToolDecision, Verdict
from valetkey.tools.errors import ToolsError
from valetkey.tools.exact_json import read_exact
from valetkey.tools.principal import ToolPrincipal
from valetkey.tools.server import public_name

_BY_POLICIES: Final = {ALLOWED, FORBIDDEN, NOT_PERMITTED, POLICY_ERROR, APPROVAL_NEEDED}


class Unjudged(Enum):
    """Why a recorded call can't be judged anew."""

    DIGEST_ONLY = "digest-only"  # the record keeps the digest of its arguments alone
    PRINCIPAL_UNKNOWN = "principal-unknown"  # no record tells for whom its run was opened
    TAGS_UNASKED = "tags-unasked"  # the policies name tags that its run was not asked for
    NOT_BY_POLICIES = "not-by-policies"  # it was refused before policies were asked
    MALFORMED = "malformed"  # the record is not of this program's making


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call as the log has it. `arguments` is their JSON text, None where only a digest is.

    `principal` is who called, or why that can't be told. `at` is in Unix seconds; `decision`,
    `code`, `mode` and `would` are the record's own words.
    """

    at: float
    run: str
    principal: ToolPrincipal | Unjudged
    server: str
    tool: str
    arguments: str | None
    decision: str
    code: str
    mode: str = Mode.ENFORCE.value
    would: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A call that would be decided otherwise."""

    call: RecordedCall
    was: Verdict
    now: ToolDecision


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of all calls: how many were judged, how many not and why, and what changed."""

    judged: int
    unjudged: Mapping[Unjudged, int]
    changes: tuple[Change, ...]

    @property
    def by_kind(self) -> Mapping[tuple[Verdict, Verdict], int]:
        """How many changed from which verdict to which."""
        return Counter((change.was, change.now.verdict) for change in self.changes)


def replay(bundle: ToolBundle, calls: Iterable[RecordedCall]) -> Replay:
    """Return what `bundle` makes of recorded calls, each at its own time, in their order."""
    judged = 0
    unjudged: Counter[Unjudged] = Counter()
    changes = []
    for call in calls:
        decision = _judge(bundle, call)
        was = _was(call)
        if isinstance(decision, Unjudged):
            unjudged[decision] += 1
        elif isinstance(was, Unjudged):
            unjudged[was] += 1
        else:
            judged += 1
            if decision.verdict is not was:
                changes.append(Change(call, was, decision))
    return Replay(judged, unjudged, tuple(changes))


def _was(call: RecordedCall) -> Verdict | Unjudged:
    """Return what policies said then."""
    if call.mode == Mode.LOG_ONLY.value and call.would is not None:
        word = call.would
    elif call.code in _BY_POLICIES:
        word = call.decision
    else:
        return Unjudged.NOT_BY_POLICIES
    return Verdict(word) if word in {each.value for each in Verdict} else Unjudged.MALFORMED


def _judge(bundle: ToolBundle, call: RecordedCall) -> ToolDecision | Unjudged:
    """Return what policies say now."""
    tool = bundle.tools.get(public_name(call.server, call.tool))
    if tool is None:
        return ToolDecision(Verdict.DENY, "tool-unknown")
    if call.arguments is None:
        return Unjudged.DIGEST_ONLY
    if isinstance(call.principal, Unjudged):
        return call.principal
    try:
        value = read_exact(call.arguments.encode())
    except (ToolsError, UnicodeEncodeError):
        return Unjudged.MALFORMED
    rules = {server.name: server for server in bundle.source.servers}[call.server]
    arguments = tool.check(value, undeclared=rules.undeclared_arguments)
    if isinstance(arguments, ArgumentFault):
        return ToolDecision(Verdict.DENY, "tool-arguments-invalid")
    name = tool.definition.public_name
    return judge(bundle.index, call.principal, name, arguments.context, now=call.at)
