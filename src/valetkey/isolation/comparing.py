"""Make comparisons of texts, the plain ones decided at once.

Equal beginnings and ends are taken off: what is left says the same of every value of the
symbols, in fewer letters, and two comparisons that say the same are the same.
"""

from collections.abc import Sequence

from valetkey.iam.glob import Wild, matches_tokens
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Constant,
    Equal,
    Formula,
    Like,
    Pattern,
    Symbol,
    Text,
    lowered,
    text,
)

Part = str | Symbol | Wild
IN_PART = (Wild.STAR_IN_PART, Wild.ONE_IN_PART)
_STARS = (Wild.STAR, Wild.STAR_IN_PART)


def is_static(parts: Sequence[Part]) -> bool:
    """Tell whether no part is a symbol."""
    return not any(isinstance(part, Symbol) for part in parts)


def equal(left: Text, right: Text) -> Formula:
    """Return that both texts are the same."""
    first, second = list[Part](text(*left)), list[Part](text(*right))
    if _ends_differ(first, second, any_case=False):
        return FALSE
    if first == second:
        return TRUE
    long, short = sorted((_as_text(first), _as_text(second)), key=_order)
    if is_static((*short, *long)):
        return Constant(short == long)
    if not short and any(isinstance(part, str) for part in long):
        return FALSE
    return Equal(long, short)


def like(subject: Text, pattern: Pattern, *, any_case: bool = False) -> Formula:
    """Return that the text matches the pattern, `any_case` for ASCII letters of either case."""
    first, second = list[Part](text(*subject)), _merged(pattern)
    if _ends_differ(first, second, any_case=any_case):
        return FALSE
    while (taken := _take_off_part(first, second, any_case=any_case)) is not None:
        if not taken or _ends_differ(first, second, any_case=any_case):
            return FALSE
    rest = _as_text(first)
    if second in ([Wild.STAR], first):
        return TRUE
    if is_static(rest):
        settled = _of_literal("".join(map(str, rest)), second, any_case=any_case)
        if settled is not None:
            return settled
    if not any_case and not any(isinstance(part, Wild) for part in second):
        return equal(rest, _as_text(second))
    return Like(rest, tuple(second), any_case)


def _of_literal(subject: str, pattern: Sequence[Part], *, any_case: bool) -> Constant | None:
    tokens = [part for part in pattern if not isinstance(part, Symbol)]
    if len(tokens) == len(pattern):
        return Constant(_fits(tokens, subject, any_case=any_case))
    least = sum(len(part) if isinstance(part, str) else part not in _STARS for part in tokens)
    return FALSE if least > len(subject) else None


def _fits(tokens: Sequence[str | Wild], subject: str, *, any_case: bool) -> bool:
    if not any_case:
        return matches_tokens(tokens, subject)
    lower = [lowered(each) if isinstance(each, str) else each for each in tokens]
    return matches_tokens(lower, lowered(subject))


def _ends_differ(first: list[Part], second: list[Part], *, any_case: bool) -> bool:
    """Take the common beginning and end off both; tell whether either can't be the same."""
    return any(_end_differs(first, second, at=at, any_case=any_case) for at in (0, -1))


def _end_differs(first: list[Part], second: list[Part], *, at: int, any_case: bool) -> bool:
    """Take off what both have in common at their beginning (`at` 0) or their end (-1)."""
    while first and second:
        one, other = first[at], second[at]
        if isinstance(one, Symbol) or isinstance(other, Symbol):
            if one != other:
                return False
            del first[at], second[at]
        elif isinstance(one, str) and isinstance(other, str):
            size = min(len(one), len(other))
            if not _fits([_cut(first, size, at)], _cut(second, size, at), any_case=any_case):
                return True
        elif isinstance(one, str) and other in (Wild.ONE, Wild.ONE_IN_PART):
            del second[at]
            if _cut(first, 1, at) == ":" and other is Wild.ONE_IN_PART:
                return True
        else:
            return False
    return False


def _cut(parts: list[Part], size: int, at: int) -> str:
    """Take `size` letters off the literal at that end of the parts, and return them."""
    written = str(parts[at])
    middle = size if at == 0 else len(written) - size
    head, tail = written[:middle], written[middle:]
    taken, left = (head, tail) if at == 0 else (tail, head)
    if left:
        parts[at] = left
    else:
        del parts[at]
    return taken


def _take_off_part(first: list[Part], second: list[Part], *, any_case: bool) -> bool | None:
    """Take off both what stands before the first colon, and tell whether that matches.

    A wild of a part matches no colon, so the pattern's first colon is the text's first. None
    where either has no colon in literals and such wilds alone.
    """
    if not first or not isinstance(first[0], str) or ":" not in first[0]:
        return None
    if not second or second[0] not in IN_PART:
        return None
    component, rest = first[0].split(":", 1)
    head: list[str | Wild] = []
    for at, part in enumerate(second):
        if isinstance(part, Symbol) or part in (Wild.STAR, Wild.ONE):
            return None
        if isinstance(part, str) and ":" in part:
            before, after = part.split(":", 1)
            first[0] = ":" + rest
            second[: at + 1] = [":" + after]
            return _fits([*head, before], component, any_case=any_case)
        head.append(part)
    return None


def _merged(pattern: Pattern) -> list[Part]:
    """Return the pattern with neither empty literals nor two parts that one would do."""
    merged: list[Part] = []
    for part in pattern:
        if part == "" or (part is Wild.STAR and merged and merged[-1] is Wild.STAR):
            continue
        if merged and isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def _as_text(parts: Sequence[Part]) -> Text:
    return text(*(part for part in parts if not isinstance(part, Wild)))


def _order(written: Text) -> tuple[int, list[tuple[bool, str]]]:
    """Return what orders the sides of an equation, the longer first, however it was written."""
    return -len(written), [
        (isinstance(part, str), part if isinstance(part, str) else part.name) for part in written
    ]
