"""Random formulas over a few symbols, flags and letters, and random values for them."""

from hypothesis import strategies as st

from valetkey.iam.glob import Wild
from valetkey.isolation.formula import (
    Alphabet,
    And,
    Assignment,
    Constant,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Not,
    Or,
    Pattern,
    Symbol,
    Text,
    text,
)

X, Y = Symbol("x"), Symbol("y")
SYMBOLS = (X, Y)
LITERALS = ("a", "b", ":", "a:", "/", "ab", "A", "b/", "\x80", "\ud83d")
VALUES = ("", *LITERALS, "aa", "a/b", ":a:", "Ab:", "b:a")


def texts(*symbols: Symbol) -> st.SearchStrategy[Text]:
    """Return texts of up to three parts."""
    parts: list[str | Symbol] = [*LITERALS, *symbols]
    return st.lists(st.sampled_from(parts), max_size=3).map(lambda found: text(*found))


def patterns(*symbols: Symbol) -> st.SearchStrategy[Pattern]:
    """Return patterns of up to five parts, not tidied."""
    parts = st.sampled_from([*LITERALS, "", *Wild, Wild.STAR, Wild.STAR, *symbols])
    return st.lists(parts, max_size=5).map(tuple)


def likes(*symbols: Symbol) -> st.SearchStrategy[Formula]:
    """Return matches, mostly by exact letters."""
    cases = st.sampled_from([False, False, False, True])
    return st.builds(Like, texts(*symbols), patterns(*symbols), cases)


def atoms() -> st.SearchStrategy[Formula]:
    """Return comparisons of every kind."""
    return st.one_of(
        likes(*SYMBOLS),
        st.builds(Equal, texts(*SYMBOLS), texts(*SYMBOLS)),
        st.builds(Equal, st.just((X,)), st.sampled_from(LITERALS).map(text)),
        st.builds(Drawn, st.sampled_from(SYMBOLS), st.sampled_from(Alphabet)),
        st.sampled_from("fg").map(Flag),
        st.booleans().map(Constant),
    )


def combined(parts: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    """Return formulas over these parts, as nobody would write them."""
    return st.recursive(
        parts,
        lambda below: st.one_of(
            below.map(Not),
            st.lists(below, min_size=1, max_size=4).map(lambda found: And(tuple(found))),
            st.lists(below, min_size=1, max_size=4).map(lambda found: Or(tuple(found))),
        ),
        max_leaves=12,
    )


def assignments() -> st.SearchStrategy[Assignment]:
    """Return values of all symbols and flags."""
    return st.builds(
        lambda x, y, f, g: Assignment({"x": x, "y": y}, {"f": f, "g": g}),
        st.sampled_from(VALUES),
        st.sampled_from(VALUES),
        st.booleans(),
        st.booleans(),
    )


def given_as(values: Assignment) -> list[Formula]:
    """Return that the symbols and flags have these values."""
    facts: list[Formula] = [Equal((Symbol(name),), text(v)) for name, v in values.texts.items()]
    return facts + [Flag(name) if v else Not(Flag(name)) for name, v in values.flags.items()]
