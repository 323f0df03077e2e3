"""A list shows every tool that can't be ruled out, and none that can."""

import pytest

from tests.tools.asking import bundle, policy, tool
from valetkey.tools import Mode, PolicyFile, ToolPrincipal
from valetkey.tools.index import PolicyIndex
from valetkey.tools.listing import visible
from valetkey.tools.listing_index import ListingIndex
from valetkey.tools.policies import read_policies

REFUND = "pay___refund"
LIST = "pay___list"
TOOLS = (tool(REFUND, amount="i", why="s?"), tool(LIST))
FINANCE = 'principal.hasTag("department") && principal.getTag("department") == "finance"'


def seen(text: str, mode: Mode = Mode.ENFORCE, id_: str = "x", **tags: str) -> list[str]:
    made = bundle(text, *TOOLS, mode=mode)
    found = visible(made, ToolPrincipal(id_, tags), made.tools.values())
    return [each.definition.name for each in found]


def test_a_guest_does_not_see_what_finance_alone_may_call() -> None:
    text = policy("permit", REFUND, f"{FINANCE} && context.input.amount < 500")
    text += policy("permit", LIST, 'principal.hasTag("department")')
    assert seen(text, department="finance") == ["list", "refund"]
    assert seen(text, department="guest") == ["list"]
    assert seen(text) == []


@pytest.mark.parametrize(
    "when",
    [
        "context.input.amount < 0",
        "context.input.amount > 9 || " + FINANCE,
        f"!({FINANCE})",
        f'if context.input.amount > 3 then {FINANCE} else principal.id == "x"',
        'context.system.now < datetime("1970-01-01")',
        '["x", "y"].contains(principal.id)',
        'principal.id like "*"',
    ],
)
def test_a_tool_is_shown_unless_no_arguments_could_do(when: str) -> None:
    assert seen(policy("permit", REFUND, when), department="guest") == ["refund"]


@pytest.mark.parametrize(
    "when",
    [
        f"context.input.amount > 3 && {FINANCE}",
        f'if context.input.amount > 3 then {FINANCE} else principal.id == "y"',
        '["z", "y"].contains(principal.id)',
        'principal.id like "*y*"',
        'principal.getTag("role") == principal.id && principal.hasTag("role")',
        "principal.id != principal.id",
    ],
)
def test_a_tool_is_hidden_where_every_permit_is_for_others(when: str) -> None:
    made = policy("permit", REFUND, f'principal.hasTag("role") && ({when})')
    assert seen(made, department="guest") == []
    assert seen(made, department="guest", role="r") == []


@pytest.mark.parametrize(
    ("notes", "when", "shown"),
    [
        ("", "", []),
        ("", 'principal.id == "x"', []),
        ("", "context.input.amount > 0", ["refund"]),
        ('@tier("soft")', "", ["refund"]),
        ('@mode("log-only")', "", ["refund"]),
        ("", 'principal.id == "y"', ["refund"]),
        ("", 'principal.getTag("role") == "y" || true', []),
    ],
)
def test_a_forbid_hides_where_it_must_deny(notes: str, when: str, shown: list[str]) -> None:
    text = policy("permit", REFUND) + policy("forbid", REFUND, when, notes=notes)
    if "getTag" in when:
        text = text.replace("principal.getTag", 'principal.hasTag("role") && principal.getTag')
    assert seen(text) == shown


def test_a_permit_in_log_only_mode_shows_nothing() -> None:
    assert seen(policy("permit", REFUND, notes='@mode("log-only")')) == []


def test_a_gateway_in_log_only_mode_shows_all() -> None:
    assert seen("", mode=Mode.LOG_ONLY) == ["list", "refund"]


def test_groups_and_policies_of_every_action_count() -> None:
    assert seen(policy("permit", "in pay")) == ["list", "refund"]
    assert seen(policy("permit", "*")) == ["list", "refund"]
    assert seen(policy("permit", "*") + policy("forbid", f"{LIST}|{REFUND}")) == []
    assert seen(policy("permit", f"{REFUND}|{LIST}") + policy("forbid", LIST)) == ["refund"]


def test_a_tool_of_another_version_is_not_shown() -> None:
    made, other = bundle(policy("permit", "*"), *TOOLS), bundle("", tool("x___y"))
    assert visible(made, ToolPrincipal("x"), other.tools.values()) == ()


def test_a_policy_that_must_fail_hides_what_it_takes_in() -> None:
    """No such policy passes validation; a later Cedar might let one."""
    made = bundle(policy("permit", "*"), *TOOLS)
    failing = PolicyFile("f", policy("permit", LIST, 'principal.getTag("role") == "x"'))
    index = PolicyIndex(
        (*made.policies, *read_policies([failing])), made.schema, gateway=made.source.gateway
    )
    listing = ListingIndex(index, made.source.gateway)
    assert listing.possible(ToolPrincipal("x"), made.tools) == [REFUND]
    assert listing.possible(ToolPrincipal("x", {"role": "x"}), made.tools) == [LIST, REFUND]
