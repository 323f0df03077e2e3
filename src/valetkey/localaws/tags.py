"""Tag keys, of which a condition cannot tell case: two that differ by it alone are refused.

IAM says so of its own tags ("Tags for IAM resources"). Other services would take both; here they
are refused there too, since it would be unclear which of them a policy means.
"""

import unicodedata
from collections.abc import Iterable, Mapping

MAX_TAGS = 50
MAX_KEY = 128
MAX_VALUE = 256
_SIGNS = frozenset("_.:/=+-@")


def tag_trouble(key: str, value: str) -> str | None:
    """Return why AWS takes no such tag, None where it does ("Tags for IAM resources")."""
    if not 1 <= len(key) <= MAX_KEY:
        return f"A tag key has 1 to {MAX_KEY} characters."
    if len(value) > MAX_VALUE:
        return f"A tag value has at most {MAX_VALUE} characters."
    if key.lower().startswith("aws:"):
        return "Tag keys that begin with aws: are reserved."
    if not all(c in _SIGNS or unicodedata.category(c)[0] in "LZN" for c in key + value):
        return "A tag has letters, digits, spaces and _ . : / = + - @ only."
    return None


def tags_trouble(tags: Iterable[tuple[str, str]], stored: Iterable[str] = ()) -> str | None:
    """Return why these tags cannot be put beside those of the keys `stored`, None where they can:
    one that AWS takes nowhere, a key that comes twice in any case, or too many.
    """
    written = list(tags)
    for key, value in written:
        trouble = tag_trouble(key, value)
        if trouble is not None:
            return trouble
    keys = [key for key, _ in written]
    together = [*(key for key in stored if key not in keys), *keys]
    twice = clashing_key(together)
    if twice is not None:
        return f"The tag key `{twice}` is there twice: its case does not tell it apart."
    return f"There can be at most {MAX_TAGS} tags." if len(together) > MAX_TAGS else None


def clashing_key(keys: Iterable[str]) -> str | None:
    """Return a key that repeats an earlier one, ignoring case; None if all differ."""
    seen: set[str] = set()
    for key in keys:
        if key.lower() in seen:
            return key
        seen.add(key.lower())
    return None


def stored_tags(tags: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return what the storage has; of keys that differ by case, the first, and never an error."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for tag in tags:
        key = str(tag["Key"])
        if key.lower() not in seen:
            found[key] = str(tag["Value"])
            seen.add(key.lower())
    return found


def stored_spelling(key: str, stored: Iterable[str]) -> str:
    """Return `key` in the case that it is stored in, itself where it is not stored."""
    return next((one for one in stored if one.lower() == key.lower()), key)
