"""Policy text with wildcards and variables, compiled once and resolved for each request.

Substituted text is literal: a `*` in a tag's value is a star, never a wildcard. Text with a
variable that has no value matches nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from valetkey.iam.glob import (
    Token,
    Wild,
    from_units,
    matches_stretches,
    matches_tokens,
    stretches_of,
    units,
)
from valetkey.iam.variables import Escaped, Keys, Variable, split_variables

Piece = Token | Variable
Run = str | tuple[str | Variable, ...]

WILDS = {"*": Wild.STAR, "?": Wild.ONE}


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text; `written` is as it stands in the policy."""

    written: str
    pieces: tuple[Piece, ...]
    variables: tuple[Variable, ...]
    stretches: tuple[str, ...] | None  # known before any request, where only `*` is wild
    runs: tuple[Run, ...] | None  # what stands between stars, where only `*` is wild

    def matches(self, text: str, keys: Keys) -> bool:
        """Tell whether `text` (in UTF-16 units) matches with the request's keys filled in."""
        if self.stretches is not None:
            return matches_stretches(self.stretches, text)
        if self.runs is None:
            tokens = self.resolve(keys)
            return tokens is not None and matches_tokens(tokens, text)
        stretches = []
        for run in self.runs:
            stretch = run if isinstance(run, str) else _joined(run, keys)
            if stretch is None:
                return False
            stretches.append(stretch if stretch.isascii() else units(stretch))
        return matches_stretches(stretches, text)

    def resolve(self, keys: Keys) -> list[Token] | None:
        """Return the pieces with every variable as literal text; None if one has no value."""
        tokens: list[Token] = []
        for piece in self.pieces:
            if isinstance(piece, Variable):
                value = piece.value(keys)
                if value is None:
                    return None
                tokens.append(units(value))
            else:
                tokens.append(piece)
        return tokens

    def text(self, keys: Keys) -> str | None:
        """Return the resolved text of a template compiled without wildcards, as it is (not in
        UTF-16 units); None where a variable has no value.
        """
        run = self.runs[0] if self.runs else None
        return run if run is None or isinstance(run, str) else _joined(run, keys)

    def shown(self, keys: Keys) -> str:
        """Return the text for a person: variables filled in, those without value as written."""
        out = []
        for piece in self.pieces:
            if isinstance(piece, Variable):
                value = piece.value(keys)
                out.append(f"{piece.written} (no value)" if value is None else value)
            elif isinstance(piece, str):
                out.append(piece)
            else:
                out.append("*" if piece in (Wild.STAR, Wild.STAR_IN_PART) else "?")
        return from_units("".join(out))


def _joined(run: tuple[str | Variable, ...], keys: Keys) -> str | None:
    """Return the run as one text, or None where a variable has no value."""
    whole = ""
    for piece in run:
        value = piece if isinstance(piece, str) else piece.value(keys)
        if value is None:
            return None
        whole += value
    return whole


def template_of(written: str, pieces: Sequence[Piece]) -> Template:
    """Return the template of `pieces`, with what can be known of it before any request."""
    fixed = [piece for piece in pieces if not isinstance(piece, Variable)]
    variables = tuple(piece for piece in pieces if isinstance(piece, Variable))
    stretches = None if variables else stretches_of(fixed)
    return Template(written, tuple(pieces), variables, stretches, _runs_of(pieces))


def _runs_of(pieces: Sequence[Piece]) -> tuple[Run, ...] | None:
    """Return what stands between the stars, or None where there are other wilds."""
    runs: list[list[str | Variable]] = [[]]
    for piece in pieces:
        if piece is Wild.STAR:
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


def pieces_of(text: str, path: str, *, wildcards: bool, variables: bool) -> list[Piece]:
    """Return what `text` is made of. Without `wildcards`, `*` and `?` are plain characters;
    without `variables` (Version 2008-10-17), `${` is plain text.

    Raises PolicyError `malformed-policy`, naming the JSON `path`, for a malformed variable.
    """
    pieces: list[Piece] = []
    for part in split_variables(text, path) if variables else [text]:
        if isinstance(part, Variable):
            pieces.append(part)
        elif isinstance(part, Escaped):
            pieces.append(part.text)
        elif wildcards:
            pieces.extend(_wild_tokens(units(part)))
        else:
            pieces.append(part)
    return pieces


def compile_text(text: str, path: str, *, wildcards: bool, variables: bool) -> Template:
    """Return the template of a whole text; raises as `pieces_of` does."""
    return template_of(text, pieces_of(text, path, wildcards=wildcards, variables=variables))


def _wild_tokens(text: str) -> list[Token]:
    """Return literal texts and wilds; stars that follow each other are one."""
    tokens: list[Token] = []
    at = 0
    for index, letter in enumerate(text):
        wild = WILDS.get(letter)
        if wild is None:
            continue
        if index > at:
            tokens.append(text[at:index])
        if wild is Wild.ONE or not tokens or tokens[-1] is not Wild.STAR:
            tokens.append(wild)
        at = index + 1
    if at < len(text):
        tokens.append(text[at:])
    return tokens
