"""Random policies over four tools, random calls of them, and Cedar asked about all at once.

Policies may fail: whether Cedar's validation would have taken them is left aside on purpose.
"""

import json
from dataclasses import dataclass
from typing import Any

import cedarpy
from hypothesis import strategies as st

from tests.fakes.tools import GATEWAY
from tests.tools.asking import NOW, WHERE, bundle, tool
from valetkey.tools import PolicyFile, ToolPrincipal
from valetkey.tools.deciding import cedar_time
from valetkey.tools.policies import ToolPolicy, read_policies

NAMES = ("a___x", "a___y", "b___x", "b___y")
GROUPS = ("a", "b", "CallTool", "Mcp")
SCHEMA = bundle("", *(tool(name, n="i", w="s?") for name in NAMES)).schema
GETS = 'principal.getTag("role")'
ATOMS = (
    "true",
    "false",
    'principal.hasTag("role")',
    "principal.hasTag(principal.id)",
    f'{GETS} == "v"',
    f'{GETS} != "v"',
    f"{GETS} == {GETS}",
    f'{GETS} like "v*"',
    f'{GETS} like "*v*w"',
    f'["v", "w"].contains({GETS})',
    f'[{GETS}, "w"].containsAny(["v"])',
    f'["v", principal.id].containsAll([{GETS}])',
    "[context.input.n].contains(3)",
    'principal.id == "v"',
    'principal.id like "*"',
    "principal has id",
    "principal has role",
    "principal is AgentCore::OAuthUser",
    'principal == AgentCore::OAuthUser::"v"',
    f'resource == AgentCore::Gateway::"{GATEWAY}"',
    'resource == AgentCore::Gateway::"other"',
    'action in AgentCore::Action::"a"',
    'action == AgentCore::Action::"b___x"',
    'action in [AgentCore::Action::"b", AgentCore::Action::"a___y"]',
    '[AgentCore::Action::"a___x"].contains(action)',
    "action is AgentCore::Action",
    'action == AgentCore::Action::"a"',
    "context.input.n < 3",
    "context.input.n + 9223372036854775807 > 0",
    'context.input has w && context.input.w == "v"',
    'context.input.w == "v"',
    f"context.input.w == {GETS}",
    'context.system.now < datetime("2020-01-01")',
    'context == {"input": {"n": 1}}',
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(inner, st.sampled_from(("&&", "||", "==", "!=")), inner)
    return (
        joined.map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})")
        | inner.map(lambda part: f"!({part})")
        | st.tuples(inner, inner, inner).map(
            lambda parts: f"if {parts[0]} then ({parts[1]}) else ({parts[2]})"
        )
    )


CONDITIONS = st.recursive(st.sampled_from(ATOMS), _larger, max_leaves=4)
ACTIONS = st.one_of(
    st.just("action"),
    st.sampled_from(NAMES).map(lambda name: f'action == AgentCore::Action::"{name}"'),
    st.sampled_from(GROUPS).map(lambda name: f'action in AgentCore::Action::"{name}"'),
    st.lists(st.sampled_from(NAMES + GROUPS), min_size=1, max_size=3).map(
        lambda names: "action in [" + ",".join(f'AgentCore::Action::"{n}"' for n in names) + "]"
    ),
)
PRINCIPALS = st.sampled_from(
    (
        "principal",
        "principal is AgentCore::OAuthUser",
        "principal is AgentCore::OAuthUser",
        'principal == AgentCore::OAuthUser::"v"',
        'principal in AgentCore::OAuthUser::"v"',
        'principal is AgentCore::OAuthUser in AgentCore::OAuthUser::"w"',
    )
)
RESOURCES = st.sampled_from(
    (
        "resource",
        WHERE,
        WHERE,
        "resource is AgentCore::Gateway",
        'resource == AgentCore::Gateway::"x"',
    )
)


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("permit", "forbid")) -> str:
    """One policy, of any tier and mode."""
    effect = draw(st.sampled_from(effects))
    tier = '@tier("soft")' if effect == "forbid" and draw(st.booleans()) else ""
    mode = '@mode("log-only")' if draw(st.integers(0, 5)) == 0 else ""
    heads = (draw(PRINCIPALS), draw(ACTIONS), draw(RESOURCES))
    clauses = draw(st.lists(st.tuples(st.sampled_from(("when", "unless")), CONDITIONS), max_size=2))
    body = "".join(f" {kind} {{ {condition} }}" for kind, condition in clauses)
    return f"{tier}{mode}{effect}({', '.join(heads)}){body};"


@dataclass(frozen=True)
class Call:
    action: str
    n: int
    w: str | None
    id: str
    tags: dict[str, str]

    @property
    def input(self) -> str:
        return json.dumps({"n": self.n} if self.w is None else {"n": self.n, "w": self.w})

    @property
    def principal(self) -> ToolPrincipal:
        return ToolPrincipal(self.id, self.tags)


WORDS = st.sampled_from(("v", "w", "vw", ""))
CALLS = st.builds(
    Call,
    st.sampled_from(NAMES),
    st.integers(0, 4),
    st.none() | WORDS,
    WORDS,
    st.dictionaries(st.sampled_from(("role", "v")), WORDS, max_size=2),
)
BASE = "permit(principal, action, resource);"
SETS = st.lists(statements() | statements(effects=("forbid",)) | st.just(BASE), max_size=6)


def read(texts: list[str]) -> tuple[ToolPolicy, ...]:
    return read_policies([PolicyFile("p", "\n".join(texts))])


def whole_set(policies: tuple[ToolPolicy, ...], call: Call) -> cedarpy.AuthzResult:
    """Ask Cedar about all policies at once, everything given as text, with the whole schema."""
    who = {"type": "AgentCore::OAuthUser", "id": call.id}
    where = {"type": "AgentCore::Gateway", "id": GATEWAY}
    entities: list[dict[str, Any]] = [
        {"uid": who, "attrs": {"id": call.id}, "tags": call.tags, "parents": []},
        {"uid": where, "attrs": {}, "parents": []},
    ]
    now = json.dumps({"now": {"__extn": {"fn": "datetime", "arg": cedar_time(NOW)}}})
    request = {
        "principal": who,
        "action": {"type": "AgentCore::Action", "id": call.action},
        "resource": where,
        "context": f'{{"input": {call.input}, "system": {now}}}',
    }
    return cedarpy.is_authorized(
        request, "\n".join(each.text for each in policies), entities, SCHEMA
    )


def ids(policies: tuple[ToolPolicy, ...], named: list[str]) -> tuple[str, ...]:
    return tuple(sorted(policies[int(each.removeprefix("policy"))].id for each in named))
