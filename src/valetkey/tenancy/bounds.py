"""Which characters a tag may not hold, so that no two runs own one text.

The trust policy says so in the text that AWS enforces; a broker that refuses them earlier only
says it more kindly.
"""

from collections.abc import Iterator

from valetkey.tenancy.tenancy_map import Kind, Owned, OwnedText, Tag, TenancyMap

_OF_TAGS = frozenset(" _.:/=+-@")


def bounds_of(tenancy_map: TenancyMap) -> dict[str, tuple[str, ...]]:
    """Return for each tag of the map, in its order, the characters that it may not hold.

    Where anything or another tag follows, the character after a tag must not be in the tag:
    `traces/a/b/` would be of the tag `a` and of the tag `a/b`.
    """
    found: dict[str, set[str]] = {tag: set() for tag in tenancy_map.tags}
    for entry in tenancy_map.owned:
        for text, is_open in _texts(entry):
            for tag, letter in _ended_by(text, is_open=is_open):
                found[tag].add(letter)
        if entry.kind is Kind.FUNCTION:
            # After a function's name stands a colon and a version: `tool-a:1` is of `tool-a`.
            for part in entry.arn:
                if isinstance(part, Tag):
                    found[part.key].add(":")
    return {tag: tuple(sorted(letters)) for tag, letters in found.items()}


def _texts(entry: Owned) -> Iterator[tuple[OwnedText, bool]]:
    """Yield each text that tells whose data it is, and whether anything may follow it."""
    if entry.key is None:
        yield entry.arn, entry.open
    else:
        yield entry.key, entry.open
    for text in entry.indexes.values():
        yield text, False


def _ended_by(text: OwnedText, *, is_open: bool) -> Iterator[tuple[str, str]]:
    """Yield each tag that could run into what follows it, with the character that ends it."""
    for i, part in enumerate(text[:-1]):
        after = text[i + 1]
        follows = is_open or any(isinstance(one, Tag) for one in text[i + 1 :])
        if isinstance(part, Tag) and isinstance(after, str) and follows and _of_tag(after[0]):
            yield part.key, after[0]


def _of_tag(letter: str) -> bool:
    """Tell whether a tag may hold the character. Of those beyond ASCII STS takes many."""
    return not letter.isascii() or letter.isalnum() or letter in _OF_TAGS
