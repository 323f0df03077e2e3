"""Do two patterns have a text in common, and which? For actions, resources and values.

A pattern is what `*` and `?` make of a text; variables are filled in first, with a tenant's
value or with `*`. Each comparison costs at most the length of one pattern in steps on numbers
as long as the other; what all comparisons of one call may cost is bounded by `Effort`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from valetkey.iam.errors import PolicyError
from valetkey.iam.variables import Escaped, Variable, split_variables

STAR, ONE = -1, -2  # beside code points
Pattern = tuple[int, ...]
Fill = Callable[[Variable], str | None]

MAX_STEPS = 3_000_000  # about two seconds; a role at AWS's limits takes some ten thousand
MAX_WITNESS = 200_000  # states searched for one common text
LONGER = "q7/q7"  # what nobody writes
ARN, COLON, ARN_PARTS = tuple(map(ord, "arn:")), ord(":"), 6
WIDE = 1_000  # bits of a number that cost one more step
STATE = 4  # steps that one of them costs


@dataclass(slots=True)
class Effort:
    """What comparing may still cost in one call."""

    left: int = MAX_STEPS

    def spend(self, steps: int) -> None:
        """Raises PolicyError `policies-too-large` when nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise PolicyError(
                "policies-too-large",
                "the policies have too many patterns to compare them with each other",
                hint="lint the policies of one role at a time",
            )


@lru_cache(maxsize=4_096)
def glob(text: str) -> Pattern:
    """Return the pattern of a text without variables."""
    found: list[int] = []
    for letter in text:
        if letter != "*":
            found.append(ONE if letter == "?" else ord(letter))
        elif not found or found[-1] != STAR:
            found.append(STAR)
    return tuple(found)


def filled(text: str, fill: Fill) -> Pattern:
    """Return the pattern of a text whose variables are literal text from `fill`; None: `*`."""
    if "${" not in text:
        return glob(text)
    found: list[int] = []
    for part in split_variables(text, "$"):
        if isinstance(part, Variable):
            value = fill(part)
            found += [STAR] if value is None else map(ord, value)
        elif isinstance(part, Escaped):
            found.append(ord(part.text))
        else:
            found += glob(part)
    return tuple(found)


@lru_cache(maxsize=4_096)
def _masks(pattern: Pattern) -> tuple[dict[int, int], int, int]:
    """Return at which positions each letter, any letter, and a star stand, as bits."""
    letters: dict[int, int] = {}
    ones = stars = 0
    for index, token in enumerate(pattern):
        if token == STAR:
            stars |= 1 << index
        elif token == ONE:
            ones |= 1 << index
        else:
            letters[token] = letters.get(token, 0) | 1 << index
    return letters, ones, stars


