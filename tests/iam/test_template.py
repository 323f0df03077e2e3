"""Variables, escapes and defaults."""

import tracemalloc

import pytest

from valetkey.iam import PolicyError
from valetkey.iam.glob import units
from valetkey.iam.template import SHOWN, compile_text
from valetkey.iam.variables import ContextValue, Escaped, Variable, split_variables


def matches(pattern: str, text: str, keys: dict[str, ContextValue]) -> bool:
    return compile_text(pattern, "$", wildcards=True, variables=True).matches(text, keys)


def test_a_text_is_split_into_plain_text_variables_and_escapes() -> None:
    assert split_variables("a${s3:Prefix}b${*}", "$") == [
        "a",
        Variable("s3:prefix", None, "${s3:Prefix}"),
        "b",
        Escaped("*"),
    ]


def test_a_default_may_have_any_character_but_a_quote() -> None:
    assert split_variables("${k, 'a}, ${x'}", "$") == [Variable("k", "a}, ${x", "${k, 'a}, ${x'}")]


def test_a_dollar_without_a_brace_is_plain() -> None:
    assert split_variables("$a$", "$") == ["$a$"]


@pytest.mark.parametrize(
    "text",
    [
        "${",
        "${}",
        "${ }",
        "${a",
        "${a${b}}",
        "${a,b}",
        "${a 'b'}",
        "${a, 'b}",
        "${a, 'b' c}",
        "${,'b'}",
    ],
)
def test_what_opens_like_a_variable_must_be_one(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        split_variables(text, "$.Statement[0].Resource")

    assert caught.value.code == "malformed-policy"


def test_substituted_text_is_never_a_wildcard() -> None:
    assert not matches("${k}", "abc", {"k": "*"})
    assert not matches("?${k}", "xabc", {"k": "a?c"})
    assert matches("${k}*", "*abc", {"k": "*"})


def test_a_variable_without_a_value_matches_nothing() -> None:
    assert not matches("${k}", "", {})
    assert not matches("${k}*", "anything", {})
    assert not matches("*${k}?", "anything", {})


def test_a_multivalued_key_has_no_value_not_even_the_default() -> None:
    assert matches("${k, 'd'}", "d", {})
    assert not matches("${k, 'd'}", "d", {"k": ("d",)})


def test_an_empty_value_is_a_value() -> None:
    assert matches("a/${k}/b", "a//b", {"k": ""})


@pytest.mark.parametrize("pattern", ["${k}" * 2_000, "${k}*" * 2_000, "?" + "${k}" * 2_000])
def test_no_more_is_filled_in_than_the_text_has_room_for(pattern: str) -> None:
    tracemalloc.start()
    assert not matches(pattern, "a" * 4_000, {"k": "a" * 60_000})
    assert not matches(pattern, "a" * 60_000, {"k": "a" * 50_000})
    assert not matches(pattern, "a" * 4_000, {"k": "a" * 3})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10_000_000


@pytest.mark.parametrize("pattern", ["${k}${k}", "${k}*${k}", "${k}?${k}", "x${k}", "*${k}x*"])
def test_what_has_just_room_is_filled_in(pattern: str) -> None:
    text = pattern.replace("${k}", "\U0001f600b").replace("*", "").replace("?", "-")
    assert matches(pattern, units(text), {"k": "\U0001f600b"})


def test_what_is_shown_to_a_person_is_bounded() -> None:
    shown = compile_text("${k}" * 2_000, "$", wildcards=True, variables=True).shown(
        {"k": "a" * 60_000}
    )
    assert len(shown) == SHOWN + 1
    assert shown.endswith("a…")


@pytest.mark.parametrize(
    ("pattern", "constant"),
    [("", ""), ("ab", "ab"), ("a${*}", "a*"), ("a*", None), ("a?", None), ("${k}", None)],
)
def test_a_text_without_wilds_and_variables_is_constant(pattern: str, constant: str | None) -> None:
    assert compile_text(pattern, "$", wildcards=True, variables=True).constant == constant
