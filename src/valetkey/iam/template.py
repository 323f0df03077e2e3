"""Policy text with wildcards and variables, compiled once and resolved for each request.

Substituted text is literal: a `*` in a tag's value is a star, never a wildcard. Text with a
variable that has no value matches nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from valetkey.iam.glob import (
    Token,
    Wild,
    matches_stretches,
    matches_tokens,
    stretches_of,
    units,
)
from valetkey.iam.variables import Escaped, Keys, Variable, split_variables

Piece = Token | Variable

WILDS = {"*": Wild.STAR, "?": Wild.ONE}


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text; `written` is as it stands in the policy."""

    written: str
    pieces: tuple[Piece, ...]
    variables: tuple[Variable, ...]
    stretches: tuple[str, ...] | None  # known before any request, where only `*` is wild

    def resolve(self, keys: Keys) -> list[Token] | None:
        """Return the pieces with every variable as literal text; None if one has no value."""
        tokens: list[Token] = []
        for piece in self.pieces:
            if isinstance(piece, Variable):
                value = piece.value(keys)
                if value is None:
                    return None
                tokens.append(value if value.isascii() else units(value))
            else:
                tokens.append(piece)
        return tokens

    def matches(self, text: str, keys: Keys) -> bool:
        """Tell whether `text` (in UTF-16 units) matches with the request's keys filled in."""
        if self.stretches is not None:
            return matches_stretches(self.stretches, text)
        tokens = self.resolve(keys)
        if tokens is None:
            return False
        stretches = stretches_of(tokens)
        if stretches is not None:
            return matches_stretches(stretches, text)
        return matches_tokens(tokens, text)

    def text(self, keys: Keys) -> str | None:
        """Return the resolved text of a template without wilds; None where it has no value."""
        tokens = self.resolve(keys)
        return None if tokens is None else "".join(str(token) for token in tokens)

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
        return "".join(out)


def template_of(written: str, pieces: Sequence[Piece]) -> Template:
    """Return the template of `pieces`, with what can be known of it before any request."""
    fixed = [piece for piece in pieces if not isinstance(piece, Variable)]
    variables = tuple(piece for piece in pieces if isinstance(piece, Variable))
    return Template(written, tuple(pieces), variables, None if variables else stretches_of(fixed))


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
            pieces.append(units(part))
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
