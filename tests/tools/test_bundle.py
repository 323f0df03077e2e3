"""A bundle is whole or an error; a tool that can't be mapped is left out alone."""

from dataclasses import replace

import pytest

from tests.fakes.tools import BOUND
from tests.tools.asking import bundle, decided, policy, tool
from valetkey.tools import (
    Mode,
    PolicyFile,
    ServerRules,
    ToolsError,
    Verdict,
    document_of,
    source_of,
)
from valetkey.tools.bundle import make_bundle

GOOD = tool("a___good", x="i")
LONG = tool("a___" + "x" * 64)


def test_a_tool_that_cannot_be_mapped_is_hidden_alone_with_its_reason() -> None:
    made = bundle(policy("permit", "a___good"), GOOD, LONG)
    assert list(made.tools) == ["a___good"]
    assert "64" in made.hidden[LONG.public_name].reason
    assert any(LONG.public_name in warning for warning in made.warnings)
    assert decided(made, "a___good", {"x": 1}).verdict is Verdict.ALLOW


def test_two_tools_of_one_public_name_are_both_hidden() -> None:
    made = bundle("", tool("a___b___c"), replace(tool("x___c"), server="a___b"))
    assert not made.tools and list(made.hidden) == ["a___b___c"]


def test_equal_sources_make_equal_bundles() -> None:
    turned = replace(BOUND, tools=BOUND.tools[::-1])
    one, other = make_bundle(BOUND), make_bundle(turned)
    assert one.schema == other.schema
    assert list(one.tools) == list(other.tools) == sorted(one.tools)
    assert make_bundle(BOUND) == one


def test_a_stored_source_makes_the_same_bundle() -> None:
    assert make_bundle(source_of(document_of(BOUND))).policies == make_bundle(BOUND).policies


def test_a_tool_of_a_server_that_is_not_configured_is_an_error() -> None:
    with pytest.raises(ToolsError) as caught:
        make_bundle(replace(BOUND, servers=BOUND.servers[:1]))
    assert caught.value.code == "tools-server"


def test_a_mistake_in_any_file_is_an_error_with_its_place() -> None:
    files = (*BOUND.policies, PolicyFile("z.cedar", "\npermit(principal, action, resourc);"))
    with pytest.raises(ToolsError) as caught:
        make_bundle(replace(BOUND, policies=files))
    assert caught.value.code == "policy-syntax"
    assert caught.value.message.startswith("z.cedar:2: ")


def test_what_changes_nothing_or_hides_from_policies_is_said() -> None:
    text = policy("permit", "a___good", notes='@mode("log-only") @ticket("1")\n')
    made = bundle(text, GOOD, tool("a___other"), mode=Mode.LOG_ONLY)
    loose = make_bundle(
        replace(made.source, servers=(ServerRules("a", undeclared_arguments=True),))
    )
    said = " / ".join(loose.warnings)
    for part in (
        "gateway is in log-only mode",
        "`p.cedar#1` is in log-only mode",
        "p.cedar:1: `@ticket`",
        "server `a` takes undeclared arguments",
        "permits the tool `a___good`",
        "permits the tool `a___other`",
    ):
        assert part in said
    assert len(loose.warnings) == 6


def test_no_policies_make_a_bundle_that_denies_every_call() -> None:
    made = bundle("", GOOD)
    answer = decided(made, "a___good", {"x": 1})
    assert (answer.verdict, answer.code) == (Verdict.DENY, "tool-not-permitted")


def test_no_tools_make_a_bundle() -> None:
    assert not bundle("").tools
