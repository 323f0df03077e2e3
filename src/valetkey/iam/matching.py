"""Choose, once for each pattern, the cheapest function that matches it.

A decision calls these and nothing else. What a pattern is made of does not change, so nothing
asks for it again: most are one comparison, or one look-up and one comparison.
"""

from collections.abc import Callable, Iterable, Sequence

from valetkey.iam.glob import STAR, Token, Wild, matches_stretches, matches_tokens, units
from valetkey.iam.variables import Keys, Variable

Piece = Token | Variable
Run = str | tuple[str | Variable, ...]
Matches = Callable[[str, Keys], bool]
Fill = Callable[[Keys, int], str | None]


def runs_of(pieces: Sequence[Piece]) -> tuple[Run, ...] | None:
    """Return what stands between the stars, or None where there are other wilds."""
    runs: list[list[str | Variable]] = [[]]
    for piece in pieces:
        if piece is STAR:
            runs.append([])
        elif isinstance(piece, Wild):
            return None
        else:
            runs[-1].append(piece)
    return tuple(
        tuple(run)
        if any(isinstance(piece, Variable) for piece in run)
        else "".join(str(piece) for piece in run)
        for run in runs
    )


def matches_of(pieces: Sequence[Piece], runs: tuple[Run, ...] | None) -> Matches:
    """Return what tells whether a text in UTF-16 units matches the pieces, whose runs these are."""
    if runs is None:
        return _with_any_wild(pieces)
    texts = tuple(run for run in runs if isinstance(run, str))
    if len(texts) < len(runs):
        return _with_variables(runs)
    first = texts[0]
    if len(texts) == 1:
        return lambda text, _: text == first
    if texts == ("", ""):
        return lambda _text, _keys: True
    if texts == (first, ""):
        return lambda text, _: text.startswith(first)
    return lambda text, _: matches_stretches(texts, text)


def _with_any_wild(pieces: Sequence[Piece]) -> Matches:
    def matches(text: str, keys: Keys) -> bool:
        tokens = resolved(pieces, keys, len(text))
        return tokens is not None and matches_tokens(tokens, text)

    return matches


def _with_variables(runs: Sequence[Run]) -> Matches:
    fills = [fill_of(run) for run in runs]
    first = fills[0]
    beginning = len(runs) == 2 and runs[1] == ""

    def matches_one(text: str, keys: Keys) -> bool:
        stretch = first(keys, len(text))
        if stretch is None:
            return False
        if not stretch.isascii():
            stretch = units(stretch)
        return text.startswith(stretch) if beginning else text == stretch

    def matches_all(text: str, keys: Keys) -> bool:
        stretches = []
        room = len(text)
        for fill in fills:
            stretch = fill(keys, room)
            if stretch is None:
                return False
            room -= len(stretch)
            stretches.append(stretch if stretch.isascii() else units(stretch))
        return matches_stretches(stretches, text)

    return matches_one if beginning or len(runs) == 1 else matches_all


def any_of(patterns: Iterable[tuple[str | None, Matches]]) -> Matches:
    """Return what tells whether one pattern at least matches. Each comes with the only text
    that it matches, or None: however many of the former there are, they cost one look-up.
    """
    listed = list(patterns)
    constants = frozenset(constant for constant, _ in listed if constant is not None)
    others = [matches for constant, matches in listed if constant is None]
    if not others:
        return lambda text, _: text in constants
    if not constants and len(others) == 1:
        return others[0]

    def matches_any(text: str, keys: Keys) -> bool:
        if text in constants:
            return True
        for matches in others:  # noqa: SIM110 - a generator costs more than most comparisons
            if matches(text, keys):
                return True
        return False

    return matches_any


def fill_of(run: Run) -> Fill:
    """Return what fills in the variables of `run`: the text, or None where a variable has no
    value. What is longer than the second argument, the length of the text to be matched, may be
    None too: a thousand variables with a long value each are not worth joining.
    """
    if isinstance(run, str):
        return lambda _keys, _room: run
    variables = [piece for piece in run if isinstance(piece, Variable)]
    if len(variables) == 1:
        return _one_variable(run, variables[0])

    def joined(keys: Keys, room: int) -> str | None:
        whole = ""
        for piece in run:
            value = piece if isinstance(piece, str) else piece.value(keys)
            if value is None or len(whole) + len(value) > room:
                return None
            whole += value
        return whole

    return joined


def _one_variable(run: Sequence[str | Variable], variable: Variable) -> Fill:
    at = run.index(variable)
    before, after = ("".join(map(str, part)) for part in (run[:at], run[at + 1 :]))
    key, default = variable.key, variable.default

    def filled(keys: Keys, room: int) -> str | None:
        value = keys.get(key, default)
        if not isinstance(value, str) or len(value) > room:
            return None
        return f"{before}{value}{after}"

    return filled


def resolved(pieces: Iterable[Piece], keys: Keys, room: int) -> list[Token] | None:
    """Return the pieces with every variable as literal text; None if one has no value, or if
    the literals are longer than `room`.
    """
    tokens: list[Token] = []
    for piece in pieces:
        token = piece.value(keys) if isinstance(piece, Variable) else piece
        if token is None:
            return None
        if isinstance(token, str):
            room -= len(token)
            if room < 0:
                return None
            token = units(token)
        tokens.append(token)
    return tokens
