"""What was decided is what is sent, for schemas and values nobody thought of."""

import json
from decimal import Decimal
from typing import Any

import cedarpy
from hypothesis import given, settings
from hypothesis import strategies as st

from valetkey.tools.arguments import ArgumentFault, Arguments
from valetkey.tools.definition import ToolDefinition
from valetkey.tools.exact_json import MAX_NUMBER, canonical, digest, read_exact
from valetkey.tools.mapping import HiddenTool, MappedTool, map_tool
from valetkey.tools.schema import cedar_schema

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INTEGERS = st.integers(-MAX_NUMBER, MAX_NUMBER)
SHORT = st.integers(-(10**9), 10**9).map(lambda number: number / 10_000)
FLOATS = st.floats(-(2**53) + 1, 2**53 - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | SHORT | FLOATS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["a", "b", "a-b", "in", "", "type", "é"]) | TEXTS

Pair = tuple[dict[str, Any], st.SearchStrategy[Any]]
"""A schema, and values that it takes."""

LEAVES: st.SearchStrategy[Pair] = st.sampled_from(
    [
        ({"type": "string"}, TEXTS),
        ({"type": "integer"}, INTEGERS | st.integers(-9, 9).map(float)),
        ({"type": "number"}, SHORT | st.integers(-(10**9), 10**9)),
        ({"type": "boolean"}, st.booleans()),
        ({"enum": ["a", "b", None]}, st.sampled_from(["a", "b", None])),
        ({"enum": [1, 0.5]}, st.sampled_from([1, 1.0, 0.5])),
        ({"const": 3}, st.sampled_from([3, 3.0])),
        ({"type": ["integer", "null"]}, INTEGERS | st.none()),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, TEXTS | INTEGERS),
        ({}, VALUES),
        ({"type": "object"}, st.dictionaries(TEXTS, VALUES, max_size=2)),
        ({"prefixItems": [{"type": "integer"}], "type": "array"}, st.just([1, "x"])),
    ]
)


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    schema, values = draw(inner)
    return {"type": "array", "items": schema}, st.lists(values, max_size=3)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    members = draw(st.dictionaries(NAMES, inner, max_size=4))
    names = sorted(members)
    required = draw(st.sets(st.sampled_from(names))) if names else set()
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: schema for name, (schema, _) in members.items()},
        "required": sorted(required),
    }
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.booleans())
    if draw(st.booleans()):
        schema = {"allOf": [schema]}
    return schema, st.fixed_dictionaries(
        {name: members[name][1] for name in names if name in required},
        optional={name: members[name][1] for name in names if name not in required},
    )


@st.composite
def alternatives(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    pairs = draw(st.lists(inner, min_size=1, max_size=3))
    return {"anyOf": [schema for schema, _ in pairs]}, st.one_of([values for _, values in pairs])


PAIRS = st.recursive(
    LEAVES, lambda inner: arrays(inner) | objects(inner) | alternatives(inner), max_leaves=6
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[MappedTool, Any]:
    """Return a tool and arguments, most of them such that its schema takes them."""
    schema, values = draw(objects(PAIRS))
    tool = map_tool(ToolDefinition("s", "t", {"name": "t", "inputSchema": schema}))
    if isinstance(tool, HiddenTool):  # a drawn name of Cedar's own
        assert "Cedar" in tool.reason
        return draw(calls())
    foreign = st.dictionaries(NAMES, VALUES, max_size=3)
    return tool, draw(st.one_of(values, values, values, foreign))


def is_same(sent: Any, seen: Any, *, some: bool) -> bool:
    """Say whether Cedar's `seen` is what is `sent`, or of objects at least `some` of it."""
    if isinstance(seen, dict) and seen.keys() == {"__extn"}:
        return Decimal(seen["__extn"]["arg"]) == Decimal(str(sent))
    if isinstance(seen, str):
        return bool(seen == sent) or json.loads(seen) == sent
    if isinstance(seen, dict):
        there = {name for name, member in sent.items() if member is not None}
        return (seen.keys() <= there if some else seen.keys() == there) and all(
            is_same(sent[name], member, some=some) for name, member in seen.items()
        )
    if isinstance(seen, list):
        pairs = zip(sent, seen, strict=True)
        return isinstance(sent, list) and all(is_same(a, b, some=some) for a, b in pairs)
    return type(seen) is type(sent) and bool(seen == sent)


@settings(max_examples=150, deadline=None)
@given(calls())
def test_policies_see_all_that_is_sent_or_the_call_is_refused(call: tuple[MappedTool, Any]) -> None:
    tool, value = call
    found = tool.check(value, undeclared=False)
    if isinstance(found, ArgumentFault):
        return
    sent = json.loads(found.text)
    assert sent == value == found.value
    assert found.digest == digest(value)
    assert is_same(sent, json.loads(found.context), some=False)


@settings(max_examples=100, deadline=None)
@given(calls())
def test_undeclared_members_are_all_that_policies_may_miss(call: tuple[MappedTool, Any]) -> None:
    tool, value = call
    strict = tool.check(value, undeclared=False)
    lenient = tool.check(value, undeclared=True)
    if isinstance(strict, Arguments):
        assert lenient == strict
    if isinstance(lenient, Arguments):
        assert lenient.text == canonical(value)
        seen = json.loads(lenient.context)
        assert is_same(json.loads(lenient.text), seen, some=True)
        assert seen.keys() <= tool.input.attributes.keys()


@settings(max_examples=100, deadline=None)
@given(calls())
def test_cedar_takes_every_context_that_is_made(call: tuple[MappedTool, Any]) -> None:
    tool, value = call
    schema = cedarpy.Schema.from_json_str(cedar_schema([tool], ["s"]))
    found = tool.check(value, undeclared=True)
    if isinstance(found, ArgumentFault):
        return
    system = '{"now":{"__extn":{"fn":"datetime","arg":"2026-11-22T10:00:00Z"}}}'
    answer = cedarpy.is_authorized(
        {
            "principal": {"type": "AgentCore::OAuthUser", "id": "p"},
            "action": {"type": "AgentCore::Action", "id": "s___t"},
            "resource": {"type": "AgentCore::Gateway", "id": "g"},
            "context": f'{{"input":{found.context},"system":{system}}}',
        },
        "permit(principal, action, resource);",
        [],
        schema,
    )
    assert answer.allowed, answer.diagnostics.errors


@given(VALUES)
def test_canonical_text_reads_back_and_is_written_again_alike(value: Any) -> None:
    text = canonical(value)
    assert read_exact(text) == value
    assert canonical(read_exact(text)) == text


@given(VALUES, st.sampled_from([None, 1, 3]))
def test_spelling_does_not_change_what_is_canonical(value: Any, indent: int | None) -> None:
    spelled = json.dumps(value, indent=indent, ensure_ascii=indent is None)
    assert canonical(read_exact(spelled.encode())) == canonical(value)
