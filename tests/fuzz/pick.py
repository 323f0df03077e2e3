"""What Hypothesis decides: every choice of a world and of its requests is drawn here.

Hypothesis draws the texts, and one seed a world for the many small choices: drawn one by one
they cost more than the requests, and its mutations would make the same world again and again.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
SIGNS = "_.:=+-@"  # in session tags, beside letters, digits and spaces; `/` apart
TEXTS = st.text(
    st.characters(categories=("L", "N", "Zs"), include_characters=SIGNS), min_size=1, max_size=8
)


class Pick:
    """Draws choices one by one, between requests too, so that a request can name live ids."""

    def __init__(self, chance: random.Random, texts: Sequence[str]) -> None:
        self._chance = chance
        self.texts = texts

    def below(self, count: int) -> int:
        """Return a number from 0 to `count` - 1."""
        return int(self._chance.random() * count)

    def chance(self, of: int) -> bool:
        """Return True once in `of` times."""
        return self.below(of) == 0

    def one(self, options: Sequence[T]) -> T:
        """Return one of `options`."""
        return options[self.below(len(options))]

    def some(self, options: Sequence[T], *, most: int, least: int = 1) -> list[T]:
        """Return `least` to `most` different ones of `options`, in any order."""
        count = least + self.below(most - least + 1)
        return self._chance.sample(list(options), min(len(options), count))


@st.composite
def picks(draw: st.DrawFn) -> Pick:
    """Return what draws: the same for the same seed of Hypothesis."""
    texts = draw(st.lists(TEXTS, min_size=2, max_size=4, unique=True))
    return Pick(random.Random(draw(st.integers(0, 2**64 - 1))), texts)
