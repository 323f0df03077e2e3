"""Patterns without variables: what some match and others do not, exactly and shortest."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.isolation.formulas import patterns
from valetkey.iam.glob import Wild, matches_tokens
from valetkey.isolation import automaton
from valetkey.isolation.automaton import Glob, glob_of, uncovered
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.formula import Symbol, lowered

STAR, ONE, IN_PART, ONE_IN_PART = Wild.STAR, Wild.ONE, Wild.STAR_IN_PART, Wild.ONE_IN_PART


@pytest.mark.parametrize(
    ("asked", "covering", "text"),
    [
        ([("s3:Get", STAR)], [("s3:", STAR)], None),
        ([("s3:", STAR)], [("s3:Get", STAR)], "s3:"),
        ([("s3:GetObject",)], [("s3:GetObject",)], None),
        ([("s3:GetObject", STAR)], [("s3:GetObject",), ("s3:GetObject", ONE, STAR)], None),
        ([(STAR, "a", STAR)], [("a", STAR), (STAR, "a")], "xax"),
        ([(IN_PART,)], [(STAR, ":", STAR)], ""),
        ([(STAR,)], [(IN_PART,)], ":"),
        ([(ONE,)], [(ONE_IN_PART,)], ":"),
        ([(ONE,), ("bb",)], [(ONE,)], "bb"),
        ([("\ud83d", ONE)], [("\ud83d\ude00",)], "\ud83dx"),
        ([], [], None),
    ],
)
def test_the_shortest_text_that_is_not_covered_is_found(
    asked: list[Glob], covering: list[Glob], text: str | None
) -> None:
    assert uncovered(asked, covering) == text


def test_letter_case_counts_only_where_it_is_asked_for() -> None:
    assert uncovered([("s3:getobject",)], [("s3:GetObject",)]) == "s3:getobject"
    assert uncovered([("s3:getobject",)], [("s3:GetObject",)], any_case=True) is None
    assert uncovered([(ONE,)], [("a",), ("b",)], any_case=True) == "x"


def _globs() -> st.SearchStrategy[list[Glob]]:
    return st.lists(patterns(), max_size=3).map(lambda found: [glob_of(one) or () for one in found])


def _matches(globs: list[Glob], text: str, *, any_case: bool) -> bool:
    if not any_case:
        return any(matches_tokens(glob, text) for glob in globs)
    lower = [[lowered(one) if isinstance(one, str) else one for one in glob] for glob in globs]
    return any(matches_tokens(glob, lowered(text)) for glob in lower)


@given(_globs(), _globs(), st.booleans())
def test_it_agrees_with_trying_every_short_text(
    asked: list[Glob], covering: list[Glob], any_case: bool
) -> None:
    found = uncovered(asked, covering, any_case=any_case)

    for text in (
        "".join(letters) for size in range(4) for letters in product("abA:/z", repeat=size)
    ):
        if found is not None and len(text) >= len(found):
            break
        assert not _matches(asked, text, any_case=any_case) or _matches(
            covering, text, any_case=any_case
        )
    if found is not None:
        assert _matches(asked, found, any_case=any_case)
        assert not _matches(covering, found, any_case=any_case)


def test_too_many_states_are_an_error_and_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automaton, "MOST_STATES", 3)

    with pytest.raises(IsolationError) as raised:
        uncovered([("abcdef",)], [("abcdef",)])

    assert raised.value.code == "patterns-too-large"


def test_a_pattern_with_a_symbol_is_none_of_its() -> None:
    assert glob_of(("a", Symbol("x"), STAR)) is None
    assert glob_of(("a", STAR)) == ("a", STAR)
