"""`valetkey tools replay`: recorded calls under the policies as they are now."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from valetkey.audit import Leaf, RecordKind, read_leaf
from valetkey.broker.rebinding import has_asked
from valetkey.broker.tool_access import principal_of
from valetkey.cli.output import print_table, printable
from valetkey.cli.tools_sources import read_tools, with_policies
from valetkey.errors import ValetkeyError
from valetkey.settings.references import seconds
from valetkey.store import LogReader
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.principal import ToolPrincipal
from valetkey.tools.replaying import Change, RecordedCall, Replay, Unjudged, replay
from valetkey.wiring.bundle import bundle_of

_DURATION = re.compile(r"[0-9]+[smhd]", re.ASCII)
_MOST_SECONDS = 10 * 366 * 86_400
_COLUMNS = ("call", "run", "tool", "was", "now", "by")
_WHY = {
    Unjudged.DIGEST_ONLY: "have a digest of their arguments alone: "
    '`record = "whole"` in `[tools]` keeps them from then on',
    Unjudged.PRINCIPAL_UNKNOWN: "are of runs that the store does not have",
    Unjudged.TAGS_UNASKED: "are of runs that were opened under policies which name fewer tags: "
    "what the new ones would have been is not known",
    Unjudged.NOT_BY_POLICIES: "were refused before policies were asked",
    Unjudged.MALFORMED: "have arguments that can't be read",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which calls, and under which policies. None: as the configuration says, and all calls."""

    config: Path
    policies: Path | None
    store: Path | None
    since: str | None


def replay_calls(asked: Asked, *, as_json: bool) -> bool:
    """Judge the recorded calls anew, print what would change; say whether something would.

    Raises ValetkeyError for policies that are mistaken, and for a store that is not there.
    """
    settings, tools = read_tools(asked.config)
    bundle = bundle_of(tools, with_policies(tools.source, asked.policies))
    since = _instant(asked.since, now=time.time())
    with LogReader(asked.store or settings.store) as log:
        found = replay(bundle, _calls(log, bundle, since=since))
    if as_json:
        print(json.dumps(_document(found), indent=2))
    else:
        _print(found)
    return bool(found.changes)


def _instant(text: str | None, *, now: float) -> float:
    """Return since when, in Unix seconds. Raises ValetkeyError `usage`."""
    if text is None:
        return 0.0
    if _DURATION.fullmatch(text):
        return now - seconds("--since", text, most=_MOST_SECONDS)
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValetkeyError(
            "usage",
            f"--since: `{text}` is neither a duration nor a date",
            hint="`7d`, `12h`, or `2026-11-22T08:00Z`",
        ) from None


def _calls(log: LogReader, bundle: ToolBundle, *, since: float) -> Iterator[RecordedCall]:
    principals: dict[str, ToolPrincipal | Unjudged] = {}
    for stored in log.leaves():
        leaf = read_leaf(stored.leaf)
        if leaf.kind != RecordKind.TOOL_DECIDED.value or leaf.at < since * 1000:
            continue
        run_id = str(leaf.members.get("run"))
        if run_id not in principals:
            principals[run_id] = _principal(log, bundle, run_id)
        yield _call(leaf, principals[run_id])


def _principal(log: LogReader, bundle: ToolBundle, run_id: str) -> ToolPrincipal | Unjudged:
    """Return who called. A tag that a run was not asked for does not pass for absent."""
    run = log.run(run_id)
    principal = None if run is None else principal_of(run, bundle)
    if run is None or principal is None:
        return Unjudged.PRINCIPAL_UNKNOWN
    if not has_asked(log.policy(run.policy_version), bundle.source.tags):
        return Unjudged.TAGS_UNASKED
    return principal


def _call(leaf: Leaf, principal: ToolPrincipal | Unjudged) -> RecordedCall:
    def text(name: str) -> str | None:
        found = leaf.members.get(name)
        return None if found is None else str(found)

    return RecordedCall(
        at=leaf.at / 1000,
        run=text("run") or "",
        principal=principal,
        server=text("server") or "",
        tool=text("tool") or "",
        arguments=text("arguments"),
        decision=text("decision") or "",
        code=text("code") or "",
        mode=text("mode") or "",
        would=text("would"),
    )


def _document(found: Replay) -> dict[str, Any]:
    return {
        "judged": found.judged,
        "unjudged": {why.value: count for why, count in found.unjudged.items()},
        "changes": [
            {
                "at": round(change.call.at * 1000),
                "run": change.call.run,
                "server": change.call.server,
                "tool": change.call.tool,
                "was": change.was.value,
                "now": change.now.verdict.value,
                "code": change.now.code,
                "rules": list(change.now.rules),
            }
            for change in found.changes
        ],
    }


def _print(found: Replay) -> None:
    if found.changes:
        print_table(_COLUMNS, [_row(change) for change in found.changes])
    judged, changed = found.judged, len(found.changes)
    print(f"{_calls_in_words(judged)} judged anew, {changed} would be decided otherwise")
    for (was, now), count in sorted(found.by_kind.items(), key=lambda each: str(each[0])):
        print(f"  {count} from {was.value} to {now.value}")
    unjudged = Counter(found.unjudged)
    for why, count in sorted(unjudged.items(), key=lambda each: each[0].value):
        print(f"{_calls_in_words(count)} {_WHY[why]}")


def _calls_in_words(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"


def _row(change: Change) -> tuple[str, ...]:
    call, now = change.call, change.now
    instant = datetime.fromtimestamp(call.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    by = ", ".join(now.rules or now.errors) or now.code
    tool = printable(f"{call.server}___{call.tool}")
    return instant, call.run, tool, change.was.value, now.verdict.value, by
