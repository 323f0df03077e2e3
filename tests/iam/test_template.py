"""Variables, escapes and defaults."""

import pytest

from valetkey.iam import PolicyError
from valetkey.iam.template import compile_text
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
