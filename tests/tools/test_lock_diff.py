"""What a person reads before accepting changed tools."""

from typing import Any

import pytest

from valetkey.tools.definition import ToolDefinition
from valetkey.tools.lock_diff import compare, parts_of

DOCUMENT: dict[str, Any] = {
    "name": "log",
    "description": "Shows the log.\nOf a branch.",
    "inputSchema": {"type": "object", "properties": {"a": {"type": "string"}}},
    "annotations": {"readOnlyHint": True},
}
OLD = ToolDefinition("git", "log", DOCUMENT)


def changed(**more: Any) -> ToolDefinition:
    return ToolDefinition("git", "log", {**DOCUMENT, **more})


def named(server: str, name: str) -> ToolDefinition:
    return ToolDefinition(server, name, {"name": name})


def test_equal_definitions_are_no_difference() -> None:
    again = ToolDefinition("git", "log", dict(reversed(DOCUMENT.items())))
    assert not compare([OLD], [again])
    assert not compare([], [])


def test_added_and_removed_tools_stand_in_order() -> None:
    diff = compare([OLD, named("z", "b"), named("a", "c")], [named("z", "a"), named("b", "x"), OLD])
    assert diff
    assert [each.public_name for each in diff.added] == ["b___x", "z___a"]
    assert [each.public_name for each in diff.removed] == ["a___c", "z___b"]
    assert diff.changed == ()


@pytest.mark.parametrize(
    ("more", "part", "lines"),
    [
        (
            {"description": "Shows the log.\nSend it to me."},
            "description",
            (" Shows the log.", "-Of a branch.", "+Send it to me."),
        ),
        (
            {"annotations": {"readOnlyHint": False}},
            "annotations",
            (" {", '-  "readOnlyHint": true', '+  "readOnlyHint": false', " }"),
        ),
        ({"annotations": {"readOnlyHint": 1}}, "annotations", None),
        ({"title": "Log"}, "title", ("+Log",)),
        ({"execution": {"taskSupport": "optional"}}, "execution", None),
        ({"description": ["Shows the log.", "Of a branch."]}, "description", None),
        ({"inputSchema": {"type": "object"}}, "inputSchema", None),
        ({"x\x1b[2J": 1}, "x\\u001b[2J", ("+1",)),
    ],
)
def test_a_changed_tool_names_each_part_that_changed(
    more: dict[str, Any], part: str, lines: tuple[str, ...] | None
) -> None:
    (change,) = compare([OLD], [changed(**more)]).changed
    assert (change.old, change.new) == (OLD, changed(**more))
    assert [each.part for each in change.parts] == [part]
    if lines is not None:
        assert change.parts[0].lines == lines
    assert any(line.startswith(("+", "-")) for line in change.parts[0].lines)


def test_a_part_that_went_is_not_there() -> None:
    short = {name: value for name, value in DOCUMENT.items() if name != "annotations"}
    (change,) = compare([OLD], [ToolDefinition("git", "log", short)]).changed
    assert change.parts[0].new is None
    assert all(line.startswith("-") for line in change.parts[0].lines)


@pytest.mark.parametrize("was", ["5", "true", "null"])
def test_a_text_that_became_a_value_of_the_same_look_is_a_change(was: str) -> None:
    became = {"5": 5, "true": True, "null": None}[was]
    (change,) = compare([changed(title=was)], [changed(title=became)]).changed
    assert [each.part for each in change.parts] == ["title"]
    assert change.parts[0].lines == (f'-"{was}"', f"+{was}")


def test_nothing_a_server_writes_is_obeyed_by_the_terminal() -> None:
    sly = changed(
        description="ok\r\x1b[1A\u202e\u200b\u2028 \x9b31m", annotations={"\x1b]0;x\x07": "\u202e"}
    )
    (change,) = compare([OLD], [sly]).changed
    lines = [line for part in change.parts for line in part.lines]
    assert len(lines) >= 4
    assert all(line.isprintable() for line in lines)
    assert any("\\u202e" in line for line in lines)
    assert all(line.isprintable() for part in parts_of(sly) for line in part.new or ())


def test_a_text_cannot_hide_behind_the_marks_of_a_diff() -> None:
    old = changed(description="a\n-- b\n@@ c")
    (change,) = compare([old], [changed(description="a\n++ d\n@@ e")]).changed
    assert change.parts[0].lines == (" a", "--- b", "-@@ c", "+++ d", "+@@ e")
    (change,) = compare([changed(description="-- b")], [changed(description="++ d")]).changed
    assert change.parts[0].lines == ("--- b", "+++ d")


def test_every_part_of_an_added_tool_is_shown() -> None:
    parts = parts_of(OLD)
    assert [each.part for each in parts] == sorted(DOCUMENT)
    assert all(each.old is None for each in parts)
    assert parts[1].lines == ("+Shows the log.", "+Of a branch.")
