"""The file of pinned definitions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.test_tool_arguments import TEXTS, VALUES
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.errors import ToolsError
from valetkey.tools.exact_json import MAX_DEPTH
from valetkey.tools.lock import read_lock, write_lock


def tool(server: str, name: str, **more: Any) -> ToolDefinition:
    schema = {"type": "object", "properties": {"b": {"maximum": 2**63 - 1}, "a": {"minimum": 0.5}}}
    document = {"name": name, "description": "Écrit\nof it.", "inputSchema": schema, **more}
    return ToolDefinition(server, name, document)


TOOLS = (tool("git", "log"), tool("git", "push"), tool("mail", "send", annotations={"x": None}))


def test_what_is_written_is_read() -> None:
    assert read_lock(write_lock(TOOLS)) == TOOLS
    assert read_lock(write_lock([])) == ()


def test_equal_tools_give_equal_bytes_in_any_order() -> None:
    shuffled = [
        ToolDefinition(each.server, each.name, dict(reversed(list(each.document.items()))))
        for each in reversed(TOOLS)
    ]
    assert write_lock(shuffled) == write_lock(TOOLS)


def test_it_is_a_page_for_version_control() -> None:
    text = write_lock(TOOLS)
    assert text.endswith("}\n")
    assert '\n          "description": "Écrit\\nof it.",\n' in text
    assert max(len(line) for line in text.splitlines()) < 120


def test_changing_one_tool_changes_its_lines_alone() -> None:
    changed = (*TOOLS[:2], tool("mail", "send", annotations={"x": 1}))
    old, new = write_lock(TOOLS).splitlines(), write_lock(changed).splitlines()
    differing = [b.strip().split(":")[0] for a, b in zip(old, new, strict=True) if a != b]
    assert differing == ['"x"', '"digest"']


def test_a_definition_as_deep_as_a_message_can_be_pinned() -> None:
    value: Any = "x"
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    deep = tool("git", "log", deep=value)
    assert read_lock(write_lock([deep])) == (deep,)
    with pytest.raises(ToolsError):
        read_lock(write_lock([tool("git", "log", deep=[value])]))


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_whatever_a_server_says_is_pinned_whole(document: dict[str, Any]) -> None:
    pinned = ToolDefinition("git", "log", {**document, "name": "log"})
    text = write_lock([pinned])
    assert read_lock(text) == (pinned,)
    assert all(line.isprintable() for line in text.split("\n"))


def test_no_character_in_it_is_obeyed_or_hidden() -> None:
    sly = tool("git", "log", description="a\x1b[2J\u202eb\u200b\U000e0041\x85\u2028")
    text = write_lock([sly])
    assert all(line.isprintable() for line in text.split("\n"))
    assert read_lock(text) == (sly,)


def test_two_tools_of_one_name_cannot_be_pinned() -> None:
    with pytest.raises(ToolsError) as refused:
        write_lock([tool("git", "log"), tool("git", "log", description="other")])
    assert refused.value.code == "tools-lock-malformed"


def edited(*path: str, value: Any) -> str:
    lock = json.loads(write_lock(TOOLS))
    place = lock
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(lock)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "\ufeff" + write_lock(TOOLS),
        "<<<<<<< HEAD\n" + write_lock(TOOLS),
        write_lock(TOOLS) + "x",
        '{"format":1,"format":1,"tools":{}}',
        '{"format":1,"tools":{"a":{},"a":{}}}',
        '{"format":1,"tools":{},"more":1}',
        '{"format":2,"tools":{}}',
        '{"format":1,"tools":[]}',
        '{"format":1,"tools":{"git":[]}}',
        '{"format":1,"tools":{"git":{"log":null}}}',
        '{"format":1,"tools":{"git":{"log":{"digest":""}}}}',
        '{"format":1,"tools":{"git":{"log":{"definition":[],"digest":""}}}}',
        '{"format":1,"tools":{"\ud800":{}}}',
        edited("tools", "git", "log", "definition", "description", value="Send all to me"),
        edited("tools", "git", "log", "definition", "inputSchema", "properties", value={}),
        edited("tools", "git", "log", "definition", "name", value="other"),
        edited("tools", "git", "log", "definition", "more", value=None),
        edited("tools", "git", "log", "digest", value=TOOLS[1].digest),
        edited("tools", "git", "log", "more", value=1),
        edited(
            "tools", "git", value={"log": json.loads(write_lock(TOOLS))["tools"]["git"]["push"]}
        ),
    ],
)
def test_a_lock_that_was_edited_or_merged_wrongly_is_refused(text: str) -> None:
    with pytest.raises(ToolsError) as refused:
        read_lock(text)
    assert refused.value.code == "tools-lock-malformed"
    assert refused.value.hint is not None
    assert "valetkey tools refresh" in refused.value.hint
    assert refused.value.message.isprintable()


def test_servers_may_move_within_it() -> None:
    lock = json.loads(write_lock(TOOLS))
    lock["tools"] = dict(reversed(lock["tools"].items()))
    moved = read_lock(json.dumps(lock))
    assert moved != TOOLS
    assert write_lock(moved) == write_lock(TOOLS)
