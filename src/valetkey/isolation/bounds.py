"""What a trust policy's own text must say of session tags: nothing else bounds what STS takes."""

from collections.abc import Iterator
from dataclasses import dataclass

from valetkey.iam.glob import STAR
from valetkey.isolation.formula import Formula, Like, Pattern, Symbol, negated
from valetkey.tenancy.bounds import bounds_of
from valetkey.tenancy.tenancy_map import RUN_TAG, TenancyMap

RUN_BEGINNING = "r-"


@dataclass(frozen=True, slots=True)
class Bound:
    """What the value of `tag` must match, or (`never`) must not; `words` say what breaks it."""

    tag: str
    words: str
    pattern: Pattern
    never: bool

    def broken(self, value: Symbol) -> Formula:
        """Return that the value is out of bounds, in whichever case its letters are."""
        like = Like((value,), self.pattern, any_case=True)
        return like if self.never else negated(like)


def required_tags(tenancy: TenancyMap) -> tuple[str, ...]:
    """Return the keys of the tags that every session must carry, and no other."""
    return (*tenancy.tags, RUN_TAG)


def value_bounds(tenancy: TenancyMap) -> Iterator[Bound]:
    """Yield the bounds: what ends a tag in a text of the map is not in the tag, or two runs own
    one text; a run's own tag is a run's.
    """
    for tag, letters in bounds_of(tenancy).items():
        for letter in letters:
            yield Bound(tag, f"with `{letter}` in it", (STAR, letter, STAR), never=True)
    words = f"that does not begin with `{RUN_BEGINNING}`"
    yield Bound(RUN_TAG, words, (RUN_BEGINNING, STAR), never=False)
