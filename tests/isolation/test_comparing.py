"""Comparisons with what is equal taken off say what the whole ones say."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from valetkey.iam.glob import STAR, Wild
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Assignment,
    Equal,
    Like,
    Symbol,
    holds,
    text,
)

S, T = Symbol("s"), Symbol("t")
words = st.text("abA:*", max_size=3)
texts = st.lists(words | st.sampled_from([S, T]), max_size=4).map(lambda parts: text(*parts))
patterns = st.lists(words | st.sampled_from([S, T, *Wild, STAR]), max_size=5).map(tuple)
values = st.fixed_dictionaries({"s": words, "t": words})


@settings(max_examples=600, deadline=None)
@given(texts, patterns, values, st.booleans())
@example(("a",), ("a", STAR, "a"), {"s": "", "t": ""}, False)
@example((S,), (S, Wild.ONE), {"s": "a", "t": ""}, False)
@example(("A", S), ("a", S, "b"), {"s": "", "t": ""}, True)
def test_a_shortened_comparison_says_the_same(
    subject: tuple[str | Symbol, ...],
    pattern: tuple[str | Symbol | Wild, ...],
    given_: dict[str, str],
    any_case: bool,
) -> None:
    values = Assignment(given_, {})
    whole = Like(subject, pattern, any_case)

    assert holds(like(subject, pattern, any_case=any_case), values) is holds(whole, values)


@settings(max_examples=300, deadline=None)
@given(texts, texts, values)
def test_shortened_texts_are_equal_where_the_whole_are(
    left: tuple[str | Symbol, ...], right: tuple[str | Symbol, ...], given_: dict[str, str]
) -> None:
    values = Assignment(given_, {})

    assert holds(equal(left, right), values) is holds(Equal(left, right), values)
    assert equal(left, right) == equal(right, left)


def test_what_needs_no_unknown_is_decided_at_once() -> None:
    assert like(("arn:aws:s3:::b/", S), ("arn:aws:sqs:", STAR)) == FALSE
    assert like(("a", S), ("a", STAR)) == TRUE
    assert like((S, "/x"), (S, "/", STAR)) == TRUE
    assert equal((S, "a"), (S, "b")) == FALSE
    assert equal((S, "a"), ()) == FALSE


def test_two_ways_to_ask_the_same_are_one_comparison() -> None:
    assert like(("b/", S), ("b/", T, "/", STAR)) == like((S,), (T, "/", STAR))
    assert equal(("x",), (S,)) == equal((S,), ("x",)) == Equal((S,), ("x",))


def test_a_wild_of_a_part_is_no_colon_and_one_of_any_is() -> None:
    assert like((":", S), (Wild.ONE_IN_PART, S)) == FALSE
    crossing = like(("a:x:", S), (Wild.STAR_IN_PART, Wild.ONE, "x:", T))

    assert holds(crossing, Assignment({"s": "q", "t": "q"}, {}))
