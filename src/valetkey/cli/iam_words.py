"""A decision in words: lines of text, each with the style it has on a terminal."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from valetkey.cli.output import StyledLine
from valetkey.iam import Decision, Effect, NearMiss, Request, StatementRef
from valetkey.iam.explain import LayerView, Says
from valetkey.iam.variables import ContextValue

MOST_MISSES = 40  # of one request: more is a list that nobody reads
MOST_LETTERS = 600  # of one value or statement
MARKS = {Says.ALLOWS: "✓", Says.SILENT: "✗", Says.DENIES: "✗", Says.ABSENT: "–"}
STYLES = {Says.ALLOWS: "green", Says.SILENT: "yellow", Says.DENIES: "red", Says.ABSENT: "dim"}
INDEX = re.compile(r"\[([0-9]+)\]")


def words_of(
    record: Mapping[str, Any],
    request: Request,
    decision: Decision,
    layers: Iterable[LayerView],
) -> Iterator[StyledLine]:
    """Give the lines that explain one decision, a blank one last."""
    name = record.get("id")
    title = "" if name is None else f"{_cut(str(name))}: "
    yield StyledLine("bold", f"{title}{_asked(request)}")
    style = {Effect.ALLOW: "bold green", Effect.IMPLICIT_DENY: "bold yellow"}
    yield StyledLine(
        style.get(decision.effect, "bold red"),
        f"  {decision.effect.value}: {_cut(decision.because)}",
    )
    for view in layers:
        level = "" if view.level is None else f", level {view.level}"
        text = f"    {MARKS[view.says]} {view.layer.value}{level} {view.says.value}"
        yield StyledLine(STYLES[view.says], text)
    for ref in decision.determining:
        yield StyledLine("", f"  decided by {_named(ref)}")
        yield StyledLine("dim", f"    {_statement_text(record, ref)}")
        if ref in decision.contested:
            yield StyledLine("magenta", f"    contested: {_dispute(record, ref)}")
    for ref in decision.contested:
        if ref not in decision.determining:
            yield StyledLine("magenta", f"  contested: {_named(ref)} did not deny")
            yield StyledLine("magenta", f"    {_dispute(record, ref)}")
    yield from _misses(decision.near_misses)
    yield StyledLine("", "")


def _asked(request: Request) -> str:
    principal = request.principal
    tags = {**principal.role_tags, **principal.tags}
    shown = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
    who = _cut(principal.name) + (f" ({_cut(shown)})" if tags else "")
    return f"{who} asks for {_cut(request.action)} on {_cut(request.resource)}"


def _named(ref: StatementRef) -> str:
    sid = f" `{_cut(ref.sid)}`" if ref.sid else ""
    return f"{ref.policy} statement {ref.statement}{sid}"


def _statement(record: Mapping[str, Any], ref: StatementRef) -> Mapping[str, Any]:
    """Return the statement as it stands in the record."""
    found: Any = record["policies"][ref.policy.partition("[")[0]]
    for index in INDEX.findall(ref.policy):
        found = found[int(index)]
    listed = found["Statement"]
    statement: Mapping[str, Any] = listed[ref.statement] if isinstance(listed, list) else listed
    return statement


def _statement_text(record: Mapping[str, Any], ref: StatementRef) -> str:
    return _cut(json.dumps(_statement(record, ref), ensure_ascii=False, default=str))


def _dispute(record: Mapping[str, Any], ref: StatementRef) -> str:
    if "NotPrincipal" in _statement(record, ref):
        return "whom NotPrincipal spares is disputed; name principals in a condition"
    return "NotResource has a variable without a value, so it excepts less than it reads like"


def _misses(misses: tuple[NearMiss, ...]) -> Iterator[StyledLine]:
    by_statement: dict[tuple[StatementRef, str], list[NearMiss]] = {}
    for miss in misses[:MOST_MISSES]:
        by_statement.setdefault((miss.statement, miss.effect), []).append(miss)
    for (ref, effect), failed in by_statement.items():
        what = "did not allow" if effect == "Allow" else "did not deny"
        yield StyledLine("", f"  near miss: {_named(ref)} {what}")
        for miss in failed:
            yield StyledLine("yellow", f"    {_failure(miss)}")
    if len(misses) > MOST_MISSES:
        yield StyledLine("", f"  and {len(misses) - MOST_MISSES} more; --json has them all")


def _failure(miss: NearMiss) -> str:
    wanted, got = _listed(miss.wanted), _value(miss.got)
    if miss.element != "Condition":
        if miss.element.startswith("Not"):
            return f"{miss.element}: {got} is excepted by {wanted}"
        return f"{miss.element}: wanted {wanted}, got {got}"
    line = f"Condition {miss.operator} on {_cut(miss.key or '')}"
    if miss.operator == "Null":
        return f"{line}: the key is absent" if miss.got is None else f"{line}: the key is {got}"
    if miss.got is None:
        return f"{line}: the key is absent, wanted {wanted}"
    if isinstance(miss.got, tuple) and ":" not in (miss.operator or ""):
        return f"{line}: {got} is a list, which no operator without a set prefix matches"
    kept = "wanted none of" if "Not" in (miss.operator or "") else "wanted"
    return f"{line}: {kept} {wanted}, got {got}"


def _listed(texts: tuple[str, ...]) -> str:
    return _cut(" or ".join(f"`{text}`" for text in texts)) or "nothing"


def _value(value: ContextValue | None) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, tuple):
        return _cut("[" + ", ".join(f"`{member}`" for member in value) + "]")
    return f"`{_cut(value)}`"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + "…"
