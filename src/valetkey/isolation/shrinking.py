"""Make a solution easy to read: no text longer than it must be, no letter odder."""

from collections.abc import Callable, Iterator, Sequence

from valetkey.isolation.formula import Alphabet, Assignment, Formula, Symbol, holds, is_drawn

TRIES = 600
"""Evaluations at most: a solution is shown, not admired."""

_LETTERS = "abc"


def shrunk(formula: Formula, found: Assignment, plain: Sequence[Symbol] = ()) -> Assignment:
    """Return a solution with no more and no odder letters; the `plain` ones first stay so.

    Each symbol that is not empty stays so: an empty text would be another case.
    """
    left = TRIES
    keep = {one.name for one in plain if is_drawn(found.texts.get(one.name, ""), Alphabet.PLAIN)}
    for name in sorted(found.texts):
        changed = True
        while changed and left > 0:
            changed = False
            for text in _smaller(found.texts[name]):
                left -= 1
                if left < 0:
                    break
                tried = Assignment({**found.texts, name: text}, found.flags)
                if (name not in keep or is_drawn(text, Alphabet.PLAIN)) and holds(formula, tried):
                    found, changed = tried, True
                    break
    return found


def _smaller(text: str) -> Iterator[str]:
    """Yield texts that read more easily: half of it, without a letter, with a plainer letter."""
    half = len(text) // 2
    if half > 1:
        yield text[:half]
        yield text[half:]
    if len(text) > 1:
        for at in range(len(text)):
            yield text[:at] + text[at + 1 :]
    for at, letter in enumerate(text):
        for plainer in _LETTERS[: _rank(letter)]:
            yield text[:at] + plainer + text[at + 1 :]


def _rank(letter: str) -> int:
    """Return how many letters are plainer than this one; what separates parts stays."""
    odd: Callable[[str], bool] = lambda one: one not in _LETTERS and one not in "/:-_.*"  # noqa: E731
    return len(_LETTERS) if odd(letter) else max(_LETTERS.find(letter), 0)
