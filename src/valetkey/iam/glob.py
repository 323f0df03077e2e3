"""Match `*` and `?` in time linear in the text: no pattern makes it slow.

A glob is a sequence of literal texts and wilds. Characters are UTF-16 units (`units`), so that
`?` stands for one unit as it does in AWS, and any character counts, line ends included.
"""

from collections.abc import Iterable, Sequence
from enum import Enum, auto


class Wild(Enum):
    """One wildcard. The two of a part never match the colon that ends an ARN's part."""

    STAR = auto()
    STAR_IN_PART = auto()
    ONE = auto()
    ONE_IN_PART = auto()


Token = str | Wild
STAR = Wild.STAR
_STARS = (STAR, Wild.STAR_IN_PART)


def units(text: str) -> str:
    """Return `text` with one character for each of its UTF-16 units."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(
        chr(raw[i] | raw[i + 1] << 8)  # by hand: decoding would join the surrogates again
        for i in range(0, len(raw), 2)
    )


def from_units(text: str) -> str:
    """Return `text` with the halves of a character joined again, for showing it."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def matches_stretches(stretches: Sequence[str], text: str) -> bool:
    """Tell whether `text` is the stretches in their order with anything between them."""
    first = stretches[0]
    if len(stretches) == 1:
        return text == first
    last = stretches[-1]
    end = len(text) - len(last)
    at = len(first)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for middle in stretches[1:-1]:
        found = text.find(middle, at, end)
        if found < 0:
            return False
        at = found + len(middle)
    return True


def matches_tokens(tokens: Iterable[Token], text: str) -> bool:
    """Tell whether the whole of `text` matches, for globs with any wild."""
    listed = list(tokens)
    return _can_match(listed, text) and _run(listed, text)


def _can_match(tokens: Sequence[Token], text: str) -> bool:
    """Tell whether length, beginning and end leave a match possible: most often they do not."""
    length = 0
    exact = True
    for token in tokens:
        if isinstance(token, str):
            length += len(token)
        elif token in _STARS:
            exact = False
        else:
            length += 1
    if len(text) < length or (exact and len(text) != length):
        return False
    if not tokens:
        return True
    first, last = tokens[0], tokens[-1]
    return not (isinstance(first, str) and not text.startswith(first)) and not (
        isinstance(last, str) and not text.endswith(last)
    )


def _run(tokens: Sequence[Token], text: str) -> bool:
    """Tell whether `text` matches, by an automaton.

    Bit i of `live` says that the first i characters of the pattern can have matched what was
    read: one pass over the text, whatever the pattern, so there is nothing to backtrack.
    """
    exact: dict[str, int] = {}
    one = one_in_part = stay = stay_in_part = 0
    bit = 1
    for token in tokens:
        if isinstance(token, str):
            for unit in token:
                exact[unit] = exact.get(unit, 0) | bit
                bit <<= 1
        elif token is Wild.STAR:
            stay |= bit
        elif token is Wild.STAR_IN_PART:
            stay_in_part |= bit
        else:
            if token is Wild.ONE:
                one |= bit
            else:
                one_in_part |= bit
            bit <<= 1
    live = 1
    for unit in text:
        step, rest = one, stay
        if unit != ":":
            step |= one_in_part
            rest |= stay_in_part
        live = (live & (step | exact.get(unit, 0))) << 1 | live & rest
        if not live:
            return False
    return bool(live & bit)
