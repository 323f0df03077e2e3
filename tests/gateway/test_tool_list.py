"""`tools/list`: pinned definitions, as they are, of what is not ruled out."""

from pathlib import Path

import pytest

from tests.fakes.tools import LOOK_UP, definition, of_department, rule, source
from tests.gateway.calling import gate
from valetkey.gateway import tool_list
from valetkey.tools import Json, ServerRules


async def test_a_caller_sees_what_policies_do_not_rule_out(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        guest = await made.another("guest")
        session = await made.begin()
        mine = await made.legacy("tools/list", session=session)
        names = ["billing___look_up", "billing___refund", "search___search"]
        assert [tool["name"] for tool in mine.result["tools"]] == names
        theirs = await made.modern("tools/list", token=guest)
        assert [tool["name"] for tool in theirs.result["tools"]] == ["search___search"]
        assert (theirs.result["ttlMs"], theirs.result["cacheScope"]) == (0, "private")
        assert set(mine.result) == {"tools"}
        assert made.servers.reached == []
        assert made.servers.links == []


async def test_a_definition_is_listed_as_it_was_pinned(tmp_path: Path) -> None:
    schema: Json = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"a": {"$anchor": "a", "type": "string"}},
        "properties": {"z": {"$ref": "#a"}, "b": {"type": "integer", "maximum": 2**63 - 1}},
        "allOf": [{"if": {"required": ["z"]}, "then": {"required": ["b"]}}],
        "additionalProperties": False,
    }
    more: dict[str, Json] = {
        "outputSchema": {"type": "object"},
        "annotations": {"readOnlyHint": True},
        "_meta": {"x": 1.5},
        "title": "Größe",
        "inputSchema": schema,
    }
    document = {**LOOK_UP.document, **more}
    tool = definition("billing", "look_up", {}, **more)
    bound = source(
        rule("permit", "billing___look_up"), tools=(tool,), servers=(ServerRules("billing"),)
    )
    async with gate(tmp_path, tools=bound) as made:
        whole = (await made.modern("tools/list")).result["tools"]
        assert whole == [{**document, "name": "billing___look_up"}]
        own = (await made.modern("tools/list", path="/mcp/billing")).result["tools"]
        assert own == [document]


@pytest.mark.parametrize("path", ["/mcp", "/mcp/billing"])
async def test_long_lists_come_in_pages(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_list, "PAGE", 2)
    tools = tuple(definition("billing", f"t{n}", {}) for n in range(5))
    text = "".join(
        rule("permit", f"billing___t{n}", of_department("finance"), notes=f'@id("p{n}")\n')
        for n in range(5)
    )
    bound = source(text, tools=tools, servers=(ServerRules("billing"),))
    async with gate(tmp_path, tools=bound) as made:
        names: list[str] = []
        sizes = []
        params: dict[str, object] = {}
        while True:
            page = (await made.modern("tools/list", params, path=path)).result
            names += [tool["name"] for tool in page["tools"]]
            sizes.append(len(page["tools"]))
            if "nextCursor" not in page:
                break
            params = {"cursor": page["nextCursor"]}
        assert sizes == [2, 2, 1]
        assert [name[-2:] for name in names] == ["t0", "t1", "t2", "t3", "t4"]


@pytest.mark.parametrize("cursor", ["x", "billing___delete_all", "", 5, None, "zzz"])
async def test_a_cursor_that_is_not_ours_is_refused(tmp_path: Path, cursor: object) -> None:
    async with gate(tmp_path) as made:
        answer = await made.modern("tools/list", {"cursor": cursor})
        assert (answer.status, answer.number) == (400, -32602)


async def test_unknown_members_are_refused(tmp_path: Path) -> None:
    async with gate(tmp_path) as made:
        answer = await made.modern("tools/list", {"all": True})
        assert answer.code == "params-unknown"
