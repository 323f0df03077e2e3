"""Whatever function is chosen for a pattern, it answers as the automaton does."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valetkey.iam.glob import STAR, Wild, matches_tokens
from valetkey.iam.matching import Piece, any_of, matches_of, resolved, runs_of
from valetkey.iam.variables import ContextValue, Variable

K = Variable("k", None, "${k}")
WITH_DEFAULT = Variable("absent", "a", "${absent, 'a'}")
ABSENT = Variable("absent", None, "${absent}")

PIECES = st.sampled_from(["a", "b", "ab", STAR, STAR, Wild.ONE, K, WITH_DEFAULT, ABSENT])
TEXTS = st.text("ab*", max_size=8)


@given(pieces=st.lists(PIECES, max_size=5), text=TEXTS, value=TEXTS)
def test_every_pattern_matches_as_the_automaton_says(
    pieces: Sequence[Piece], text: str, value: str
) -> None:
    keys: dict[str, ContextValue] = {"k": value}
    tokens = resolved(pieces, keys, 100)
    expected = tokens is not None and matches_tokens(tokens, text)

    assert matches_of(pieces, runs_of(pieces))(text, keys) is expected


@pytest.mark.parametrize(
    "pieces", [(K,), ("a", K), (K, STAR), ("a", K, STAR), (K, K), (STAR, K, STAR), (K, Wild.ONE)]
)
def test_a_list_of_values_is_never_filled_in(pieces: Sequence[Piece]) -> None:
    matches = matches_of(pieces, runs_of(pieces))
    assert not any(matches(text, {"k": ("a",)}) for text in ("a", "aa", "aaa"))


@given(patterns=st.lists(st.lists(PIECES, max_size=3), max_size=4), text=TEXTS, value=TEXTS)
def test_any_of_several_is_each_of_them_in_turn(
    patterns: list[list[Piece]], text: str, value: str
) -> None:
    keys: dict[str, ContextValue] = {"k": value}
    listed = []
    for pieces in patterns:
        runs = runs_of(pieces)
        constant = runs[0] if runs is not None and len(runs) == 1 else None
        matches = matches_of(pieces, runs)
        listed.append((constant if isinstance(constant, str) else None, matches))

    expected = any(matches(text, keys) for _, matches in listed)
    assert any_of(listed)(text, keys) is expected
