"""What became of pinned tools: values for a page that a person reads before accepting it.

Servers write these texts, and some write for the model or for the terminal: every character that
would be obeyed or hidden is shown by its number.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from valetkey.tools.definition import Json, ToolDefinition
from valetkey.tools.lock import pretty
from valetkey.tools.names import shown


@dataclass(frozen=True, slots=True)
class PartChange:
    """A member of a definition that changed. Lines safe to print; None: it is not there."""

    part: str
    old: tuple[str, ...] | None
    new: tuple[str, ...] | None

    @property
    def lines(self) -> tuple[str, ...]:
        """The change as a unified diff: `-` before what goes, `+` before what comes."""
        diff = list(difflib.unified_diff(self.old or (), self.new or (), n=2, lineterm=""))
        # The heading is two lines: by their look, a text that begins with `--` would be dropped.
        return tuple(line for line in diff[2:] if not line.startswith("@@"))


@dataclass(frozen=True, slots=True)
class ToolChange:
    """A tool whose definition is not the pinned one, and its parts that differ, by name."""

    old: ToolDefinition
    new: ToolDefinition
    parts: tuple[PartChange, ...]


@dataclass(frozen=True, slots=True)
class LockDiff:
    """All that differs, in the order of servers and names; false where nothing does."""

    added: tuple[ToolDefinition, ...]
    removed: tuple[ToolDefinition, ...]
    changed: tuple[ToolChange, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def compare(old: Iterable[ToolDefinition], new: Iterable[ToolDefinition]) -> LockDiff:
    """Return what changed from `old` to `new`; whitespace and the order of members never do."""
    was = {(each.server, each.name): each for each in old}
    now = {(each.server, each.name): each for each in new}
    return LockDiff(
        added=tuple(now[key] for key in sorted(now.keys() - was.keys())),
        removed=tuple(was[key] for key in sorted(was.keys() - now.keys())),
        changed=tuple(
            ToolChange(was[key], now[key], _parts(was[key], now[key]))
            for key in sorted(was.keys() & now.keys())
            if was[key].digest != now[key].digest
        ),
    )


def parts_of(tool: ToolDefinition) -> tuple[PartChange, ...]:
    """Return all parts of a tool that was added, to be read as a change is."""
    return tuple(
        PartChange(shown(name), None, _lines(value))
        for name, value in sorted(tool.document.items())
    )


def _parts(old: ToolDefinition, new: ToolDefinition) -> tuple[PartChange, ...]:
    changes = []
    for name in sorted(old.document.keys() | new.document.keys()):
        was, now = ([each.document[name]] if name in each.document else [] for each in (old, new))
        if pretty(was) != pretty(now):
            are_texts = all(isinstance(value, str) for value in (*was, *now))
            old_lines, new_lines = (
                _lines(values[0], is_text=are_texts) if values else None for values in (was, now)
            )
            changes.append(PartChange(shown(name), old_lines, new_lines))
    return tuple(changes)


def _lines(value: Json, *, is_text: bool = True) -> tuple[str, ...]:
    """Return text line by line as it is meant, and anything else as readable JSON."""
    if is_text and isinstance(value, str):
        return tuple(shown(line) for line in value.split("\n"))
    return tuple(pretty(value).split("\n"))
