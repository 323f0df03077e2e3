"""Policy text with wildcards and variables, compiled once and resolved for each request.

Substituted text is literal: a `*` in a tag's value is a star, never a wildcard. Text with a
variable that has no value matches nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from valetkey.iam.glob import Token, Wild, from_units, units
from valetkey.iam.matching import (
    Matches,
    Piece,
    Run,
    any_of,
    fill_of,
    matches_of,
    resolved,
    runs_of,
)
from valetkey.iam.variables import Escaped, Keys, Variable, split_variables

WILD = re.compile(r"(\*+|\?)")
WILDS = {"*": Wild.STAR, "?": Wild.ONE}
SHOWN = 2_048  # characters for a person, as an ARN has at most: variables may bring far more


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text; `written` is as it stands in the policy.

    `matches(text, keys)` tells whether `text` (in UTF-16 units) matches with the request's keys
    filled in.
    """

    written: str
    pieces: tuple[Piece, ...]
    variables: tuple[Variable, ...]
    runs: tuple[Run, ...] | None  # what stands between stars, where only `*` is wild
    matches: Matches = field(repr=False, compare=False)

    @property
    def constant(self) -> str | None:
        """The only text that matches, where that is known before any request."""
        run = self.runs[0] if self.runs is not None and len(self.runs) == 1 else None
        return run if isinstance(run, str) else None

    def resolve(self, keys: Keys, room: int) -> list[Token] | None:
        """Return the pieces with every variable as literal text; None if one has no value, or
        if the literals are longer than `room`, the length of the text that they are to match.
        """
        return resolved(self.pieces, keys, room)

    def text(self, keys: Keys, room: int) -> str | None:
        """Return the resolved text of a template compiled without wildcards, as it is (not in
        UTF-16 units); None where a variable has no value. More than `room` may be None too.
        """
        return fill_of(self.runs[0])(keys, room) if self.runs else None

    def shown(self, keys: Keys) -> str:
        """Return the text for a person: variables filled in, those without value as written."""
        whole = ""
        for piece in self.pieces:
            if isinstance(piece, Variable):
                value = piece.value(keys)
                whole += f"{piece.written} (no value)" if value is None else value
            elif isinstance(piece, str):
                whole += piece
            else:
                whole += "*" if piece in (Wild.STAR, Wild.STAR_IN_PART) else "?"
            if len(whole) > SHOWN:
                return from_units(whole[:SHOWN]) + "…"
        return from_units(whole)


def template_of(written: str, pieces: Sequence[Piece]) -> Template:
    """Return the template of `pieces`, with what can be known of it before any request."""
    kept = tuple(pieces)
    variables = tuple(piece for piece in kept if isinstance(piece, Variable))
    runs = runs_of(kept)
    return Template(written, kept, variables, runs, matches_of(kept, runs))


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
            pieces += _wild_tokens(units(part))
        else:
            pieces.append(part)
    return pieces


def compile_text(text: str, path: str, *, wildcards: bool, variables: bool) -> Template:
    """Return the template of a whole text; raises as `pieces_of` does."""
    return template_of(text, pieces_of(text, path, wildcards=wildcards, variables=variables))


def _wild_tokens(text: str) -> list[Token]:
    """Return literal texts and wilds; stars that follow each other are one."""
    return [WILDS.get(part[0], part) for part in WILD.split(text) if part]


def matches_any_of(templates: Iterable[Template]) -> Matches:
    """Return what tells whether one of the templates at least matches."""
    return any_of((template.constant, template.matches) for template in templates)
