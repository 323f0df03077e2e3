"""What the annotations of a policy mean here: its names, its tier, and whether it is enforced."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from valetkey.tools.decision import Mode, Severity, Tier
from valetkey.tools.errors import ToolsError
from valetkey.tools.statements import Statement, mistake

MAX_APPROVAL_SECONDS: Final = 86_400
MAX_NAME: Final = 128
_NUMBER = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_OF_RULES: Final = ("rule_id", "tier", "mode", "approval_timeout_s", "severity", "category")
_OF_FORBIDS: Final = ("tier", "approval_timeout_s", "severity", "category")
_WITHOUT_MEANING: Final = {"id", "description", "doc", "title", "owner", "advice", "note"}
_NEAR: Final = 0.85
"""How alike two names are (`difflib`'s ratio) when one is taken for a slip of the other; of the
shortest, `tier` and `mode`, that is one letter too many."""
_SLIPS: Final = {
    "soft": "tier",
    "hard": "tier",
    "teir": "tier",
    "log_only": "mode",
    "enforce": "mode",
    "enforcement": "mode",
    "timeout": "approval_timeout_s",
    "timeout_s": "approval_timeout_s",
    "approval_timeout": "approval_timeout_s",
}
"""What is written for a rule that is read, and means nothing."""
_OTHERS: Final = {"model", "timer", "role_id"}
"""Near a rule, and words of their own."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The annotations of one policy, read. `name` is its `@rule_id`, else its `@id`."""

    name: str | None
    tier: Tier
    mode: Mode
    approval_timeout_s: int | None
    severity: Severity | None
    category: str | None
    unknown: tuple[str, ...]


def read_terms(statement: Statement, effect: str, annotations: Mapping[str, str | None]) -> Terms:
    """Return what the annotations say. Raises ToolsError `policy-annotation` with file and line."""
    if effect == "permit":
        _refuse(statement, annotations, _OF_FORBIDS, "is for `forbid` statements, this is a permit")
    tier = Tier(_one_of(statement, annotations, "tier", [each.value for each in Tier]) or "hard")
    if tier is Tier.HARD:
        _refuse(statement, annotations, ("approval_timeout_s",), 'is for `@tier("soft")` alone')
    mode = _one_of(statement, annotations, "mode", [each.value for each in Mode])
    severity = _one_of(statement, annotations, "severity", [each.value for each in Severity])
    return Terms(
        _text(statement, annotations, "rule_id") or _text(statement, annotations, "id"),
        tier,
        Mode(mode or Mode.ENFORCE.value),
        _seconds(statement, annotations),
        None if severity is None else Severity(severity),
        _text(statement, annotations, "category"),
        _unknown(statement, annotations),
    )


def _wrong(statement: Statement, name: str, sentence: str) -> ToolsError:
    """Return the error of an annotation, at its line."""
    line = statement.line_of(f"@{name}")
    return mistake("policy-annotation", statement.file, line, f"`@{name}` {sentence}")


def _refuse(
    statement: Statement,
    annotations: Mapping[str, str | None],
    names: tuple[str, ...],
    sentence: str,
) -> None:
    """Raise ToolsError where one of `names` stands."""
    for name in names:
        if name in annotations:
            raise _wrong(statement, name, sentence)


def _one_of(
    statement: Statement,
    annotations: Mapping[str, str | None],
    name: str,
    choices: list[str],
) -> str | None:
    """Return the value of an annotation that has a closed set of them; None without it."""
    if name not in annotations:
        return None
    value = annotations[name]
    if value not in choices:
        raise _wrong(statement, name, "is one of " + ", ".join(f'"{each}"' for each in choices))
    return value


def _text(statement: Statement, annotations: Mapping[str, str | None], name: str) -> str | None:
    """Return an annotation's text: it is printed in logs and terminals, so it must be printable."""
    if name not in annotations:
        return None
    value = annotations[name]
    if not value or not value.isprintable() or len(value) > MAX_NAME:
        raise _wrong(statement, name, f"has 1 to {MAX_NAME} printable characters")
    return value


def _seconds(statement: Statement, annotations: Mapping[str, str | None]) -> int | None:
    """Return how long an approval may wait."""
    if "approval_timeout_s" not in annotations:
        return None
    value = annotations["approval_timeout_s"] or ""
    if not _NUMBER.fullmatch(value) or int(value) > MAX_APPROVAL_SECONDS:
        sentence = f'is a whole number of seconds from "1" to "{MAX_APPROVAL_SECONDS}"'
        raise _wrong(statement, "approval_timeout_s", sentence)
    return int(value)


def _unknown(statement: Statement, annotations: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the names nobody here reads. Raises ToolsError for a slip of one that is read."""
    unknown = [each for each in annotations if each not in {*_OF_RULES, *_WITHOUT_MEANING}]
    for name in (each for each in unknown if each not in _OTHERS):
        near = difflib.get_close_matches(name.lower(), _OF_RULES, n=1, cutoff=_NEAR)
        meant = _SLIPS.get(name.lower()) or next(iter(near), None)
        if meant:
            raise _wrong(statement, name, f"is not known here; is `@{meant}` meant?")
    return tuple(unknown)
