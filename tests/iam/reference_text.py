"""The reference's texts: variables, wildcards and matching, by the plainest means there are."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

Token = tuple[str, str]  # (text | star | one | …-in-part | edge, the unit of a text)
Keys = Mapping[str, Any]


def utf16(text: str) -> tuple[str, ...]:
    """The UTF-16 units of a text, each as four hexadecimal digits."""
    raw = text.encode("utf-16-be", "surrogatepass").hex()
    return tuple(raw[at : at + 4] for at in range(0, len(raw), 4))


COLON = utf16(":")[0]


def literal(text: str) -> list[Token]:
    return [("text", ":" if unit == COLON else unit) for unit in utf16(text)]


def tokens(
    pattern: str, keys: Keys, *, variables: bool, wildcards: bool = True
) -> list[Token] | None:
    """The pattern with variables filled in, or None where one has no value.

    What a variable brings is text; an `edge` stands where it ends, which matches nothing.
    """
    found: list[Token] = []
    at = 0
    while at < len(pattern):
        if variables and pattern.startswith("${", at):
            end = pattern.index("}", at)
            value = filled(pattern[at + 2 : end], keys)
            if value is None:
                return None
            found += [*(("brought", unit) for _, unit in literal(value)), ("edge", "")]
            at = end + 1
        elif wildcards and pattern[at] in "*?":
            found.append(("star" if pattern[at] == "*" else "one", ""))
            at += 1
        else:
            found += literal(pattern[at])
            at += 1
    return found


def filled(inside: str, keys: Keys) -> str | None:
    """The text of one variable: an escape, the key's only value, or the default of no key."""
    if inside in ("*", "?", "$"):
        return inside
    name, comma, default = inside.partition(",")
    value = keys.get(name.strip().lower())
    if value is None:
        return default.strip().strip("'") if comma else None
    return value if isinstance(value, str) else None


def normalised(found: Sequence[Token]) -> list[Token]:
    """Stars in a row are one star."""
    kept: list[Token] = []
    for token in found:
        if not (token == ("star", "") and kept and kept[-1] == token):
            kept.append(token)
    return kept


def glob(pattern: Sequence[Token], text: Sequence[str]) -> bool:
    """Does the whole of the text match? By trying everything."""

    @cache
    def matches(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(text)
        kind, unit = pattern[p]
        if kind == "edge":
            return matches(p + 1, t)
        here = t < len(text) and (text[t] != COLON or not kind.endswith("-in-part"))
        if kind.startswith("star"):
            return matches(p + 1, t) or (here and matches(p, t + 1))
        if kind in ("text", "brought"):
            here = here and text[t] == (COLON if unit == ":" else unit)
        return here and matches(p + 1, t + 1)

    return matches(0, 0)