def meet(one: Pattern, other: Pattern, effort: Effort) -> bool:
    """Tell whether some text matches both. Raises PolicyError when the effort is spent."""
    letters, ones, stars = _masks(other)
    size = len(other)
    any_letter = (1 << size) - 1 & ~stars
    live = _closed(1, stars)
    for index, token in enumerate(one):
        if token == STAR:
            live = _closed((1 << size + 1) - (live & -live), stars)
            continue
        step = any_letter if token == ONE else letters.get(token, 0) | ones
        live = _closed((live & step) << 1 | live & stars, stars)
        if not live:
            effort.spend((index + 1) * (1 + size // WIDE))
            return False
    effort.spend((len(one) + 1) * (1 + size // WIDE))
    return bool(live >> size & 1)


def _closed(live: int, stars: int) -> int:
    """Let every star that is reached match nothing; filled-in variables may put stars in a row."""
    while (more := live | (live & stars) << 1) != live:
        live = more
    return live


def within(one: Pattern, other: Pattern, effort: Effort) -> bool:
    """Tell whether `other` matches every text that `one` matches; no where it is not plain to see.

    A star of the one must meet a star of the other.
    """
    letters, ones, stars = _masks(other)
    live = _closed(1, stars)
    for token in one:
        step = 0 if token == STAR else ones | letters.get(token, 0)
        live = _closed((live & step) << 1 | live & stars, stars)
    effort.spend((len(one) + 1) * (1 + len(other) // WIDE))
    return bool(live >> len(other) & 1)


def common_text(one: Pattern, other: Pattern, effort: Effort) -> str | None:
    """Return a shortest text that matches both, `x` where any letter would; None where there is
    none, or where finding it would take too long. Raises PolicyError when the effort is spent.
    """
    if (len(one) + 1) * (len(other) + 1) > MAX_WITNESS:
        effort.spend(1)
        return None
    came = _search(one, other)
    effort.spend(STATE * len(came))
    end = (len(one), len(other))
    return _walked(came, end) if end in came else None


def witnesses(text: str | None, *patterns: Pattern) -> tuple[str | None, ...]:
    """Return a shortest text of all the patterns, and where each ends with a star a longer one:
    a Deny may be of the one alone.
    """
    if text is None or any(pattern[-1:] != (STAR,) for pattern in patterns):
        return (text,)
    return text, text + LONGER


def _parts(pattern: Pattern) -> tuple[Pattern, ...] | None:
    """Return the six parts of an ARN's pattern; None where it is not one."""
    colons = [index for index, token in enumerate(pattern) if token == COLON][: ARN_PARTS - 1]
    if pattern[:4] != ARN or len(colons) < ARN_PARTS - 1:
        return None
    starts, ends = [0, *(index + 1 for index in colons)], [*colons, len(pattern)]
    return tuple(pattern[start:end] for start, end in zip(starts, ends, strict=True))


def resources_meet(one: Pattern, other: Pattern, effort: Effort) -> bool:
    """Tell whether some resource matches both; ARNs are compared part by part.

    A star between colons runs on in IAM; that no ARN has a `:` before its sixth part, and seldom
    one within it, is why `…:*:*:volume/*` and `…:*:*:snapshot/*` have nothing in common.
    """
    return all(meet(a, b, effort) for a, b in _pairs(one, other))


def common_resource(one: Pattern, other: Pattern, effort: Effort) -> str | None:
    """Return a shortest resource of two patterns that meet; None where that takes too long."""
    texts = [common_text(a, b, effort) for a, b in _pairs(one, other)]
    return None if None in texts else ":".join(text or "" for text in texts)


def _pairs(one: Pattern, other: Pattern) -> list[tuple[Pattern, Pattern]]:
    parts, others = _parts(one), _parts(other)
    return list(zip(parts, others, strict=True)) if parts and others else [(one, other)]


def _search(one: Pattern, other: Pattern) -> dict[tuple[int, int], tuple[tuple[int, int], str]]:
    """Return how each pair of places was reached until the ends of both are, or nothing is left."""
    came: dict[tuple[int, int], tuple[tuple[int, int], str]] = {(0, 0): ((0, 0), "")}
    waiting = deque([(0, 0)])
    while waiting:
        place = waiting.popleft()
        if place == (len(one), len(other)):
            break
        for there, letter in _steps(one, other, place):
            if there not in came:
                came[there] = (place, letter)
                (waiting.append if letter else waiting.appendleft)(there)
    return came


def _steps(
    one: Pattern, other: Pattern, place: tuple[int, int]
) -> list[tuple[tuple[int, int], str]]:
    i, j = place
    a = one[i] if i < len(one) else None
    b = other[j] if j < len(other) else None
    steps = []
    if a == STAR:
        steps.append(((i + 1, j), ""))
    if b == STAR:
        steps.append(((i, j + 1), ""))
    if a is None or b is None or (a >= 0 and b >= 0 and a != b):
        return steps
    letter = chr(max(a, b)) if max(a, b) >= 0 else "x"
    there = (i if a == STAR else i + 1, j if b == STAR else j + 1)
    return [*steps, (there, letter)] if there != place else steps


def _walked(
    came: dict[tuple[int, int], tuple[tuple[int, int], str]], place: tuple[int, int]
) -> str:
    letters = []
    while place != (0, 0):
        place, letter = came[place]
        letters.append(letter)
    return "".join(reversed(letters))


def any_meet(ones: Sequence[Pattern], others: Sequence[Pattern], effort: Effort) -> bool:
    """Tell whether a pattern of the one side meets one of the other's."""
    return any(meet(one, other, effort) for one in ones for other in others)
