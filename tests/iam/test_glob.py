"""Wildcards: right, and linear whatever the pattern."""

import pytest

from tests.cpu import SOON, within
from valetkey.iam.glob import matches_stretches, matches_tokens, units
from valetkey.iam.template import Template, compile_text


def glob(pattern: str) -> Template:
    return compile_text(pattern, "$", wildcards=True, variables=False)


def matches(pattern: str, text: str) -> bool:
    return glob(pattern).matches(units(text), {})


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("**", "a\n\x00b", True),
        ("a*", "a", True),
        ("a*a", "a", False),  # head and tail may not share a character
        ("a*a", "aa", True),
        ("*ab*ab*", "abab", True),
        ("*ab*ab*", "aba", False),
        ("a*b*c", "a-b-b-c", True),
        ("?", "", False),
        ("?", "\n", True),
        ("a?c", "abc", True),
        ("?*?", "a", False),
        ("?*?", "ab", True),
        ("*a?c*", "xxaabcc", True),
        ("[ab]", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_a_pattern_is_of_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected
    assert matches_tokens([t for t in glob(pattern).pieces if not hasattr(t, "key")], text) is (
        expected
    )


def test_a_question_mark_is_one_utf16_unit() -> None:
    assert not matches("?", "\U0001f600")
    assert matches("??", "\U0001f600")
    assert matches("\ud83d*", "\U0001f600")
    assert matches("\U0001f600", "\U0001f600")


def test_stars_alone_need_no_automaton() -> None:
    assert glob("a*b**c").runs == ("a", "b", "c")
    assert glob("a*b?c").runs is None
    assert matches_stretches(("a", ""), "ab")
    assert matches_stretches(("ab",), "ab") and not matches_stretches(("ab",), "abc")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*a" * 2_000 + "b", "a" * 60_000),
        ("*" + "a?" * 2_000 + "b", "a" * 4_000),
        ("*?" * 2_000 + "b", "a" * 4_000),
        ("a*" * 4_000, "a" * 60_000),
        ("?*" * 4_000, "a" * 4_000),
        ("*" * 8_000 + "b", "a" * 60_000),
    ],
)
def test_no_pattern_makes_matching_slow(pattern: str, text: str) -> None:
    compiled = glob(pattern)
    with within(SOON):
        compiled.matches(text, {})
